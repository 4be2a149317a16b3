/** The conditions of a job. */
import { rfc3339 } from '../../base/clock.ts';
import type { V1Job, V1JobCondition } from '../../openapi/generated/types.ts';

type Conditions = readonly V1JobCondition[] | undefined;

/** A condition that is true since `nowMs`, unless `status` says otherwise. */
export function conditionOf(
  type: string,
  reason: string,
  message: string,
  nowMs: number,
  status: 'True' | 'False' = 'True',
): V1JobCondition {
  const now = rfc3339(nowMs);
  return {
    type,
    status,
    lastProbeTime: now,
    lastTransitionTime: now,
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
  };
}

/** The condition of this type if it is true. */
export function trueCondition(conditions: Conditions, type: string): V1JobCondition | undefined {
  return conditions?.find((condition) => condition.type === type && condition.status === 'True');
}

/** The condition that says that the job is over: `Complete` or `Failed`. */
export function finishedCondition(job: V1Job): V1JobCondition | undefined {
  const conditions = job.status?.conditions;
  return conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');
}

/**
 * The list with the condition in the place of the one of its type; the very same list when it says so already. What
 * was never there is not made to say that it is false.
 */
export function withCondition(conditions: Conditions, condition: V1JobCondition): readonly V1JobCondition[] {
  const list = conditions ?? [];
  const before = list.find(({ type }) => type === condition.type);
  if (!before) return condition.status === 'False' ? list : [...list, condition];
  const same =
    before.status === condition.status && before.reason === condition.reason && before.message === condition.message;
  return same ? list : list.map((other) => (other === before ? condition : other));
}
