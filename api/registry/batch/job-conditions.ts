/** What a job's conditions say. */
import type { V1JobStatus } from '../../../openapi/generated/types.ts';

export function isConditionTrue(status: V1JobStatus | undefined, type: string): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True');
}

/** Complete or failed. */
export function isFinished(status: V1JobStatus | undefined): boolean {
  return isConditionTrue(status, 'Complete') || isConditionTrue(status, 'Failed');
}
