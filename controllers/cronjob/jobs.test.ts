import assert from 'node:assert/strict';
import type { V1CronJob, V1CronJobStatus, V1Job } from '../../openapi/generated/types.ts';
import { jobOf, referenceOf, reviewJobs, surplusHistory } from './jobs.ts';

function cronJob(spec: Partial<V1CronJob['spec']> = {}): V1CronJob {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'c', namespace: 'n', uid: 'u' },
    spec: { schedule: '* * * * *', jobTemplate: {}, ...spec },
  };
}

function job(name: string, end?: string, traits: { completion?: string; start?: string } = {}): V1Job {
  return {
    metadata: { name, namespace: 'n', uid: name },
    status: {
      ...(end ? { conditions: [{ type: end, status: 'True' }] } : {}),
      ...(traits.completion ? { completionTime: traits.completion } : {}),
      ...(traits.start ? { startTime: traits.start } : {}),
    },
  };
}

const statusWith = (...names: string[]): V1CronJobStatus => ({ active: names.map((name) => referenceOf(job(name))) });
const names = (list: readonly { name?: string; metadata?: { name?: string } }[]) =>
  list.map((item) => item.name ?? item.metadata?.name);

describe('jobOf', () => {
  it('is named by the minute, and owned by the cron job', () => {
    const template = { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } }, spec: { template: {} } };
    const made = jobOf(cronJob({ jobTemplate: template }), Date.UTC(2026, 0, 1));
    assert.deepEqual(made, {
      metadata: {
        name: 'c-29453760',
        namespace: 'n',
        labels: { a: 'b' },
        annotations: { c: 'd', 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T00:00:00Z' },
        ownerReferences: [
          { apiVersion: 'batch/v1', kind: 'CronJob', name: 'c', uid: 'u', controller: true, blockOwnerDeletion: true },
        ],
      },
      spec: { template: {} },
    });
  });

  it('tells its time in the zone of the cron job', () => {
    const { metadata } = jobOf(cronJob({ timeZone: 'Europe/Berlin' }), Date.UTC(2026, 6, 1));
    const annotation = metadata?.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'];
    assert.equal(annotation, '2026-07-01T02:00:00+02:00');
  });
});

describe('reviewJobs', () => {
  it('strikes jobs that are over off the list, and remembers the last success', () => {
    const jobs = [
      job('a', 'Complete', { completion: '2026-01-01T00:02:00Z' }),
      job('b', 'Failed'),
      job('d', 'Complete', { completion: '2026-01-01T00:01:00Z' }),
      job('e'),
    ];
    const review = reviewJobs(statusWith('a', 'b', 'e'), jobs);
    assert.deepEqual(names(review.ended), ['a', 'b']);
    assert.deepEqual(names(review.status.active ?? []), ['e']);
    assert.equal(review.status.lastSuccessfulTime, '2026-01-01T00:02:00Z');
    assert.deepEqual([review.unexpected, review.missing], [[], []]);
  });

  it('finds jobs it does not know and misses those it does', () => {
    const review = reviewJobs(statusWith('a'), [job('b'), job('d', 'Failed')]);
    assert.deepEqual([names(review.unexpected), names(review.missing), names(review.ended)], [['b'], ['a'], []]);
  });

  it('changes nothing without need', () => {
    const status = { ...statusWith('a'), lastSuccessfulTime: '2026-01-01T00:02:00Z' };
    const old = job('b', 'Complete', { completion: '2026-01-01T00:02:00Z' });
    assert.equal(reviewJobs(status, [job('a'), old]).status, status);
  });
});

describe('surplusHistory', () => {
  const jobs = [
    job('new', 'Complete', { start: '2026-01-01T00:03:00Z' }),
    job('old', 'Complete', { start: '2026-01-01T00:01:00Z' }),
    job('never', 'Complete'),
    job('bad', 'Failed', { start: '2026-01-01T00:02:00Z' }),
    job('worse', 'Failed', { start: '2026-01-01T00:01:00Z' }),
    job('running'),
  ];
  const cases: [successful: number | undefined, failed: number | undefined, surplus: string[]][] = [
    [undefined, undefined, []],
    [3, 2, []],
    [2, 1, ['old', 'worse']],
    [1, 5, ['old', 'new']],
    [5, 0, ['worse', 'bad']],
  ];
  for (const [successfulJobsHistoryLimit, failedJobsHistoryLimit, surplus] of cases) {
    it(`is ${surplus} beyond ${successfulJobsHistoryLimit} and ${failedJobsHistoryLimit}`, () => {
      const limits = {
        ...(successfulJobsHistoryLimit === undefined ? {} : { successfulJobsHistoryLimit }),
        ...(failedJobsHistoryLimit === undefined ? {} : { failedJobsHistoryLimit }),
      };
      assert.deepEqual(names(surplusHistory(cronJob(limits), jobs)), surplus);
    });
  }
});
