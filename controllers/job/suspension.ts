/** Suspending and resuming a job. */
import { rfc3339 } from '../../base/clock.ts';
import type { V1Job, V1JobStatus } from '../../openapi/generated/types.ts';
import { conditionOf, withCondition } from './conditions.ts';
import { isSuspended } from './pods.ts';

/**
 * The status of a job that was suspended or resumed since it was written, with what to tell about it. A job that is
 * suspended has not started, and starts anew when it is resumed.
 */
export function resumedOrSuspended(
  job: V1Job,
  status: V1JobStatus,
  nowMs: number,
): { status: V1JobStatus; told: { reason: string; message: string } } | undefined {
  const suspended = isSuspended(job);
  const condition = suspended
    ? conditionOf('Suspended', 'JobSuspended', 'Job suspended', nowMs)
    : conditionOf('Suspended', 'JobResumed', 'Job resumed', nowMs, 'False');
  const conditions = withCondition(status.conditions, condition);
  if (conditions === status.conditions || conditions.length === 0) return undefined;
  const { startTime: _, ...rest } = status;
  return suspended
    ? { status: { ...rest, conditions: [...conditions] }, told: { reason: 'Suspended', message: 'Job suspended' } }
    : {
        status: { ...rest, conditions: [...conditions], startTime: rfc3339(nowMs) },
        told: { reason: 'Resumed', message: 'Job resumed' },
      };
}
