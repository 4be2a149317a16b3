/** Carries a preemption out: takes promises back from pods that lose theirs, marks the victims, and deletes them. */
import { type Clock, rfc3339 } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/events.ts';
import type { V1Pod, V1PodCondition } from '../../openapi/generated/types.ts';
import { isStatus } from '../../openapi/status.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { PodInfo } from '../pod-info.ts';
import type { Candidate } from './victims.ts';

export interface ExecutorOptions {
  client: Client;
  clock: Clock;
  log: Log;
  recorder: EventRecorder;
  cluster: ClusterState;
  /** Takes back a promise: writes it, and lets the pod look elsewhere. */
  clearNomination: (pod: PodInfo) => Promise<void>;
  /** A preemption has come to its end; `failed`: the pod should be tried again though nobody may have left. */
  finished: (pod: PodInfo, failed: boolean) => void;
}

const STRATEGIC = 'application/strategic-merge-patch+json';

export class PreemptionExecutor {
  readonly #options: ExecutorOptions;
  /** Pods whose victims are just being told; they are not tried again before that is done. */
  readonly #preempting = new Set<string>();

  constructor(options: ExecutorOptions) {
    this.#options = options;
  }

  isPreempting(uid: string): boolean {
    return this.#preempting.has(uid);
  }

  /** Never rejects: what fails is logged, and the pod is tried again. */
  async execute(pod: PodInfo, { node, victims }: Candidate): Promise<void> {
    const { cluster, log, clearNomination, finished } = this.#options;
    // One that is on its way out already needs no second call.
    const staying = victims.filter(({ terminating }) => !terminating);
    if (staying.length === 0) return;
    this.#preempting.add(pod.uid);
    let failed = false;
    const run = async (work: Promise<void>) => {
      try {
        await work;
      } catch (error) {
        failed = true;
        log.warn({ pod: pod.key, node: node.name, error: messageOf(error) }, 'scheduler: could not preempt');
      }
    };
    const losers = [...cluster.nominator.on(node.name)].filter(({ priority }) => priority < pod.priority);
    for (const loser of losers) await run(clearNomination(loser));
    await Promise.all(staying.map((victim) => run(this.#evict(pod, victim.pod, node.name))));
    this.#preempting.delete(pod.uid);
    finished(pod, failed);
  }

  async #evict(preemptor: PodInfo, victim: V1Pod, nodeName: string): Promise<void> {
    const { client, recorder } = this.#options;
    const { name = '', namespace, uid } = victim.metadata ?? {};
    const patch = {
      metadata: { ...(uid ? { uid } : {}) },
      status: { conditions: [this.#condition(preemptor, victim)] },
    };
    try {
      await client.pods.patch(name, namespace, patch, STRATEGIC, 'status');
      await client.pods.delete(name, namespace, uid ? { preconditions: { uid } } : {});
    } catch (error) {
      if (isStatus(error, 'NotFound')) return;
      throw error;
    }
    const message = `Preempted by pod ${preemptor.uid} on node ${nodeName}`;
    recorder.event({ ...victim, apiVersion: 'v1', kind: 'Pod' }, 'Normal', 'Preempted', message);
  }

  #condition({ pod }: PodInfo, victim: V1Pod): V1PodCondition {
    const { generation } = victim.metadata ?? {};
    return {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${pod.spec?.schedulerName}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: rfc3339(this.#options.clock.now()),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
  }
}
