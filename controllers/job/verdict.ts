/** Whether a job is decided, and how. */
import type { V1Job, V1JobCondition, V1JobStatus, V1Pod } from '../../openapi/generated/types.ts';
import { conditionOf, trueCondition } from './conditions.ts';
import { totalOf } from './intervals.ts';
import type { IndexLook, Look } from './look.ts';
import { isPodFailed, isSuspended, specOf } from './pods.ts';
import { matchFailurePolicy, matchSuccessPolicy } from './policies.ts';

/**
 * The condition that decides the job, if one does: `SuccessCriteriaMet` or `FailureTarget` when that becomes known now;
 * `Failed` when the status had said `FailureTarget` before. Its remaining pods are then of no use. That all its
 * completions are there is not looked at here: pods may still have to be stopped.
 */
export function verdictOf(look: Look, status: V1JobStatus, nowMs: number): V1JobCondition | undefined {
  const { job } = look;
  const known = trueCondition(status.conditions, 'SuccessCriteriaMet');
  if (known) return known;
  const target = trueCondition(status.conditions, 'FailureTarget');
  if (target) return finalOf(target, nowMs);
  const message = failJobMessage(look);
  if (message !== undefined) return conditionOf('FailureTarget', 'PodFailurePolicy', message, nowMs);
  const failure = failureOf(look, status, nowMs) ?? (look.indexes && indexFailureOf(look, look.indexes));
  if (failure) return conditionOf('FailureTarget', failure.reason, failure.message, nowMs);
  if (!look.indexes) return undefined;
  const { successPolicy, completions = 0 } = specOf(job);
  const success = matchSuccessPolicy(successPolicy, completions, look.indexes.succeeded);
  return success === undefined ? undefined : conditionOf('SuccessCriteriaMet', 'SuccessPolicy', success, nowMs);
}

/** What the job ends with, once `FailureTarget` or `SuccessCriteriaMet` has been told and nothing is left to count. */
export function finalOf({ type, reason = '', message = '' }: V1JobCondition, nowMs: number): V1JobCondition {
  return conditionOf(type === 'SuccessCriteriaMet' ? 'Complete' : 'Failed', reason, message, nowMs);
}

/** Milliseconds until the job has been active for too long; `undefined` when there is no such limit now. */
export function untilDeadlineMs(job: V1Job, status: V1JobStatus, nowMs: number): number | undefined {
  const seconds = job.spec?.activeDeadlineSeconds;
  if (seconds === undefined || !status.startTime || isSuspended(job)) return undefined;
  return Date.parse(status.startTime) + seconds * 1000 - nowMs;
}

/** Whether there have been as many successes as the job asks for; without a number, one will do. */
export function isComplete(job: V1Job, succeeded: number, active: number): boolean {
  const completions = job.spec?.completions;
  return active === 0 && (completions === undefined ? succeeded > 0 : succeeded >= completions);
}

/** What says that a job has all its completions. */
export function completionCondition(nowMs: number): V1JobCondition {
  return conditionOf('SuccessCriteriaMet', 'CompletionsReached', 'Reached expected number of succeeded pods', nowMs);
}

interface Failure {
  reason: string;
  message: string;
}

function failureOf(look: Look, status: V1JobStatus, nowMs: number): Failure | undefined {
  const { job, pods, failed } = look;
  if (failed > backoffLimitOf(job) || restartsTooOften(job, pods)) {
    return { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
  }
  const remaining = untilDeadlineMs(job, status, nowMs);
  if (remaining === undefined || remaining > 0) return undefined;
  return { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
}

function backoffLimitOf(job: V1Job): number {
  return job.spec?.backoffLimit ?? 6;
}

/** Where the kubelet starts containers again, their restarts are the failures. */
function restartsTooOften(job: V1Job, pods: readonly V1Pod[]): boolean {
  if (job.spec?.template.spec?.restartPolicy !== 'OnFailure') return false;
  let restarts = 0;
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue;
    for (const { restartCount } of status.initContainerStatuses ?? []) restarts += restartCount;
    for (const { restartCount } of status.containerStatuses ?? []) restarts += restartCount;
  }
  const limit = backoffLimitOf(job);
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

function failJobMessage({ job, pods }: Look): string | undefined {
  const policy = job.spec?.podFailurePolicy;
  if (!policy) return undefined;
  for (const pod of pods) {
    const message = isPodFailed(job, pod) ? matchFailurePolicy(policy, pod).message : undefined;
    if (message !== undefined) return message;
  }
  return undefined;
}

function indexFailureOf({ job }: Look, { failed, succeeded }: IndexLook): Failure | undefined {
  if (!failed) return undefined;
  const { maxFailedIndexes, completions = 0 } = specOf(job);
  const failures = totalOf(failed);
  if (maxFailedIndexes !== undefined && failures > maxFailedIndexes) {
    const message = 'Job has exceeded the specified maximal number of failed indexes';
    return { reason: 'MaxFailedIndexesExceeded', message };
  }
  if (failures === 0 || failures + totalOf(succeeded) < completions) return undefined;
  return { reason: 'FailedIndexes', message: 'Job has failed indexes' };
}
