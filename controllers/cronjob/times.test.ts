import assert from 'node:assert/strict';
import type { V1CronJob } from '../../openapi/generated/types.ts';
import { parseSchedule } from './schedule.ts';
import { nextDelayMs, recentOf } from './times.ts';

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

function cronJob(spec: Partial<V1CronJob['spec']> = {}, lastScheduleTime?: string): V1CronJob {
  return {
    metadata: { name: 'c', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { schedule: '', jobTemplate: {}, ...spec },
    ...(lastScheduleTime ? { status: { lastScheduleTime } } : {}),
  };
}

describe('recentOf', () => {
  const cases: {
    title: string;
    spec: string;
    minute: number;
    deadline?: number;
    last?: string;
    recent?: number;
    missed?: string;
  }[] = [
    { title: 'is none before the first time', spec: '10 * * * *', minute: 9 },
    { title: 'is the first time once it has come', spec: '10 * * * *', minute: 10, recent: 10 },
    { title: 'is the last of several', spec: '*/10 * * * *', minute: 59, recent: 50, missed: 'few' },
    { title: 'tells of many', spec: '* * * * *', minute: 300, recent: 300, missed: 'many' },
    {
      title: 'counts from the last one that was met',
      spec: '* * * * *',
      minute: 300,
      last: '2026-01-01T04:58:00Z',
      recent: 300,
      missed: 'few',
    },
    { title: 'leaves out what is too late', spec: '10 * * * *', minute: 20, deadline: 120 },
    { title: 'and not what is not', spec: '10 * * * *', minute: 20, deadline: 601, recent: 10 },
    {
      title: 'makes nothing up where times are uneven and the last is longer ago than the first two lie apart',
      spec: '0 1-2,23 * * *',
      minute: 6 * 60,
      missed: 'few',
    },
    { title: 'keeps the beat of @every', spec: '@every 7m', minute: 30, recent: 28, missed: 'few' },
  ];
  for (const { title, spec, minute, deadline, last, recent, missed = 'none' } of cases) {
    it(title, async () => {
      const schedule = await parseSchedule(spec, 'UTC');
      const startingDeadlineSeconds = deadline;
      const job = cronJob(startingDeadlineSeconds === undefined ? {} : { startingDeadlineSeconds }, last);
      const found = recentOf(job, schedule, START + minute * MINUTE, true);
      assert.deepEqual(
        [found.mostRecentMs, found.missed],
        [recent === undefined ? undefined : START + recent * MINUTE, missed],
      );
    });
  }

  it('knows a schedule that has no time', async () => {
    const schedule = await parseSchedule('0 0 31 2 *', 'UTC');
    assert.throws(
      () => recentOf(cronJob(), schedule, START, true),
      /^Error: time difference between two schedules is less than 1 second$/,
    );
    assert.equal(nextDelayMs(cronJob(), schedule, START), undefined);
  });
});

describe('nextDelayMs', () => {
  const cases: [title: string, spec: string, seconds: number, last: string | undefined, delay: number][] = [
    ['until the first time', '10 * * * *', 60, undefined, 540],
    ['until the next after one that is due', '10 * * * *', 601, undefined, 3599],
    ['after many were missed until the next to come', '* * * * *', 7230, undefined, 30],
    ['after the last that was met', '*/5 * * * *', 600, '2026-01-01T00:10:00Z', 300],
  ];
  for (const [title, spec, seconds, last, delay] of cases) {
    it(`is ${title}, and a little more`, async () => {
      const schedule = await parseSchedule(spec, 'UTC');
      assert.equal(nextDelayMs(cronJob({}, last), schedule, START + seconds * 1000), delay * 1000 + 100);
    });
  }

  it('does not heed the deadline', async () => {
    const schedule = await parseSchedule('10 * * * *', 'UTC');
    const job = cronJob({ startingDeadlineSeconds: 10 });
    assert.equal(nextDelayMs(job, schedule, START + 11 * MINUTE), 59 * MINUTE + 100);
  });
});
