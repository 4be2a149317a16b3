/** What one look at a job and its pods shows: the ground of every decision about it. */
import type { V1Job, V1Pod } from '../../openapi/generated/types.ts';
import { isActive, isReady } from '../runtime/pods.ts';
import { finishedAtMs } from './backoff.ts';
import { hasIndex, type Intervals, parseIntervals, totalOf, withIndexes } from './intervals.ts';
import {
  absoluteIndexFailuresOf,
  completionIndexOf,
  indexFailuresOf,
  isIndexed,
  isPodFailed,
  isSucceeded,
  isTerminating,
  isTracked,
  specOf,
  validIndexOf,
} from './pods.ts';
import { matchFailurePolicy } from './policies.ts';

/** The indexes of an indexed job. */
export interface IndexLook {
  /** Succeeded, as the status has it. */
  before: Intervals;
  /** Succeeded, with those that did so since. */
  succeeded: Intervals;
  /** Failed for good; only with `backoffLimitPerIndex`. */
  failed?: Intervals;
  /** Of each index that waits for its next attempt, the pod that failed last: it is kept until it is replaced. */
  delayed: ReadonlyMap<number, V1Pod>;
}

export interface Look {
  job: V1Job;
  pods: readonly V1Pod[];
  active: readonly V1Pod[];
  /** How many of the active pods are ready. */
  ready: number;
  /** How many pods are being deleted and still run. */
  terminating: number;
  /** Uids of finished pods that the status names, but has not added up yet. */
  uncountedSucceeded: ReadonlySet<string>;
  uncountedFailed: ReadonlySet<string>;
  /** Uids of pods whose finalizer is removed, though the copy may not show it. */
  released: ReadonlySet<string>;
  /** Pods that have finished since the status was written. */
  newlySucceeded: readonly V1Pod[];
  newlyFailed: readonly V1Pod[];
  /** How many succeeded, and how many failures count, all in all. For an indexed job, how many indexes succeeded. */
  succeeded: number;
  failed: number;
  indexes?: IndexLook;
}

/** `pods` are all pods of the job, finished ones, too. */
export function lookAt(job: V1Job, pods: readonly V1Pod[], released: ReadonlySet<string>): Look {
  const active = pods.filter(isActive);
  const { uncountedTerminatedPods: uncounted, succeeded = 0, failed = 0 } = job.status ?? {};
  const uncountedSucceeded = new Set(uncounted?.succeeded);
  const uncountedFailed = new Set(uncounted?.failed);
  const pending = pods.filter((pod) => isPending(job, pod, released));
  const newlySucceeded = pending.filter((pod) => isSucceeded(pod) && !uncountedSucceeded.has(uidOf(pod)));
  const newlyFailed = pending.filter((pod) => isPodFailed(job, pod) && !uncountedFailed.has(uidOf(pod)));
  const policy = job.spec?.podFailurePolicy;
  const counted = newlyFailed.filter((pod) => matchFailurePolicy(policy, pod).counted);
  const indexes = isIndexed(job) ? indexesOf(job, pods, active, pending) : undefined;
  return {
    job,
    pods,
    active,
    ready: active.filter(isReady).length,
    terminating: pods.filter(isTerminating).length,
    uncountedSucceeded,
    uncountedFailed,
    released,
    newlySucceeded,
    newlyFailed,
    succeeded: indexes ? totalOf(indexes.succeeded) : succeeded + newlySucceeded.length + uncountedSucceeded.size,
    failed: failed + counted.length + uncountedFailed.size,
    ...(indexes ? { indexes } : {}),
  };
}

export function uidOf(pod: V1Pod): string {
  return pod.metadata?.uid ?? '';
}

/** Whether the pod's end is still to be counted: its finalizer is there, and its index is one of the job's. */
function isPending(job: V1Job, pod: V1Pod, released: ReadonlySet<string>): boolean {
  return isTracked(pod) && !released.has(uidOf(pod)) && (!isIndexed(job) || validIndexOf(job, pod) !== undefined);
}

function indexesOf(job: V1Job, pods: readonly V1Pod[], active: readonly V1Pod[], pending: readonly V1Pod[]): IndexLook {
  const { completions = 0, backoffLimitPerIndex } = specOf(job);
  const before = parseIntervals(job.status?.completedIndexes, completions);
  const tracked = pods.filter((pod) => isTracked(pod) && validIndexOf(job, pod) !== undefined);
  const succeeded = withIndexes(before, indexSet(tracked.filter(isSucceeded)));
  if (backoffLimitPerIndex === undefined) return { before, succeeded, delayed: new Map() };
  const failed = withIndexes(
    parseIntervals(job.status?.failedIndexes, completions),
    indexSet(tracked.filter((pod) => failsIndex(job, pod, backoffLimitPerIndex))),
  );
  const activeIndexes = indexSet(active);
  const waiting = pending.filter((pod) => {
    const index = completionIndexOf(pod) ?? -1;
    return (
      isPodFailed(job, pod) && !hasIndex(succeeded, index) && !hasIndex(failed, index) && !activeIndexes.has(index)
    );
  });
  return { before, succeeded, failed, delayed: lastFailedByIndex(waiting) };
}

/** The indexes of some pods. */
export function indexSet(pods: readonly V1Pod[]): Set<number> {
  return new Set(pods.flatMap((pod) => completionIndexOf(pod) ?? []));
}

/** Whether the pod's failure is one more than its index may have, or one that fails the index at once. */
function failsIndex(job: V1Job, pod: V1Pod, limit: number): boolean {
  if (!isPodFailed(job, pod)) return false;
  const { action, counted } = matchFailurePolicy(job.spec?.podFailurePolicy, pod);
  return action === 'FailIndex' || (counted && indexFailuresOf(pod) >= limit);
}

function lastFailedByIndex(pods: readonly V1Pod[]): Map<number, V1Pod> {
  const last = new Map<number, V1Pod>();
  for (const pod of pods) {
    const index = completionIndexOf(pod) ?? -1;
    const other = last.get(index);
    const isLater =
      other === undefined ||
      (absoluteIndexFailuresOf(other) <= absoluteIndexFailuresOf(pod) && finishedAtMs(pod) >= finishedAtMs(other));
    if (isLater) last.set(index, pod);
  }
  return last;
}
