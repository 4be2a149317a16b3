/**
 * Brings jobs to their end. Level-triggered: each look at a job counts the pods that have finished since the last one,
 * decides whether that decides the job, makes or deletes pods, and writes what it found. Every decision is a pure
 * function in a file beside this one.
 */
import type { ResourceClient } from '../../client/client.ts';
import type { EventRecorder } from '../../client/events.ts';
import type { Informer } from '../../client/informer.ts';
import { JOBS } from '../../client/resources.ts';
import type { WorkQueue } from '../../client/work-queue.ts';
import type { V1Job, V1JobCondition, V1JobStatus, V1Pod } from '../../openapi/generated/types.ts';
import { apiVersionOf, keyOf, splitKey } from '../../openapi/object.ts';
import { claimObjects } from '../runtime/claim.ts';
import { type ControllerContext, typed } from '../runtime/context.ts';
import { Expectations } from '../runtime/expectations.ts';
import { BY_CONTROLLER, orphansOf } from '../runtime/informers.ts';
import { controllerOfObject } from '../runtime/pods.ts';
import { type BackoffRecord, NO_BACKOFF, nextRecord } from './backoff.ts';
import { finishedCondition } from './conditions.ts';
import { type Look, lookAt } from './look.ts';
import { planOf } from './plan.ts';
import { PodEffects } from './pod-effects.ts';
import { BATCH_MS, JobEvents } from './pod-events.ts';
import { isManagedByOther, isSuspended, isTracked, specOf, TRACKING_FINALIZER } from './pods.ts';
import { FinalizerRemovals } from './removals.ts';
import { resumedOrSuspended } from './suspension.ts';
import { finish, isSame, settle, trackingOf, withCounts, withStart } from './tracking.ts';
import { completionCondition, isComplete, untilDeadlineMs, verdictOf } from './verdict.ts';

/** What one look has come to so far. */
interface Outcome {
  status: V1JobStatus;
  active: number;
  ready: number;
  terminating: number;
  /** Decides the job. */
  verdict?: V1JobCondition;
  /** What to tell about suspension once it is written. */
  told?: { reason: string; message: string };
  /** Why not all that was planned was done. */
  error?: unknown;
}

export class JobManager {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  readonly #jobs: Informer<V1Job>;
  readonly #resource: ResourceClient<V1Job>;
  readonly #recorder: EventRecorder;
  readonly #expectations: Expectations;
  readonly #removals = new FinalizerRemovals();
  readonly #backoffs = new Map<string, BackoffRecord>();
  readonly #effects: PodEffects;
  readonly #events: JobEvents;

  /** `queue` takes keys of jobs, `orphans` keys of pods. */
  constructor(context: ControllerContext, queue: WorkQueue, orphans: WorkQueue) {
    const { client, informers, clock } = context;
    this.#context = context;
    this.#queue = queue;
    this.#jobs = informers.of<V1Job>(JOBS);
    this.#resource = client.resource<V1Job>(JOBS);
    this.#recorder = context.recorder('job-controller');
    this.#expectations = new Expectations(clock);
    const shared = { expectations: this.#expectations, removals: this.#removals };
    this.#effects = new PodEffects({ client, recorder: this.#recorder, ...shared });
    this.#events = new JobEvents({ jobs: this.#jobs, pods: informers.pods, queue, orphans, clock, ...shared });
  }

  watch(): void {
    this.#events.watch();
  }

  /** One look at a job. */
  async reconcile(key: string): Promise<void> {
    const cached = this.#jobs.get(key);
    if (!cached || finishedCondition(cached)) this.#backoffs.delete(key);
    if (!cached) {
      this.#expectations.forget(key);
      this.#removals.forget(key);
      return;
    }
    if (isManagedByOther(cached) || finishedCondition(cached)) return;
    const job = typed(JOBS, cached);
    const mode = specOf(job).completionMode ?? 'NonIndexed';
    if (mode !== 'NonIndexed' && mode !== 'Indexed') {
      const message = 'Skipped Job sync because completion mode is unknown';
      this.#recorder.event(job, 'Warning', 'UnknownCompletionMode', message);
      return;
    }
    // Asked before the pods are counted: one that shows in between must not be missed.
    const settled = this.#expectations.satisfied(key);
    const released = this.#removals.of(key);
    const look = lookAt(job, await this.#claim(cached, job), released);
    const record = nextRecord(this.#backoffs.get(key) ?? NO_BACKOFF, look.newlySucceeded, look.newlyFailed);
    const outcome = await this.#act(look, record, settled);
    await this.#track(key, look, record, outcome);
    if (outcome.error !== undefined) throw outcome.error;
  }

  /** Takes the finalizer off a pod that no job counts. */
  async releaseOrphan(key: string): Promise<void> {
    const pod = this.#context.informers.pods.get(key);
    if (!pod || !isTracked(pod)) return;
    const owner = controllerOfObject(pod);
    if (owner) {
      if (owner.kind !== JOBS.kind || owner.apiVersion !== apiVersionOf(JOBS)) return;
      const job = this.#events.jobOf(splitKey(key).namespace, owner);
      if (job && (isManagedByOther(job) || !finishedCondition(job))) return;
    }
    await this.#effects.releaseOrphan(pod);
  }

  /** All pods of the job. Those that are adopted are given the finalizer; the copy does not show it yet. */
  async #claim(cached: V1Job, job: V1Job): Promise<V1Pod[]> {
    const { client, informers } = this.#context;
    const { name = '', namespace = '', uid = '' } = job.metadata ?? {};
    const orphans = informers.pods.byIndex(BY_CONTROLLER, orphansOf(namespace));
    const pods = await claimObjects({
      resource: client.pods,
      owner: job,
      objects: [
        ...informers.pods.byIndex(BY_CONTROLLER, uid),
        ...orphans.filter((pod) => this.#events.selects(cached, pod)),
      ],
      matches: (pod) => this.#events.selects(cached, pod),
      fetchOwner: () => this.#resource.get(name, namespace),
      finalizers: [TRACKING_FINALIZER],
    });
    return pods.map((pod) => (controllerOfObject(pod)?.uid === uid || isTracked(pod) ? pod : withFinalizer(pod)));
  }

  async #act(look: Look, record: BackoffRecord, settled: boolean): Promise<Outcome> {
    const { job, active, ready, terminating } = look;
    const nowMs = this.#context.clock.now();
    const status = withStart(job.status ?? {}, !isSuspended(job), nowMs);
    const outcome = { status, active: active.length, ready, terminating };
    const verdict = verdictOf(look, status, nowMs);
    if (verdict) return this.#stop(look, outcome, verdict, settled);
    const deadlineMs = untilDeadlineMs(job, status, nowMs);
    if (deadlineMs !== undefined) this.#queue.addAfter(keyOf(job), deadlineMs);
    const mayManage = settled && job.metadata?.deletionTimestamp === undefined;
    const managed = mayManage ? await this.#manage(look, record, outcome) : outcome;
    if (isComplete(job, look.succeeded, managed.active)) return { ...managed, verdict: completionCondition(nowMs) };
    if (!mayManage) return managed;
    const change = resumedOrSuspended(job, managed.status, nowMs);
    return change ? { ...managed, ...change } : managed;
  }

  /** The job is decided: its pods are to stop. It is not over before all of them have been seen to. */
  async #stop(look: Look, outcome: Outcome, verdict: V1JobCondition, settled: boolean): Promise<Outcome> {
    const { count, ready, error } = await this.#effects.stop(look.job, look.active);
    return {
      ...without(outcome, count, ready),
      ...(count === look.active.length && settled ? { verdict } : {}),
      error,
    };
  }

  async #manage(look: Look, record: BackoffRecord, outcome: Outcome): Promise<Outcome> {
    const { job } = look;
    const plan = planOf(look, record, this.#context.clock.now());
    switch (plan.kind) {
      case 'nothing':
        return outcome;
      case 'wait':
        this.#queue.addAfter(keyOf(job), Math.max(plan.ms, BATCH_MS));
        return outcome;
      case 'delete': {
        const { count, ready, error } = await this.#effects.delete(job, plan.pods);
        return { ...without(outcome, count, ready), error };
      }
      case 'create': {
        const { count, error } = await this.#effects.create(job, plan.count, plan.indexes, look.indexes?.delayed);
        return { ...outcome, active: outcome.active + count, error };
      }
    }
  }

  /** Writes what was found, lets finished pods go, and writes what that adds up to. */
  async #track(key: string, look: Look, record: BackoffRecord, outcome: Outcome): Promise<void> {
    const nowMs = this.#context.clock.now();
    const tracking = trackingOf(look, withCounts(outcome.status, outcome), outcome.verdict, nowMs);
    let job = look.job;
    if (!isSame(tracking.status, job.status ?? {})) {
      job = await this.#write(job, tracking.status);
      if (record.failures > 0) this.#backoffs.set(key, record);
      else this.#backoffs.delete(key);
    }
    if (outcome.told) this.#recorder.event(job, 'Normal', outcome.told.reason, outcome.told.message);
    const { released, error } = await this.#effects.release(key, tracking.release);
    const tracked = new Set(tracking.tracked);
    for (const uid of released) tracked.delete(uid);
    const written = job.status ?? {};
    const settled = settle(written, tracked);
    if (error !== undefined) {
      if (settled !== written) await this.#write(job, settled);
      throw error;
    }
    const { final, full } = tracking;
    const finished = final && !full ? finish(settled, final, outcome.terminating) : undefined;
    if ((finished ?? settled) !== written) job = await this.#write(job, finished ?? settled);
    if (finished && final) this.#tellEnd(job, final);
  }

  async #write(job: V1Job, status: V1JobStatus): Promise<V1Job> {
    const written = await this.#resource.updateStatus({ ...job, status });
    // Servers before 1.22 keep no names of uncounted pods: what is to be added up is what was said.
    return { ...typed(JOBS, written), status };
  }

  #tellEnd(job: V1Job, { type, reason = '', message = '' }: V1JobCondition): void {
    if (type !== 'Complete') {
      this.#recorder.event(job, 'Warning', reason, message);
      return;
    }
    const { completions } = specOf(job);
    if (completions !== undefined && (job.status?.succeeded ?? 0) > completions) {
      const surplus = 'Too many succeeded pods running after completion count reached';
      this.#recorder.event(job, 'Warning', 'TooManySucceededPods', surplus);
    }
    this.#recorder.event(job, 'Normal', 'Completed', 'Job completed');
  }
}

function without(outcome: Outcome, count: number, ready: number): Outcome {
  return {
    ...outcome,
    active: outcome.active - count,
    ready: outcome.ready - ready,
    terminating: outcome.terminating + count,
  };
}

function withFinalizer(pod: V1Pod): V1Pod {
  return {
    ...pod,
    metadata: { ...pod.metadata, finalizers: [...(pod.metadata?.finalizers ?? []), TRACKING_FINALIZER] },
  };
}
