/** Tells the user why a pod waits: an event each time, the condition when it says something new. */
import { type Clock, rfc3339 } from '../base/clock.ts';
import { isAbort, messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Client } from '../client/client.ts';
import type { EventRecorder } from '../client/events.ts';
import type { V1Pod, V1PodCondition } from '../openapi/generated/types.ts';
import { keyOf } from '../openapi/object.ts';
import { isStatus } from '../openapi/status.ts';
import { truncateMessage } from './fit-error.ts';

export interface FailureReport {
  reason: 'Unschedulable' | 'SchedulerError';
  message: string;
  /** The node that the pod is promised; `''` takes a promise back, `undefined` leaves it. */
  nominatedNodeName: string | undefined;
}

export interface StatusReporterOptions {
  client: Client;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
  recorder: EventRecorder;
}

export class StatusReporter {
  readonly #options: StatusReporterOptions;
  /** The last word about a pod that is still on its way to the server, by uid: they arrive in order. */
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(options: StatusReporterOptions) {
    this.#options = options;
  }

  /** Resolves when all that was said about the pod has arrived. */
  settled(uid: string): Promise<void> {
    return this.#underWay.get(uid) ?? Promise.resolve();
  }

  report(pod: V1Pod, { reason, message, nominatedNodeName }: FailureReport): Promise<void> {
    const note = truncateMessage(message);
    // Objects in a list come without their type.
    this.#options.recorder.event({ ...pod, apiVersion: 'v1', kind: 'Pod' }, 'Warning', 'FailedScheduling', note);
    const condition = this.#condition(pod, reason, message);
    const before = pod.status?.nominatedNodeName ?? '';
    const nomination = nominatedNodeName === undefined || nominatedNodeName === before ? undefined : nominatedNodeName;
    if (!condition && nomination === undefined) return Promise.resolve();
    return this.#inOrder(pod, () => this.#patch(pod, condition, nomination));
  }

  /** Promises a node, or takes the promise back. */
  nominate(pod: V1Pod, nodeName: string): Promise<void> {
    if ((pod.status?.nominatedNodeName ?? '') === nodeName) return Promise.resolve();
    return this.#inOrder(pod, () => this.#patch(pod, undefined, nodeName));
  }

  /** `undefined` when the pod says so already. */
  #condition(pod: V1Pod, reason: string, message: string): V1PodCondition | undefined {
    const { generation } = pod.metadata ?? {};
    const before = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    if (before?.status === 'False' && before.reason === reason && before.message === message) return undefined;
    return {
      type: 'PodScheduled',
      status: 'False',
      reason,
      message,
      lastTransitionTime:
        before?.status === 'False' && before.lastTransitionTime
          ? before.lastTransitionTime
          : rfc3339(this.#options.clock.now()),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
  }

  #inOrder(pod: V1Pod, send: () => Promise<void>): Promise<void> {
    const uid = pod.metadata?.uid ?? '';
    const sent = this.settled(uid)
      .then(send)
      .finally(() => {
        if (this.#underWay.get(uid) === sent) this.#underWay.delete(uid);
      });
    this.#underWay.set(uid, sent);
    return sent;
  }

  async #patch(pod: V1Pod, condition: V1PodCondition | undefined, nomination: string | undefined): Promise<void> {
    const { client, signal, log } = this.#options;
    const { name = '', namespace, uid } = pod.metadata ?? {};
    const status = {
      ...(condition ? { conditions: [condition] } : {}),
      ...(nomination === undefined ? {} : { nominatedNodeName: nomination === '' ? null : nomination }),
    };
    const patch = { metadata: { ...(uid ? { uid } : {}) }, status };
    try {
      await client.pods.patch(name, namespace, patch, 'application/strategic-merge-patch+json', 'status');
    } catch (error) {
      if (isStatus(error, 'NotFound') || isAbort(error, signal)) return;
      log.warn({ pod: keyOf(pod), error: messageOf(error) }, 'scheduler: could not update the status');
    }
  }
}
