import assert from 'node:assert/strict';
import type { V1Job, V1JobStatus, V1Pod } from '../../openapi/generated/types.ts';
import { conditionOf } from './conditions.ts';
import { indexedJob, jobWith, type PodTraits, podWith } from './fixtures.ts';
import { lookAt } from './look.ts';
import { INDEX_FAILURE_COUNT } from './pods.ts';
import { finish, isSame, settle, trackingOf, UNCOUNTED_MAX, withCounts } from './tracking.ts';

const NOW = Date.UTC(2026, 0, 1, 1);
const pods = (...traits: PodTraits[]): V1Pod[] => traits.map((one, i) => podWith(`p${i}`, one));
const DONE: PodTraits = { phase: 'Succeeded' };
const FAILED: PodTraits = { phase: 'Failed', exitCode: 1 };
const failure = conditionOf('FailureTarget', 'R', 'M', NOW);
const success = conditionOf('SuccessCriteriaMet', 'R', 'M', NOW);

function track(job: V1Job, own: V1Pod[], verdict?: typeof failure, released: string[] = []) {
  const tracking = trackingOf(lookAt(job, own, new Set(released)), job.status ?? {}, verdict, NOW);
  return { ...tracking, release: tracking.release.map(({ metadata }) => metadata?.name) };
}

describe('trackingOf', () => {
  const cases: {
    title: string;
    job: V1Job;
    pods: V1Pod[];
    release: string[];
    status: V1JobStatus;
    verdict?: typeof failure;
  }[] = [
    {
      title: 'names pods that have ended, and lets them go',
      job: jobWith(),
      pods: pods({}, DONE, FAILED, { deleted: true }),
      release: ['p1', 'p2', 'p3'],
      status: { uncountedTerminatedPods: { succeeded: ['p1'], failed: ['p2', 'p3'] } },
    },
    {
      title: 'names none twice',
      job: jobWith({}, { uncountedTerminatedPods: { succeeded: ['p0'], failed: ['p1'] } }),
      pods: pods(DONE, FAILED),
      release: ['p0', 'p1'],
      status: { uncountedTerminatedPods: { succeeded: ['p0'], failed: ['p1'] } },
    },
    {
      title: 'adds up those that have lost their finalizer, be it with the pod',
      job: jobWith({}, { succeeded: 1, uncountedTerminatedPods: { succeeded: ['p0', 'gone'], failed: ['p1', 'p2'] } }),
      pods: pods({ ...DONE, tracked: false }, FAILED, { ...FAILED, tracked: false }),
      release: ['p1'],
      status: { succeeded: 3, failed: 1, uncountedTerminatedPods: { failed: ['p1'] } },
    },
    {
      title: 'counts a pod that is being deleted only when it has ended where only failed pods are replaced',
      job: jobWith({ podReplacementPolicy: 'Failed' }),
      pods: pods({ deleted: true }, { ...FAILED, deleted: true }),
      release: ['p1'],
      status: { uncountedTerminatedPods: { failed: ['p1'] } },
    },
    {
      title: 'lets go of ignored failures without a name',
      job: jobWith({
        podFailurePolicy: { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [1] } }] },
      }),
      pods: pods(FAILED),
      release: ['p0'],
      status: {},
    },
    {
      title: 'counts pods that still run as failed once the job has failed',
      job: jobWith(),
      pods: pods({}, DONE),
      release: ['p0', 'p1'],
      verdict: failure,
      status: { conditions: [failure], uncountedTerminatedPods: { succeeded: ['p1'], failed: ['p0'] } },
    },
    {
      title: 'and not when it has succeeded',
      job: jobWith(),
      pods: pods({}),
      release: ['p0'],
      verdict: success,
      status: { conditions: [success] },
    },
    {
      title: 'tells a success once',
      job: jobWith({}, { conditions: [success] }),
      pods: [],
      release: [],
      verdict: conditionOf('SuccessCriteriaMet', 'R', 'M', NOW + 5000),
      status: { conditions: [success] },
    },
    {
      title: 'writes indexes instead of names',
      job: indexedJob(5, {}, { succeeded: 1, completedIndexes: '1' }),
      pods: pods({ ...DONE, index: 3 }, { ...DONE, index: 2 }, { ...FAILED, index: 4 }, { ...DONE, index: 9 }),
      release: ['p1', 'p0', 'p2', 'p3'],
      status: { succeeded: 3, completedIndexes: '1-3', uncountedTerminatedPods: { failed: ['p2'] } },
    },
    {
      title: 'counts no success of an index twice',
      job: indexedJob(2, {}, { succeeded: 1, completedIndexes: '0' }),
      pods: pods({ ...DONE, index: 0 }),
      release: ['p0'],
      status: { succeeded: 1, completedIndexes: '0' },
    },
    {
      title: 'forgets indexes that the job has no more',
      job: indexedJob(2, {}, { succeeded: 3, completedIndexes: '0,3,4' }),
      pods: [],
      release: [],
      status: { succeeded: 1, completedIndexes: '0' },
    },
    {
      title: 'keeps the pod whose failures its replacement must know of',
      job: indexedJob(3, { backoffLimitPerIndex: 1 }),
      pods: pods({ ...FAILED, index: 0 }, { ...FAILED, index: 1, annotations: { [INDEX_FAILURE_COUNT]: '1' } }),
      release: ['p1'],
      status: { failedIndexes: '1', uncountedTerminatedPods: { failed: ['p1'] } },
    },
    {
      title: 'until that is there',
      job: indexedJob(3, { backoffLimitPerIndex: 1 }),
      pods: pods({ ...FAILED, index: 0 }, { index: 0, annotations: { [INDEX_FAILURE_COUNT]: '1' } }),
      release: ['p0'],
      status: { failedIndexes: '', uncountedTerminatedPods: { failed: ['p0'] } },
    },
    {
      title: 'lets all pods of a job go that is being deleted',
      job: { ...jobWith(), metadata: { ...jobWith().metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } },
      pods: pods({}, FAILED),
      release: ['p0', 'p1'],
      status: { uncountedTerminatedPods: { failed: ['p1'] } },
    },
  ];
  for (const { title, job, pods: own, verdict, release, status } of cases) {
    it(title, () => {
      const tracking = track(job, own, verdict);
      assert.deepEqual(tracking.release, release);
      assert.deepEqual(tracking.status, status);
    });
  }

  it('passes over pods whose finalizer is removed, though the copy does not show it', () => {
    const { release, status, tracked } = track(jobWith(), pods(DONE), undefined, ['p0']);
    assert.deepEqual([release, status, tracked.size], [[], {}, 0]);
  });

  it('names at most so many at once', () => {
    const own = Array.from({ length: UNCOUNTED_MAX + 1 }, (_, i) => podWith(`p${i}`, DONE));
    const { release, full } = track(jobWith({ completions: 1000 }), own);
    assert.deepEqual([release.length, full], [UNCOUNTED_MAX, true]);
    assert.equal(track(jobWith({ completions: 1000 }), own.slice(2)).full, false);
  });

  it('gives the condition to end with', () => {
    assert.deepEqual(track(jobWith(), [], failure).final, conditionOf('Failed', 'R', 'M', NOW));
    assert.deepEqual(track(jobWith(), [], success).final, conditionOf('Complete', 'R', 'M', NOW));
    assert.equal(track(jobWith(), []).final, undefined);
  });
});

describe('finish', () => {
  const complete = conditionOf('Complete', 'R', 'M', NOW);
  it('ends the job when nothing is left', () => {
    assert.deepEqual(finish({ uncountedTerminatedPods: {}, conditions: [success] }, complete, 0), {
      uncountedTerminatedPods: {},
      conditions: [success, complete],
      startTime: '2026-01-01T01:00:00Z',
      completionTime: '2026-01-01T01:00:00Z',
    });
    const failed = conditionOf('Failed', 'R', 'M', NOW);
    const startTime = '2026-01-01T00:00:00Z';
    assert.deepEqual(finish({ startTime }, failed, 0), { startTime, conditions: [failed] });
  });
  it('waits for pods that are uncounted or still stopping', () => {
    assert.equal(finish({ uncountedTerminatedPods: { failed: ['a'] } }, complete, 0), undefined);
    assert.equal(finish({}, complete, 1), undefined);
  });
});

describe('statuses', () => {
  it('are settled only when a pod has lost its finalizer', () => {
    const status = { uncountedTerminatedPods: { succeeded: ['a'] } };
    assert.equal(settle(status, new Set(['a'])), status);
    assert.deepEqual(settle(status, new Set()), { succeeded: 1, uncountedTerminatedPods: {} });
  });
  it('leave out that no pod is active', () => {
    const counts = { active: 0, ready: 0, terminating: 0 };
    assert.deepEqual(withCounts({ active: 3 }, counts), { ready: 0, terminating: 0, uncountedTerminatedPods: {} });
    assert.equal(withCounts({}, { ...counts, active: 2 }).active, 2);
  });
  it('are the same when they say the same', () => {
    assert.equal(isSame({ conditions: [success] }, { conditions: [{ ...success }] }), true);
    assert.equal(isSame({ active: 1 }, {}), false);
    assert.equal(isSame({}, { ready: 0 }), false);
  });
});
