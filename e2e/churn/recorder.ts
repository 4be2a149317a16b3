/** Follows the cluster from beside the faults: what became of each job's pods, and who was told of how often. */
import { systemClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Client } from '../../client/client.ts';
import { Informer } from '../../client/informer.ts';
import type { CoreV1Event, V1Pod } from '../../openapi/generated/types.ts';
import { type JobLedger, NO_PODS } from './check-jobs.ts';
import type { EventWrite } from './events.ts';
import { controllerOf } from './objects.ts';

type Outcome = keyof JobLedger;

export class Recorder {
  readonly #abort = new AbortController();
  readonly #running: Promise<unknown>[] = [];
  readonly #pods: Informer<V1Pod>;
  readonly #events: Informer<CoreV1Event>;
  /** By the job's uid, then by the pod's. */
  readonly #jobs = new Map<string, Map<string, Outcome>>();
  readonly events: EventWrite[] = [];

  constructor(client: Client, random: Random) {
    const options = { clock: systemClock, random, log: silentLog };
    this.#pods = new Informer<V1Pod>(client.pods, options);
    this.#events = new Informer<CoreV1Event>(client.events, options);
    this.#pods.addHandler({
      added: (pod) => this.#see(pod),
      updated: (pod) => this.#see(pod),
      deleted: (pod) => this.#see(pod, true),
    });
    this.#events.addHandler({ added: (event) => this.#hear(event), updated: (event) => this.#hear(event) });
  }

  async start(): Promise<void> {
    const { signal } = this.#abort;
    for (const informer of [this.#pods, this.#events]) this.#running.push(informer.run(signal).catch(() => undefined));
    await Promise.all([this.#pods.synced(), this.#events.synced()]);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await Promise.all(this.#running);
  }

  /** What became of the pods of each job, by its uid. */
  ledgers(): Map<string, JobLedger> {
    const ledgers = new Map<string, JobLedger>();
    for (const [uid, pods] of this.#jobs) {
      const ledger = { ...NO_PODS };
      for (const outcome of pods.values()) ledger[outcome]++;
      ledgers.set(uid, ledger);
    }
    return ledgers;
  }

  #see(pod: V1Pod, isGone = false): void {
    const owner = controllerOf(pod);
    if (owner?.kind !== 'Job') return;
    const pods = this.#jobs.get(owner.uid) ?? new Map<string, Outcome>();
    this.#jobs.set(owner.uid, pods);
    const uid = pod.metadata?.uid ?? '';
    // The first end counts; a pod that was deleted may still succeed, and be either.
    if (pods.has(uid)) return;
    const outcome = outcomeOf(pod, isGone);
    if (outcome) pods.set(uid, outcome);
  }

  #hear(event: CoreV1Event): void {
    const { kind, namespace, name, uid } = event.involvedObject;
    const about = `${kind} ${namespace}/${name} ${uid ?? ''}`;
    this.events.push({ about, atMs: systemClock.monotonic() });
  }
}

function outcomeOf({ metadata, status }: V1Pod, isGone: boolean): Outcome | undefined {
  if (metadata?.deletionTimestamp !== undefined || isGone) return 'deleted';
  if (status?.phase === 'Succeeded') return 'succeeded';
  return status?.phase === 'Failed' ? 'failed' : undefined;
}
