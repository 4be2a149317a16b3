/**
 * The scheduler: takes pods without a node from the queue, decides, and binds. Decisions are made one after another;
 * bindings run beside them, on the assumption that they will succeed.
 */
import { type Clock, rfc3339 } from '../base/clock.ts';
import { isAbort, messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Client } from '../client/client.ts';
import { type EventRecorder, eventRecorder } from '../client/events.ts';
import type { V1Pod, V1PodCondition } from '../openapi/generated/types.ts';
import { keyOf } from '../openapi/object.ts';
import { isStatus } from '../openapi/status.ts';
import { type Profile, schedule } from './algorithm.ts';
import { ClusterState } from './cluster-state.ts';
import { truncateMessage, unschedulableMessage } from './fit-error.ts';
import { type Informers, isDone, startInformers } from './informers.ts';
import { podInfoOf } from './node-info.ts';
import { DEFAULT_FILTERS, defaultScores } from './plugins/registry.ts';
import { type QueuedPod, SchedulingQueue } from './queue.ts';
import { siblingRequirements } from './siblings.ts';

export interface SchedulerOptions {
  client: Client;
  clock: Clock;
  random: Random;
  log: Log;
  /** Ends the scheduler; `done` resolves when nothing of it runs any more. */
  signal: AbortSignal;
  /** Made from the client when absent. */
  recorder?: EventRecorder;
  /** Only pods that ask for this scheduler are looked at. `default-scheduler` unless told otherwise. */
  schedulerName?: string;
}

/** Decisions in a row before other work of the process gets its turn. */
const DECISIONS_PER_TURN = 16;

/** Starts the scheduler. `synced` resolves once it has seen all pods and nodes and begins to decide. */
export async function startScheduler(
  options: SchedulerOptions,
): Promise<{ synced: Promise<void>; done: Promise<void> }> {
  const scheduler = new Scheduler(options);
  return { synced: scheduler.synced, done: scheduler.run() };
}

class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #recorder: EventRecorder;
  readonly #state = new ClusterState();
  readonly #queue: SchedulingQueue;
  readonly #informers: Informers;
  readonly #profile: Profile;
  /** Bindings and status updates that are under way. */
  readonly #pending = new Set<Promise<void>>();
  /** The last word about a pod's failure that is still on its way to the server, by uid. */
  readonly #reports = new Map<string, Promise<void>>();
  readonly synced: Promise<void>;
  #ready = false;
  #deciding = false;
  #nextStart = 0;

  constructor(options: SchedulerOptions) {
    const { clock, schedulerName = 'default-scheduler' } = options;
    this.#options = options;
    this.#recorder = options.recorder ?? eventRecorder({ ...options, component: schedulerName });
    const hints = new Map(DEFAULT_FILTERS.map(({ name, requeueOn }) => [name, new Set(requeueOn)]));
    this.#queue = new SchedulingQueue({ clock, hints, onReady: () => this.#wake() });
    this.#informers = startInformers({ ...options, schedulerName, state: this.#state, queue: this.#queue });
    const siblings = (pod: V1Pod) => siblingRequirements(pod, this.#informers.siblings);
    this.#profile = { filters: DEFAULT_FILTERS, scores: defaultScores(siblings) };
    this.synced = this.#informers.synced.then(() => {
      this.#ready = true;
      this.#wake();
    });
  }

  async run(): Promise<void> {
    await this.#informers.done;
    this.#queue.close();
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    await this.#recorder.flush();
  }

  #wake(): void {
    if (!this.#ready || this.#deciding || this.#options.signal.aborted) return;
    this.#deciding = true;
    // Not at once: the handler that reports a change must be through with it first.
    queueMicrotask(() => this.#decide());
  }

  #decide(): void {
    for (let i = 0; i < DECISIONS_PER_TURN; i++) {
      const queued = this.#options.signal.aborted ? undefined : this.#queue.pop();
      if (!queued) {
        this.#deciding = false;
        return;
      }
      this.#scheduleOne(queued);
    }
    setImmediate(() => this.#decide());
  }

  #scheduleOne(queued: QueuedPod): void {
    const { pod } = queued;
    if (pod.metadata?.deletionTimestamp) {
      this.#event(pod, 'Warning', 'FailedScheduling', `skip schedule deleting pod: ${keyOf(pod)}`);
      return;
    }
    const info = podInfoOf(pod);
    const decision = schedule(info, this.#state.nodes, this.#profile, this.#options.random, this.#nextStart);
    this.#nextStart = decision.next;
    if ('nodeName' in decision) {
      this.#state.assume(info, decision.nodeName);
      this.#inBackground(this.#bind(queued, decision.nodeName));
      return;
    }
    const message = unschedulableMessage(decision.diagnosis);
    this.#options.log.debug({ pod: keyOf(pod), message }, 'scheduler: no node fits');
    this.#queue.giveBackUnschedulable(queued, decision.rejectedBy);
    this.#report(pod, 'Unschedulable', message);
  }

  async #bind(queued: QueuedPod, nodeName: string): Promise<void> {
    const { pod } = queued;
    const { name = '', namespace = '', uid } = pod.metadata ?? {};
    const metadata = { name, namespace, ...(uid ? { uid } : {}) };
    // Else a late PodScheduled=False could overwrite what the binding says.
    await this.#reports.get(uid ?? '');
    try {
      await this.#options.client.pods.createSub(name, namespace, 'binding', {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata,
        target: { kind: 'Node', name: nodeName },
      });
    } catch (error) {
      this.#bindingFailed(queued, nodeName, error);
      return;
    }
    this.#event(pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${nodeName}`);
  }

  #bindingFailed(queued: QueuedPod, nodeName: string, error: unknown): void {
    this.#state.forget(queued.pod);
    this.#queue.moveOn('AssignedPodDelete');
    const message = `binding rejected: ${messageOf(error)}`;
    this.#options.log.warn({ pod: keyOf(queued.pod), node: nodeName, error: message }, 'scheduler: could not bind');
    if (isStatus(error, 'NotFound')) return;
    // The pod may have changed, or been given a node by somebody else, in the meantime.
    const latest = this.#informers.pods.get(keyOf(queued.pod));
    const same = latest?.metadata?.uid === queued.pod.metadata?.uid;
    if (!latest || !same || latest.spec?.nodeName || isDone(latest)) return;
    this.#queue.giveBackFailed({ ...queued, pod: latest });
    this.#report(latest, 'SchedulerError', message);
  }

  #report(pod: V1Pod, reason: string, message: string): void {
    const uid = pod.metadata?.uid ?? '';
    const earlier = this.#reports.get(uid) ?? Promise.resolve();
    const report = earlier
      .then(() => this.#reportFailure(pod, reason, message))
      .finally(() => {
        if (this.#reports.get(uid) === report) this.#reports.delete(uid);
      });
    this.#reports.set(uid, report);
    this.#inBackground(report);
  }

  /** Tells the user: an event each time, the condition when it says something new. */
  async #reportFailure(pod: V1Pod, reason: string, message: string): Promise<void> {
    this.#event(pod, 'Warning', 'FailedScheduling', truncateMessage(message));
    const { name = '', namespace, uid, generation } = pod.metadata ?? {};
    const before = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    if (before?.status === 'False' && before.reason === reason && before.message === message) return;
    const condition: V1PodCondition = {
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
    const patch = { metadata: { ...(uid ? { uid } : {}) }, status: { conditions: [condition] } };
    try {
      await this.#options.client.pods.patch(name, namespace, patch, 'application/strategic-merge-patch+json', 'status');
    } catch (error) {
      if (isStatus(error, 'NotFound') || isAbort(error, this.#options.signal)) return;
      this.#options.log.warn({ pod: keyOf(pod), error: messageOf(error) }, 'scheduler: could not update the status');
    }
  }

  #event(pod: V1Pod, type: 'Normal' | 'Warning', reason: string, message: string): void {
    // Objects in a list come without their type.
    this.#recorder.event({ ...pod, apiVersion: 'v1', kind: 'Pod' }, type, reason, message);
  }

  #inBackground(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => {
        this.#options.log.error({ error: messageOf(error) }, 'scheduler: unexpected failure');
      })
      .finally(() => this.#pending.delete(tracked));
    this.#pending.add(tracked);
  }
}
