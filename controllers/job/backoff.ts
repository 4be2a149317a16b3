/** How long to wait before a failed pod is replaced: 10 s, doubled with each failure in a row, at most 10 minutes. */
import type { V1ContainerStatus, V1Pod } from '../../openapi/generated/types.ts';
import { readyCondition } from '../runtime/pods.ts';

const FIRST_MS = 10_000;
const MAX_MS = 600_000;

/** The failures of a job's pods since one last succeeded. */
export interface BackoffRecord {
  readonly failures: number;
  readonly lastFailureMs?: number;
}

export const NO_BACKOFF: BackoffRecord = { failures: 0 };

/** The record after further pods have finished. A success ends the series; failures after it begin a new one. */
export function nextRecord(
  before: BackoffRecord,
  succeeded: readonly V1Pod[],
  failed: readonly V1Pod[],
): BackoffRecord {
  if (succeeded.length === 0 && failed.length === 0) return before;
  const lastSuccessMs = latest(succeeded.map(finishedAtMs));
  const failures = failed.map(finishedAtMs).filter((ms) => lastSuccessMs === undefined || ms > lastSuccessMs);
  const lastFailureMs = latest(failures);
  if (lastFailureMs === undefined) return NO_BACKOFF;
  return { failures: failures.length + (lastSuccessMs === undefined ? before.failures : 0), lastFailureMs };
}

/** Milliseconds until a pod may be made in the place of those that failed; 0 when it may be made now. */
export function remainingMs({ failures, lastFailureMs }: BackoffRecord, nowMs: number): number {
  if (failures === 0 || lastFailureMs === undefined) return 0;
  const backoffMs = Math.min(FIRST_MS * 2 ** (failures - 1), MAX_MS);
  return Math.max(0, lastFailureMs + backoffMs - nowMs);
}

/**
 * When a pod ended, in milliseconds: when its last container did; or since when it is not ready; or when it was
 * deleted; or, for want of better, when it was created.
 */
export function finishedAtMs(pod: V1Pod): number {
  return (
    containersFinishedMs(pod) ?? unreadySinceMs(pod) ?? deletedAtMs(pod) ?? parsed(pod.metadata?.creationTimestamp) ?? 0
  );
}

/** Unknown as long as one of them has not ended. Sidecars outlive the others. */
function containersFinishedMs({ spec, status }: V1Pod): number | undefined {
  const sidecars = new Set(
    (spec?.initContainers ?? []).flatMap(({ name, restartPolicy }) => (restartPolicy === 'Always' ? [name] : [])),
  );
  const initStatuses = (status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name));
  const ends = [...(status?.containerStatuses ?? []), ...initStatuses].map(containerFinishedMs);
  return ends.includes(undefined) ? undefined : latest(ends);
}

function containerFinishedMs({ state }: V1ContainerStatus): number | undefined {
  return parsed(state?.terminated?.finishedAt);
}

function unreadySinceMs(pod: V1Pod): number | undefined {
  const ready = readyCondition(pod);
  return ready?.status === 'False' ? parsed(ready.lastTransitionTime) : undefined;
}

function deletedAtMs({ metadata }: V1Pod): number | undefined {
  const deletionMs = parsed(metadata?.deletionTimestamp);
  return deletionMs === undefined ? undefined : deletionMs - (metadata?.deletionGracePeriodSeconds ?? 0) * 1000;
}

function parsed(time: string | undefined): number | undefined {
  return time ? Date.parse(time) : undefined;
}

function latest(times: readonly (number | undefined)[]): number | undefined {
  return times.reduce((last, ms) => (last === undefined || (ms !== undefined && ms > last) ? ms : last), undefined);
}
