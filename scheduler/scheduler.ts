/**
 * The scheduler: takes pods without a node from the queue, decides, and binds. Decisions are made one after another;
 * bindings run beside them, on the assumption that they will succeed.
 */
import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Client } from '../client/client.ts';
import { type EventRecorder, eventRecorder } from '../client/events.ts';
import type { V1Pod } from '../openapi/generated/types.ts';
import { keyOf, type ResourceRef } from '../openapi/object.ts';
import { isStatus } from '../openapi/status.ts';
import { type Decision, schedule } from './algorithm.ts';
import { bindPod, permitted, preBindPod, RejectedError, reserve, unreserve } from './binding.ts';
import { ClusterState } from './cluster-state.ts';
import { DEFAULT_SCHEDULER, type KubeSchedulerConfiguration } from './configuration.ts';
import { isDone } from './event-handlers.ts';
import { unschedulableMessage } from './fit-error.ts';
import { type Cycle, type FailedCycle, PluginError, type PostFilterResult, type Rejection } from './framework.ts';
import { type Informers, makeInformers, servedBudgets } from './informers.ts';
import type { NodeInfo } from './node-info.ts';
import type { PluginFactory, PluginHandle } from './plugins/registry.ts';
import type { PodInfo } from './pod-info.ts';
import { podInfoOf } from './pod-info.ts';
import { PreemptionExecutor } from './preemption/executor.ts';
import { hintsOf, keptOut, makeProfiles, type SchedulingProfile } from './profile.ts';
import { type QueuedPod, SchedulingQueue } from './queue.ts';
import { StatusReporter } from './reporter.ts';
import { siblingRequirements } from './siblings.ts';
import { Slots } from './slots.ts';
import { VolumeBinder } from './volumes/binder.ts';

export interface SchedulerOptions {
  client: Client;
  clock: Clock;
  random: Random;
  log: Log;
  /** Ends the scheduler; `done` resolves when nothing of it runs any more. */
  signal: AbortSignal;
  /** Made from the client when absent. */
  recorder?: EventRecorder;
  /** Profiles and their plugins; upstream's defaults when absent. Only pods that ask for one of the profiles are looked at. */
  configuration?: KubeSchedulerConfiguration;
  /** Plugins of one's own, by the name under which the configuration enables them. */
  plugins?: Readonly<Record<string, PluginFactory>>;
}

/** Decisions in a row before other work of the process gets its turn. */
const DECISIONS_PER_TURN = 16;

/** Bindings on their way at a time: a server is not to be flooded by how fast we decide. */
const BINDINGS_MAX = 200;

/** Starts the scheduler. `synced` resolves once it has seen all pods and nodes and begins to decide. */
export async function startScheduler(
  options: SchedulerOptions,
): Promise<{ synced: Promise<void>; done: Promise<void> }> {
  const scheduler = new Scheduler(options, await servedBudgets(options.client));
  return { synced: scheduler.synced, done: scheduler.run() };
}

class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #recorder: EventRecorder;
  readonly #state = new ClusterState();
  readonly #queue: SchedulingQueue;
  readonly #informers: Informers;
  readonly #profiles: ReadonlyMap<string, SchedulingProfile>;
  readonly #reporter: StatusReporter;
  /** While bindings have to wait, no more decisions are made. */
  readonly #binding = new Slots(BINDINGS_MAX, () => this.#wake());
  /** Bindings and status updates that are under way. */
  readonly #pending = new Set<Promise<void>>();
  readonly synced: Promise<void>;
  readonly #informersDone: Promise<void>;
  #ready = false;
  #deciding = false;
  #nextStart = 0;

  constructor(options: SchedulerOptions, budgets: ResourceRef | undefined) {
    const { client, clock, log, signal, configuration = {} } = options;
    this.#options = options;
    this.#recorder = options.recorder ?? recorderByProfile(options);
    this.#informers = makeInformers({ ...options, budgets });
    this.#reporter = new StatusReporter({ client, clock, log, signal, recorder: this.#recorder });
    this.#profiles = makeProfiles(configuration, this.#handle(), options.plugins);
    const [first] = this.#profiles.values();
    this.#queue = new SchedulingQueue({
      clock,
      hints: hintsOf(this.#profiles.values()),
      compare: (a, b) => first?.compare(a, b) ?? 0,
      preEnqueue: (pod) => keptOut(this.#profileOf(pod.pod), pod),
      onReady: () => this.#wake(),
      ...inMs('backoffFirstMs', configuration.podInitialBackoffSeconds),
      ...inMs('backoffMaxMs', configuration.podMaxBackoffSeconds),
    });
    const isOurs = (pod: V1Pod) => this.#profileOf(pod) !== undefined;
    const { synced, done } = this.#informers.start({ state: this.#state, queue: this.#queue, isOurs });
    this.#informersDone = done;
    this.synced = synced.then(() => {
      this.#ready = true;
      this.#wake();
    });
  }

  async run(): Promise<void> {
    await this.#informersDone;
    this.#queue.close();
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    await this.#recorder.flush();
  }

  #handle(): PluginHandle {
    const { client, clock, random, log, signal } = this.#options;
    const { siblings, volumes, budgets, nodes, pods, onVolumeChange } = this.#informers;
    const node = (name: string) => nodes.get(name);
    return {
      client,
      random,
      namespaceLabels: this.#state.namespaceLabels,
      siblings: (pod) => siblingRequirements(pod, siblings),
      budgets,
      executor: new PreemptionExecutor({
        client,
        clock,
        log,
        recorder: this.#recorder,
        cluster: this.#state,
        clearNomination: (pod) => this.#clearNomination(pod),
        finished: (pod, failed) => (failed ? this.#queue.activate(pod.key) : this.#queue.reconsider(pod.key)),
      }),
      binder: new VolumeBinder({ client, clock, signal, listers: volumes, node, onChange: onVolumeChange }),
      podExists: ({ pod, uid }) => pods.get(keyOf(pod))?.metadata?.uid === uid,
    };
  }

  #profileOf({ spec }: V1Pod): SchedulingProfile | undefined {
    return this.#profiles.get(spec?.schedulerName || DEFAULT_SCHEDULER);
  }

  #wake(): void {
    if (!this.#ready || this.#deciding || this.#options.signal.aborted) return;
    this.#deciding = true;
    // Not at once: the handler that reports a change must be through with it first.
    queueMicrotask(() => this.#decide());
  }

  #decide(): void {
    for (let i = 0; i < DECISIONS_PER_TURN; i++) {
      const pause = this.#options.signal.aborted || this.#binding.crowded;
      const queued = pause ? undefined : this.#queue.pop();
      if (!queued) {
        this.#deciding = false;
        return;
      }
      this.#scheduleOne(queued);
    }
    setImmediate(() => this.#decide());
  }

  #scheduleOne(queued: QueuedPod): void {
    const { info } = queued;
    const profile = this.#profileOf(info.pod);
    if (!profile || this.#state.isAssumed(info.pod)) return;
    if (info.terminating) {
      this.#event(info.pod, 'Warning', 'FailedScheduling', `skip schedule deleting pod: ${info.key}`);
      return;
    }
    let decision: Decision;
    try {
      decision = schedule(info, this.#state, profile, this.#options.random, this.#nextStart);
    } catch (error) {
      this.#failed(queued, messageOf(error));
      return;
    }
    this.#nextStart = decision.next;
    if ('node' in decision) this.#place(queued, decision.cycle, decision.node, profile);
    else if ('failure' in decision) this.#postFilter(queued, decision.failure, decision.rejectedBy, profile);
    else this.#unschedulable(queued, new Set(), decision.message, { nominatedNodeName: '', message: '' });
  }

  /** Sets aside what the pod needs on the node, and binds it beside the decisions that follow. */
  #place(queued: QueuedPod, cycle: Cycle, node: NodeInfo, profile: SchedulingProfile): void {
    this.#state.assume(queued.info, node.name);
    const refused = reserve(profile, cycle, node);
    if (refused) {
      this.#takeBack(cycle, node, profile);
      this.#refused(queued, refused);
      return;
    }
    this.#inBackground(this.#bind(queued, cycle, node, profile));
  }

  async #bind(queued: QueuedPod, cycle: Cycle, node: NodeInfo, profile: SchedulingProfile): Promise<void> {
    const { info } = queued;
    try {
      await permitted(profile, cycle, node.name, this.#options.signal);
      // Else a late PodScheduled=False could overwrite what the binding says.
      await this.#reporter.settled(info.uid);
      if (profile.preBind.some((plugin) => plugin.preBindPreFlight?.(cycle, node.name))) {
        // It takes a while: whoever adds nodes should know that the pod needs none.
        await this.#reporter.nominate(info.pod, node.name);
      }
      await preBindPod(profile, cycle, node.name);
      await this.#binding.run(() => bindPod(profile, cycle, node.name));
    } catch (error) {
      this.#bindingFailed(queued, cycle, node, profile, error);
      return;
    }
    this.#event(info.pod, 'Normal', 'Scheduled', `Successfully assigned ${info.key} to ${node.name}`);
    for (const plugin of profile.postBind) plugin.postBind?.(cycle, node.name);
  }

  #bindingFailed(queued: QueuedPod, cycle: Cycle, node: NodeInfo, profile: SchedulingProfile, error: unknown): void {
    const { info } = queued;
    this.#takeBack(cycle, node, profile);
    // Whoever comes next finds the pod as it is.
    if (this.#options.signal.aborted) return;
    this.#queue.moveOn('AssignedPodDelete', info.pod, undefined, info.uid);
    if (error instanceof RejectedError) {
      this.#refused(queued, error.rejection);
      return;
    }
    if (isStatus(error instanceof PluginError ? error.origin : error, 'NotFound') && !this.#latest(info)) return;
    const message = messageOf(error);
    this.#options.log.warn({ pod: info.key, node: node.name, error: message }, 'scheduler: could not bind');
    this.#failed(queued, message);
  }

  #takeBack(cycle: Cycle, node: NodeInfo, profile: SchedulingProfile): void {
    unreserve(profile, cycle, node);
    this.#state.forget(cycle.pod.pod);
  }

  /** The state of a pod that still needs a node; it may have changed, or been given one by somebody else. */
  #latest({ pod, uid }: PodInfo): V1Pod | undefined {
    const latest = this.#informers.pods.get(keyOf(pod));
    if (latest?.metadata?.uid !== uid || latest.spec?.nodeName || isDone(latest)) return undefined;
    return latest;
  }

  /** Reserve or Permit turned the pod away from the chosen node. */
  #refused(queued: QueuedPod, rejection: Rejection): void {
    const message = unschedulableMessage({ nodeCount: 1, rejectedNodes: [], rejections: [rejection] });
    this.#unschedulable(queued, new Set([rejection.plugin]), message, { nominatedNodeName: '', message: '' });
  }

  #postFilter(
    queued: QueuedPod,
    failure: FailedCycle,
    rejectedBy: ReadonlySet<string>,
    profile: SchedulingProfile,
  ): void {
    const result = runPostFilter(profile, failure);
    const message = unschedulableMessage({ ...failure.diagnosis, postFilterMessage: result.message });
    const { nominatedNodeName } = result;
    // As long as the promise stands, others must see the pod on its node, before the server has heard of it.
    if (nominatedNodeName) this.#state.nominator.set(queued.info, nominatedNodeName);
    else if (nominatedNodeName === '') this.#state.nominator.delete(queued.info.uid);
    // Before it is given back: a pod whose victims are being told is kept out of the queue.
    if (result.execute) this.#inBackground(result.execute());
    this.#unschedulable(queued, rejectedBy, message, result);
  }

  #unschedulable(
    queued: QueuedPod,
    rejectedBy: ReadonlySet<string>,
    message: string,
    { nominatedNodeName }: PostFilterResult,
  ): void {
    this.#options.log.debug({ pod: queued.info.key, message }, 'scheduler: no node fits');
    const latest = this.#latest(queued.info);
    if (!latest) return;
    this.#queue.giveBackUnschedulable(this.#renewed(queued, latest), rejectedBy);
    this.#inBackground(this.#reporter.report(latest, { reason: 'Unschedulable', message, nominatedNodeName }));
  }

  /** An error, not a lack of room. */
  #failed(queued: QueuedPod, message: string): void {
    this.#state.nominator.delete(queued.info.uid);
    const latest = this.#latest(queued.info);
    if (!latest) return;
    this.#queue.giveBackFailed(this.#renewed(queued, latest));
    const report = { reason: 'SchedulerError' as const, message, nominatedNodeName: '' };
    this.#inBackground(this.#reporter.report(latest, report));
  }

  #renewed(queued: QueuedPod, latest: V1Pod): QueuedPod {
    return queued.info.pod === latest ? queued : { ...queued, info: podInfoOf(latest) };
  }

  async #clearNomination(pod: PodInfo): Promise<void> {
    this.#state.nominator.delete(pod.uid);
    await this.#reporter.nominate(pod.pod, '');
    this.#queue.activate(pod.key);
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

/** The first plugin that can help decides; what the others had to say is put together. */
function runPostFilter(profile: SchedulingProfile, failure: FailedCycle): PostFilterResult {
  const messages: string[] = [];
  let merged: PostFilterResult = { message: '' };
  for (const plugin of profile.postFilter) {
    const result = plugin.postFilter?.(failure);
    if (result?.execute) return result;
    if (result?.message) messages.push(result.message);
    if (result?.nominatedNodeName !== undefined) merged = result;
  }
  return { ...merged, message: messages.join(', ') };
}

/** Events are told in the name of the profile that the pod asks for. */
function recorderByProfile(options: SchedulerOptions): EventRecorder {
  const names = options.configuration?.profiles?.map(({ schedulerName = DEFAULT_SCHEDULER }) => schedulerName);
  const recorders = new Map(
    (names ?? [DEFAULT_SCHEDULER]).map((component) => [component, eventRecorder({ ...options, component })]),
  );
  const [first] = recorders.values();
  return {
    event(object, ...rest) {
      const { spec } = object as V1Pod;
      (recorders.get(spec?.schedulerName || DEFAULT_SCHEDULER) ?? first)?.event(object, ...rest);
    },
    flush: () => Promise.all([...recorders.values()].map((recorder) => recorder.flush())).then(() => undefined),
  };
}

function inMs<K extends string>(name: K, seconds: number | undefined): { [key in K]?: number } {
  return (seconds === undefined ? {} : { [name]: seconds * 1000 }) as { [key in K]?: number };
}
