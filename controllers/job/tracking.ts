/**
 * Counting each pod exactly once, through crashes. First the status names the finished pods (`uncountedTerminatedPods`),
 * then their finalizers go, then they are added to the counters and named no more. Wherever this stops, the next look
 * finds either the finalizer or the name.
 */
import { rfc3339 } from '../../base/clock.ts';
import type { V1JobCondition, V1JobStatus, V1Pod } from '../../openapi/generated/types.ts';
import { trueCondition, withCondition } from './conditions.ts';
import { formatIntervals, hasIndex, totalOf, withIndexes } from './intervals.ts';
import { type Look, uidOf } from './look.ts';
import { completionIndexOf, isIndexed, isPodFailed, isSucceeded, isTracked, validIndexOf } from './pods.ts';
import { matchFailurePolicy } from './policies.ts';
import { finalOf } from './verdict.ts';

/** So many pods at most are named in the status at once: it must not grow, and other jobs wait for their turn. */
export const UNCOUNTED_MAX = 500;

export interface Tracking {
  /** What the status should say before any finalizer is removed. */
  status: V1JobStatus;
  /** Pods whose finalizer is to go once that is written. */
  release: readonly V1Pod[];
  /** Pods that have their finalizer, by uid. */
  tracked: ReadonlySet<string>;
  /** Whether more are left for the next look. */
  full: boolean;
  /** The condition to end the job with, if it is decided. */
  final?: V1JobCondition;
}

/** `verdict` is the condition that decides the job, if it is decided. */
export function trackingOf(
  look: Look,
  before: V1JobStatus,
  verdict: V1JobCondition | undefined,
  nowMs: number,
): Tracking {
  const tracked = look.pods.filter((pod) => isTracked(pod) && !look.released.has(uidOf(pod)));
  const uids = new Set(tracked.map(uidOf));
  const settled = settle(before, uids);
  const counted = countPods(look, settled, tracked, verdict);
  const status = withVerdict(withIndexStrings(look, counted.status, counted.newIndexes), verdict);
  return {
    status,
    release: counted.release,
    tracked: uids,
    full: counted.full,
    ...(verdict ? { final: isInterim(verdict) ? finalOf(verdict, nowMs) : verdict } : {}),
  };
}

/** Adds pods that have lost their finalizer to the counters; the same object when there are none. */
export function settle(status: V1JobStatus, tracked: ReadonlySet<string>): V1JobStatus {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const left = {
    succeeded: succeeded.filter((uid) => tracked.has(uid)),
    failed: failed.filter((uid) => tracked.has(uid)),
  };
  const moreSucceeded = succeeded.length - left.succeeded.length;
  const moreFailed = failed.length - left.failed.length;
  if (moreSucceeded + moreFailed === 0) return status;
  return {
    ...status,
    ...(moreSucceeded > 0 ? { succeeded: (status.succeeded ?? 0) + moreSucceeded } : {}),
    ...(moreFailed > 0 ? { failed: (status.failed ?? 0) + moreFailed } : {}),
    uncountedTerminatedPods: uncountedOf(left.succeeded, left.failed),
  };
}

/** The status with the final condition; `undefined` as long as something is left to count or to wait for. */
export function finish(status: V1JobStatus, final: V1JobCondition, terminating: number): V1JobStatus | undefined {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  if (succeeded.length + failed.length + terminating > 0) return undefined;
  const { startTime = final.lastTransitionTime } = status;
  return {
    ...status,
    // A suspended job may end, too, and what has ended must have started.
    ...(startTime ? { startTime } : {}),
    conditions: [...withCondition(status.conditions, final)],
    ...(final.type === 'Complete' && final.lastTransitionTime ? { completionTime: final.lastTransitionTime } : {}),
  };
}

/** The status of a job that is active as given, with what every status has. */
export function withCounts(
  status: V1JobStatus,
  { active, ready, terminating }: { active: number; ready: number; terminating: number },
): V1JobStatus {
  const { active: _, ...rest } = status;
  return {
    ...rest,
    ...(active > 0 ? { active } : {}),
    ready,
    terminating,
    uncountedTerminatedPods: status.uncountedTerminatedPods ?? {},
  };
}

/** The status with a start, unless it has one or the job has not started. */
export function withStart(status: V1JobStatus, started: boolean, nowMs: number): V1JobStatus {
  return status.startTime || !started ? status : { ...status, startTime: rfc3339(nowMs) };
}

/** Whether two statuses are the same on the wire. */
export function isSame(a: V1JobStatus, b: V1JobStatus): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof V1JobStatus>;
  for (const key of keys) if (a[key] !== b[key] && JSON.stringify(a[key]) !== JSON.stringify(b[key])) return false;
  return true;
}

function uncountedOf(succeeded: string[], failed: string[]) {
  return { ...(succeeded.length > 0 ? { succeeded } : {}), ...(failed.length > 0 ? { failed } : {}) };
}

function isInterim({ type }: V1JobCondition): boolean {
  return type === 'SuccessCriteriaMet' || type === 'FailureTarget';
}

interface Counted {
  status: V1JobStatus;
  release: V1Pod[];
  newIndexes: number[];
  full: boolean;
}

/** Names the finished pods in the status; where pods have indexes, those that succeeded need no name. */
function countPods(
  look: Look,
  status: V1JobStatus,
  tracked: readonly V1Pod[],
  verdict: V1JobCondition | undefined,
): Counted {
  const { job, indexes } = look;
  const succeeded = [...(status.uncountedTerminatedPods?.succeeded ?? [])];
  const failed = [...(status.uncountedTerminatedPods?.failed ?? [])];
  const release: V1Pod[] = [];
  const newIndexes: number[] = [];
  let full = false;
  for (const pod of indexes ? [...tracked].sort(byIndex) : tracked) {
    if (!isReleasable(look, pod, verdict)) continue;
    release.push(pod);
    const uid = uidOf(pod);
    if (isSucceeded(pod) && !look.uncountedFailed.has(uid)) {
      const index = validIndexOf(job, pod);
      if (!indexes) {
        if (!look.uncountedSucceeded.has(uid)) succeeded.push(uid);
      } else if (index !== undefined && !hasIndex(indexes.before, index)) newIndexes.push(index);
    } else if (countsAsFailed(look, pod, verdict)) failed.push(uid);
    full = newIndexes.length + succeeded.length + failed.length >= UNCOUNTED_MAX;
    if (full) break;
  }
  return { status: withUncounted(status, succeeded, failed), release, newIndexes, full };
}

function byIndex(a: V1Pod, b: V1Pod): number {
  return (completionIndexOf(a) ?? -1) - (completionIndexOf(b) ?? -1);
}

function withUncounted(status: V1JobStatus, succeeded: string[], failed: string[]): V1JobStatus {
  const before = status.uncountedTerminatedPods;
  const same = succeeded.length === (before?.succeeded?.length ?? 0) && failed.length === (before?.failed?.length ?? 0);
  return same ? status : { ...status, uncountedTerminatedPods: uncountedOf(succeeded, failed) };
}

/** Whether the pod may go: it or the job is over. One whose failures its replacement must know of stays until then. */
function isReleasable(look: Look, pod: V1Pod, verdict: V1JobCondition | undefined): boolean {
  const { job, indexes } = look;
  if (job.metadata?.deletionTimestamp !== undefined || verdict || isSucceeded(pod)) return true;
  if (!isPodFailed(job, pod)) return false;
  const index = completionIndexOf(pod);
  return index === undefined || indexes?.delayed.get(index)?.metadata?.uid !== uidOf(pod);
}

/** When a job has failed, each of its pods that had not ended has failed, too. */
function countsAsFailed({ job, uncountedFailed }: Look, pod: V1Pod, verdict: V1JobCondition | undefined): boolean {
  const isOver = isPodFailed(job, pod) || (verdict !== undefined && verdict.type !== 'SuccessCriteriaMet');
  if (!isOver || uncountedFailed.has(uidOf(pod))) return false;
  if (isIndexed(job) && validIndexOf(job, pod) === undefined) return false;
  return matchFailurePolicy(job.spec?.podFailurePolicy, pod).counted;
}

function withIndexStrings({ indexes }: Look, status: V1JobStatus, newIndexes: readonly number[]): V1JobStatus {
  if (!indexes) return status;
  const succeeded = withIndexes(indexes.succeeded, newIndexes);
  const { succeeded: _succeeded, completedIndexes: _completed, failedIndexes: _failed, ...rest } = status;
  const total = totalOf(succeeded);
  return {
    ...rest,
    ...(total > 0 ? { succeeded: total, completedIndexes: formatIntervals(succeeded) } : {}),
    ...(indexes.failed ? { failedIndexes: formatIntervals(indexes.failed) } : {}),
  };
}

/** What decides the job is told before any of its pods is let go. */
function withVerdict(status: V1JobStatus, verdict: V1JobCondition | undefined): V1JobStatus {
  if (!verdict || !isInterim(verdict) || trueCondition(status.conditions, verdict.type)) return status;
  return { ...status, conditions: [...(status.conditions ?? []), verdict] };
}
