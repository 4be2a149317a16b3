/** When a cron job is to start a job, and when to look at it again. */
import type { V1CronJob } from '../../openapi/generated/types.ts';
import type { Schedule } from './schedule.ts';

/** Later than the scheduled time by this much: clocks drift. */
const NEXT_DELTA_MS = 100;
/** More missed times than this are told of. */
const MISSED_MAX = 100;

export interface Recent {
  /** From when on times count: the last one that was met, or the creation; or the deadline, if that is later. */
  earliestMs: number;
  /** The last scheduled time up to now, if one was not met. */
  mostRecentMs?: number;
  missed: 'none' | 'few' | 'many';
}

/**
 * The last time that should have been met. Throws when the schedule has no two times, such as the 31st of February.
 * `withDeadline` leaves out what is too late to be made up for.
 */
export function recentOf(cronJob: V1CronJob, schedule: Schedule, nowMs: number, withDeadline: boolean): Recent {
  const earliestMs = earliestOf(cronJob, nowMs, withDeadline);
  const firstMs = schedule.next(earliestMs);
  if (firstMs !== undefined && nowMs < firstMs) return { earliestMs, missed: 'none' };
  const secondMs = firstMs === undefined ? undefined : schedule.next(firstMs);
  if (firstMs === undefined || secondMs === undefined || secondMs - firstMs < 500) {
    throw new Error('time difference between two schedules is less than 1 second');
  }
  if (nowMs < secondMs) return { earliestMs, mostRecentMs: firstMs, missed: 'none' };
  // As if all times were as far apart as these two; upstream counts no better.
  const everySeconds = Math.round((secondMs - firstMs) / 1000);
  const missed = Math.floor(Math.trunc((nowMs - firstMs) / 1000) / everySeconds) + 1;
  const mostRecentMs = lastUpTo(schedule, firstMs + (missed - 2) * everySeconds * 1000, nowMs);
  return {
    earliestMs,
    ...(mostRecentMs === undefined ? {} : { mostRecentMs }),
    missed: missed > MISSED_MAX ? 'many' : 'few',
  };
}

/** Milliseconds until the cron job is to be looked at again; `undefined` when its schedule has no time any more. */
export function nextDelayMs(cronJob: V1CronJob, schedule: Schedule, nowMs: number): number | undefined {
  const nextMs = schedule.next(baseOf(cronJob, schedule, nowMs));
  return nextMs === undefined ? undefined : nextMs + NEXT_DELTA_MS - nowMs;
}

function baseOf(cronJob: V1CronJob, schedule: Schedule, nowMs: number): number {
  try {
    const { earliestMs, mostRecentMs, missed } = recentOf(cronJob, schedule, nowMs, false);
    return mostRecentMs ?? (missed === 'none' ? earliestMs : nowMs);
  } catch {
    // A schedule that cannot be met now may be later.
    return nowMs;
  }
}

function earliestOf({ metadata, spec, status }: V1CronJob, nowMs: number, withDeadline: boolean): number {
  const sinceMs = Date.parse(status?.lastScheduleTime ?? metadata?.creationTimestamp ?? '');
  const deadline = withDeadline ? spec?.startingDeadlineSeconds : undefined;
  return deadline === undefined ? sinceMs : Math.max(sinceMs, nowMs - deadline * 1000);
}

function lastUpTo(schedule: Schedule, fromMs: number, nowMs: number): number | undefined {
  let last: number | undefined;
  for (let ms = schedule.next(fromMs); ms !== undefined && ms <= nowMs; ms = schedule.next(ms)) last = ms;
  return last;
}
