/** How many pods of a job should run, and which are to be made or deleted for it. */
import type { V1Job, V1Pod } from '../../openapi/generated/types.ts';
import { podsToDelete } from '../runtime/pod-ranking.ts';
import { type BackoffRecord, finishedAtMs, remainingMs } from './backoff.ts';
import { mergeIntervals, missingIndexes, withIndexes } from './intervals.ts';
import { type IndexLook, indexSet, type Look } from './look.ts';
import {
  absoluteIndexFailuresOf,
  completionIndexOf,
  isSuspended,
  isTerminating,
  replacesOnlyFailed,
  specOf,
} from './pods.ts';

/** Pods made or deleted at most in one look. */
export const PODS_PER_LOOK_MAX = 500;

export type Plan =
  | { kind: 'nothing' }
  | { kind: 'delete'; pods: readonly V1Pod[] }
  /** Pods are wanted, but only after `ms`. */
  | { kind: 'wait'; ms: number }
  /** `indexes` has one for each pod of an indexed job. */
  | { kind: 'create'; count: number; indexes?: readonly number[] };

const NOTHING: Plan = { kind: 'nothing' };

/** `record` tells of the failures up to now. Deleting goes before making. */
export function planOf(look: Look, record: BackoffRecord, nowMs: number): Plan {
  const { job, active } = look;
  if (isSuspended(job)) return deletionOf(surplusOf(job, look, active.length, nowMs));
  const wanted = wantedActive(look);
  const surplus = surplusOf(job, look, Math.max(0, active.length - wanted), nowMs);
  if (surplus.length > 0) return deletionOf(surplus.slice(0, PODS_PER_LOOK_MAX));
  const missing = wanted - active.length - (replacesOnlyFailed(job) ? look.terminating : 0);
  if (missing <= 0) return NOTHING;
  const isPerIndex = specOf(job).backoffLimitPerIndex !== undefined;
  const ms = isPerIndex ? 0 : remainingMs(record, nowMs);
  if (ms > 0) return { kind: 'wait', ms };
  const count = Math.min(missing, PODS_PER_LOOK_MAX);
  return look.indexes ? indexedCreation(look, look.indexes, count, nowMs) : { kind: 'create', count };
}

function deletionOf(pods: readonly V1Pod[]): Plan {
  return pods.length > 0 ? { kind: 'delete', pods } : NOTHING;
}

/** Never more than there are completions to come; where one success is enough, none is started after it. */
function wantedActive({ job, active, succeeded }: Look): number {
  const { parallelism = 1, completions } = specOf(job);
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(completions - succeeded, parallelism));
}

/** At least `count` pods, and all whose index is not theirs alone or not the job's. */
function surplusOf(job: V1Job, { active, indexes }: Look, count: number, nowMs: number): V1Pod[] {
  if (!indexes) return count === 0 ? [] : podsToDelete(active, count, nowMs);
  const { remove, keep } = splitByIndex(active, specOf(job).completions ?? 0, nowMs);
  return remove.length >= count ? remove : [...remove, ...podsToDelete(keep, count - remove.length, nowMs)];
}

function splitByIndex(pods: readonly V1Pod[], completions: number, nowMs: number): { remove: V1Pod[]; keep: V1Pod[] } {
  const remove: V1Pod[] = [];
  const byIndex = new Map<number, V1Pod[]>();
  for (const pod of pods) {
    const index = completionIndexOf(pod);
    if (index === undefined || index >= completions) {
      remove.push(pod);
      continue;
    }
    const same = byIndex.get(index);
    if (same) same.push(pod);
    else byIndex.set(index, [pod]);
  }
  const keep: V1Pod[] = [];
  for (const same of byIndex.values()) {
    const surplus = same.length > 1 ? podsToDelete(same, same.length - 1, nowMs) : [];
    remove.push(...surplus);
    keep.push(...same.filter((pod) => !surplus.includes(pod)));
  }
  return { remove, keep };
}

function indexedCreation(look: Look, indexes: IndexLook, count: number, nowMs: number): Plan {
  const { job, active, pods } = look;
  const { completions = 0, backoffLimitPerIndex } = specOf(job);
  const busy = indexSet(replacesOnlyFailed(job) ? [...active, ...pods.filter(isTerminating)] : active);
  const taken = mergeIntervals(withIndexes(indexes.succeeded, busy), indexes.failed ?? []);
  const free = missingIndexes(taken, count, completions);
  if (backoffLimitPerIndex === undefined) return creationOf(free);
  const waits = new Map(free.map((index) => [index, indexRemainingMs(indexes.delayed.get(index), nowMs)]));
  const ready = free.filter((index) => waits.get(index) === 0);
  if (ready.length > 0 || free.length === 0) return creationOf(ready);
  return { kind: 'wait', ms: Math.min(...waits.values()) };
}

function creationOf(indexes: readonly number[]): Plan {
  return indexes.length > 0 ? { kind: 'create', count: indexes.length, indexes } : NOTHING;
}

/** Each index has a back-off of its own. */
function indexRemainingMs(lastFailed: V1Pod | undefined, nowMs: number): number {
  if (!lastFailed) return 0;
  const failures = absoluteIndexFailuresOf(lastFailed) + 1;
  return remainingMs({ failures, lastFailureMs: finishedAtMs(lastFailed) }, nowMs);
}
