/** Questions about a job and its pods. */
import type { V1Job, V1JobSpec, V1Pod } from '../../openapi/generated/types.ts';

/** Keeps a pod from vanishing before the job has counted it. */
export const TRACKING_FINALIZER = 'batch.kubernetes.io/job-tracking';
/** Annotation and label of the pods of indexed jobs. */
export const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index';
/** How often the index failed before this pod, with `backoffLimitPerIndex`. */
export const INDEX_FAILURE_COUNT = 'batch.kubernetes.io/job-index-failure-count';
/** How many further failures of the index its failure policy ignored. */
export const INDEX_IGNORED_FAILURE_COUNT = 'batch.kubernetes.io/job-index-ignored-failure-count';

const INT32_MAX = 2_147_483_647;

/** The spec; a server always stores one. */
export function specOf(job: V1Job): V1JobSpec {
  return job.spec ?? { template: {} };
}

export function isIndexed(job: V1Job): boolean {
  return job.spec?.completionMode === 'Indexed';
}

export function isSuspended(job: V1Job): boolean {
  return job.spec?.suspend === true;
}

/** Whether another controller looks after the job. */
export function isManagedByOther(job: V1Job): boolean {
  const managedBy = job.spec?.managedBy;
  return managedBy !== undefined && managedBy !== 'kubernetes.io/job-controller';
}

export function isTracked(pod: V1Pod): boolean {
  return pod.metadata?.finalizers?.includes(TRACKING_FINALIZER) === true;
}

/** The index a pod works for; `undefined` without a valid one. */
export function completionIndexOf(pod: V1Pod): number | undefined {
  const text = pod.metadata?.annotations?.[COMPLETION_INDEX] ?? '';
  return /^\+?\d+$/.test(text) ? Number(text) : undefined;
}

/** The same, if the job has this index. */
export function validIndexOf(job: V1Job, pod: V1Pod): number | undefined {
  const index = completionIndexOf(pod);
  return index !== undefined && index < (job.spec?.completions ?? 0) ? index : undefined;
}

export function isSucceeded(pod: V1Pod): boolean {
  return pod.status?.phase === 'Succeeded';
}

/** Whether a pod that is being deleted is replaced only once it has failed. */
export function replacesOnlyFailed(job: V1Job): boolean {
  return job.spec?.podReplacementPolicy === 'Failed' || job.spec?.podFailurePolicy !== undefined;
}

/** Failed, or being deleted where that counts as a failure: an orphan may never reach its last phase. */
export function isPodFailed(job: V1Job, pod: V1Pod): boolean {
  if (pod.status?.phase === 'Failed') return true;
  return !replacesOnlyFailed(job) && pod.metadata?.deletionTimestamp !== undefined && !isSucceeded(pod);
}

/** Being deleted, and not finished yet. */
export function isTerminating(pod: V1Pod): boolean {
  return (
    pod.metadata?.deletionTimestamp !== undefined && pod.status?.phase !== 'Failed' && pod.status?.phase !== 'Succeeded'
  );
}

/** Failures of the pod's index before it that count. */
export function indexFailuresOf(pod: V1Pod): number {
  return countIn(pod, INDEX_FAILURE_COUNT);
}

/** All failures of the pod's index before it. */
export function absoluteIndexFailuresOf(pod: V1Pod): number {
  return countIn(pod, INDEX_FAILURE_COUNT) + countIn(pod, INDEX_IGNORED_FAILURE_COUNT);
}

/** Annotations are anybody's to write: what is no count is 0. */
export function countIn(pod: V1Pod, annotation: string): number {
  const text = pod.metadata?.annotations?.[annotation] ?? '';
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  return count > INT32_MAX ? 0 : count;
}
