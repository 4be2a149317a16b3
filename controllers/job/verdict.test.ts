import assert from 'node:assert/strict';
import type { V1Job, V1JobCondition, V1Pod } from '../../openapi/generated/types.ts';
import { indexedJob, jobWith, type PodTraits, podWith } from './fixtures.ts';
import { lookAt } from './look.ts';
import { INDEX_FAILURE_COUNT } from './pods.ts';
import { isComplete, untilDeadlineMs, verdictOf } from './verdict.ts';

const NOW = Date.UTC(2026, 0, 1, 1);
const NONE: ReadonlySet<string> = new Set();
const pods = (...traits: PodTraits[]): V1Pod[] => traits.map((one, i) => podWith(`p${i}`, one));
const failed = (index?: number, failures?: number, exitCode = 1): PodTraits => ({
  phase: 'Failed',
  exitCode,
  ...(index === undefined ? {} : { index }),
  ...(failures === undefined ? {} : { annotations: { [INDEX_FAILURE_COUNT]: `${failures}` } }),
});
const done = (index: number): PodTraits => ({ phase: 'Succeeded', index });
const rules = (action: string) => ({ rules: [{ action, onExitCodes: { operator: 'In', values: [42] } }] });
const onFailure = { metadata: { labels: { job: 'work' } }, spec: { restartPolicy: 'OnFailure', containers: [] } };
const condition = (type: string): V1JobCondition => ({ type, status: 'True', reason: 'R', message: 'M' });

describe('verdictOf', () => {
  const cases: {
    title: string;
    job: V1Job;
    pods?: V1Pod[];
    expected?: [type: string, reason: string, message: string];
  }[] = [
    { title: 'leaves a job that runs undecided', job: jobWith(), pods: pods({}) },
    { title: 'lets a job have as many failures as its limit', job: jobWith({ backoffLimit: 1 }, { failed: 1 }) },
    {
      title: 'fails at one more, old and new ones together',
      job: jobWith({ backoffLimit: 1 }, { failed: 1 }),
      pods: pods(failed()),
      expected: ['FailureTarget', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit'],
    },
    {
      title: 'counts a failure once that the status names already',
      job: jobWith({ backoffLimit: 1 }, { uncountedTerminatedPods: { failed: ['p0'] } }),
      pods: pods(failed()),
    },
    {
      title: 'counts no failure whose pod is let go already',
      job: jobWith({ backoffLimit: 1 }, { failed: 1 }),
      pods: pods({ ...failed(), tracked: false }),
    },
    {
      title: 'counts restarts where containers are started again',
      job: jobWith({ backoffLimit: 2, template: onFailure }),
      pods: pods({ restarts: 2 }),
      expected: ['FailureTarget', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit'],
    },
    {
      title: 'allows fewer restarts',
      job: jobWith({ backoffLimit: 2, template: onFailure }),
      pods: pods({ restarts: 1 }),
    },
    {
      title: 'allows no restart at a limit of none',
      job: jobWith({ backoffLimit: 0, template: onFailure }),
      pods: pods({ restarts: 1 }),
      expected: ['FailureTarget', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit'],
    },
    {
      title: 'fails a job that was active for too long',
      job: jobWith({ activeDeadlineSeconds: 3600 }, { startTime: '2026-01-01T00:00:00Z' }),
      expected: ['FailureTarget', 'DeadlineExceeded', 'Job was active longer than specified deadline'],
    },
    {
      title: 'but not before that',
      job: jobWith({ activeDeadlineSeconds: 3601 }, { startTime: '2026-01-01T00:00:00Z' }),
    },
    {
      title: 'and not while it is suspended',
      job: jobWith({ activeDeadlineSeconds: 1, suspend: true }, { startTime: '2026-01-01T00:00:00Z' }),
    },
    {
      title: 'fails a job by its failure policy',
      job: jobWith({ podFailurePolicy: rules('FailJob') }),
      pods: pods({}, failed(undefined, undefined, 42)),
      expected: [
        'FailureTarget',
        'PodFailurePolicy',
        'Container c for pod default/p1 failed with exit code 42 matching FailJob rule at index 0',
      ],
    },
    {
      title: 'counts no failure that the policy ignores',
      job: jobWith({ backoffLimit: 0, podFailurePolicy: rules('Ignore') }),
      pods: pods(failed(undefined, undefined, 42)),
    },
    {
      title: 'keeps to a success that was told',
      job: jobWith({ backoffLimit: 0 }, { conditions: [condition('SuccessCriteriaMet')] }),
      pods: pods(failed()),
      expected: ['SuccessCriteriaMet', 'R', 'M'],
    },
    {
      title: 'makes of a failure that was told the final one',
      job: jobWith({}, { conditions: [condition('FailureTarget')] }),
      expected: ['Failed', 'R', 'M'],
    },
    {
      title: 'gives each index failures of its own',
      job: indexedJob(3, { backoffLimitPerIndex: 1, backoffLimit: 2 ** 31 - 1 }),
      pods: pods(failed(0, 0), failed(1, 0)),
    },
    {
      title: 'fails when all indexes have ended and one has failed',
      job: indexedJob(2, { backoffLimitPerIndex: 1, backoffLimit: 2 ** 31 - 1 }),
      pods: pods(failed(0, 1), done(1)),
      expected: ['FailureTarget', 'FailedIndexes', 'Job has failed indexes'],
    },
    {
      title: 'fails when too many indexes have',
      job: indexedJob(5, { backoffLimitPerIndex: 0, maxFailedIndexes: 1, backoffLimit: 2 ** 31 - 1 }),
      pods: pods(failed(0, 0), failed(3, 0)),
      expected: [
        'FailureTarget',
        'MaxFailedIndexesExceeded',
        'Job has exceeded the specified maximal number of failed indexes',
      ],
    },
    {
      title: 'fails an index at once where the policy says so',
      job: indexedJob(1, { backoffLimitPerIndex: 9, backoffLimit: 99, podFailurePolicy: rules('FailIndex') }),
      pods: pods(failed(0, 0, 42)),
      expected: ['FailureTarget', 'FailedIndexes', 'Job has failed indexes'],
    },
    {
      title: 'meets the success policy',
      job: indexedJob(5, { successPolicy: { rules: [{ succeededIndexes: '1,3' }] } }, { completedIndexes: '1' }),
      pods: pods(done(3)),
      expected: ['SuccessCriteriaMet', 'SuccessPolicy', 'Matched rules at index 0'],
    },
    {
      title: 'does not meet it with indexes that the job has no more',
      job: indexedJob(2, { successPolicy: { rules: [{ succeededCount: 2 }] } }),
      pods: pods(done(1), done(2)),
    },
  ];
  for (const { title, job, pods: own = [], expected } of cases) {
    it(title, () => {
      const verdict = verdictOf(lookAt(job, own, NONE), job.status ?? {}, NOW);
      assert.deepEqual(verdict && [verdict.type, verdict.reason, verdict.message], expected);
    });
  }

  it('counts no failure whose finalizer is gone, though the copy does not show it', () => {
    const job = jobWith({ backoffLimit: 0 });
    assert.equal(verdictOf(lookAt(job, pods(failed()), new Set(['p0'])), {}, NOW), undefined);
  });
});

describe('untilDeadlineMs', () => {
  it('counts from the start', () => {
    const job = jobWith({ activeDeadlineSeconds: 3700 });
    assert.equal(untilDeadlineMs(job, { startTime: '2026-01-01T00:00:00Z' }, NOW), 100_000);
    assert.equal(untilDeadlineMs(job, {}, NOW), undefined);
    assert.equal(untilDeadlineMs(jobWith(), { startTime: '2026-01-01T00:00:00Z' }, NOW), undefined);
  });
});

describe('isComplete', () => {
  const cases: [completions: number | undefined, succeeded: number, active: number, complete: boolean][] = [
    [3, 2, 0, false],
    [3, 3, 0, true],
    [3, 3, 1, false],
    [0, 0, 0, true],
    [undefined, 0, 0, false],
    [undefined, 1, 0, true],
    [undefined, 1, 2, false],
  ];
  for (const [completions, succeeded, active, complete] of cases) {
    it(`is ${complete} with ${succeeded} of ${completions ?? 'any'} and ${active} active`, () => {
      const job = jobWith();
      if (completions === undefined) delete job.spec!.completions;
      else job.spec!.completions = completions;
      assert.equal(isComplete(job, succeeded, active), complete);
    });
  }
});
