import assert from 'node:assert/strict';
import type { V1Job, V1Pod } from '../../openapi/generated/types.ts';
import { NO_BACKOFF } from './backoff.ts';
import { indexedJob, jobWith, type PodTraits, podWith } from './fixtures.ts';
import { lookAt } from './look.ts';
import { type Plan, planOf } from './plan.ts';
import { INDEX_FAILURE_COUNT } from './pods.ts';

const NOW = Date.UTC(2026, 0, 1, 1);
const pods = (...traits: PodTraits[]): V1Pod[] => traits.map((one, i) => podWith(`p${i}`, one));
const done: PodTraits = { phase: 'Succeeded' };
const plan = (job: V1Job, own: V1Pod[], record = NO_BACKOFF) => planOf(lookAt(job, own, new Set()), record, NOW);
const shown = (made: Plan) =>
  made.kind === 'delete' ? { delete: made.pods.map(({ metadata }) => metadata?.name).sort() } : made;
const create = (count: number) => ({ kind: 'create', count });
const createIndexes = (...indexes: number[]) => ({ kind: 'create', count: indexes.length, indexes });
const NOTHING = { kind: 'nothing' };

describe('planOf', () => {
  const withoutCompletions = (parallelism: number) => {
    const job = jobWith({ parallelism });
    delete job.spec!.completions;
    return job;
  };
  const perIndex = (seconds: number, index: number): PodTraits => ({
    phase: 'Failed',
    index,
    annotations: { [INDEX_FAILURE_COUNT]: '0' },
    finishedAt: `${new Date(NOW - seconds * 1000).toISOString().slice(0, 19)}Z`,
  });
  const cases: { title: string; job: V1Job; pods?: V1Pod[]; expected: object }[] = [
    { title: 'starts as many as may run', job: jobWith({ completions: 5, parallelism: 3 }), expected: create(3) },
    {
      title: 'starts no more than are to succeed',
      job: jobWith({ completions: 2, parallelism: 3 }),
      expected: create(2),
    },
    {
      title: 'counts successes that are not in the status yet',
      job: jobWith({ completions: 4, parallelism: 3 }, { succeeded: 1 }),
      pods: pods(done, {}),
      expected: create(1),
    },
    {
      title: 'makes no more than 500 at once',
      job: jobWith({ completions: 900, parallelism: 900 }),
      expected: create(500),
    },
    {
      title: 'stops what is too much, what is pending first',
      job: jobWith({ completions: 5, parallelism: 1 }),
      pods: pods({}, { phase: 'Pending' }, {}).map((pod, i) => (i === 2 ? { ...pod, spec: { containers: [] } } : pod)),
      expected: { delete: ['p1', 'p2'] },
    },
    {
      title: 'starts none while all run',
      job: jobWith({ completions: 2, parallelism: 2 }),
      pods: pods({}, {}),
      expected: NOTHING,
    },
    {
      title: 'without a number keeps as many as may run',
      job: withoutCompletions(3),
      pods: pods({}),
      expected: create(2),
    },
    {
      title: 'without a number starts none after a success',
      job: withoutCompletions(3),
      pods: pods({}, done),
      expected: NOTHING,
    },
    {
      title: 'replaces a pod that is being deleted',
      job: jobWith(),
      pods: pods({ deleted: true }),
      expected: create(1),
    },
    {
      title: 'waits until it has ended where only failed pods are replaced',
      job: jobWith({ podReplacementPolicy: 'Failed' }),
      pods: pods({ deleted: true }),
      expected: NOTHING,
    },
    {
      title: 'stops all pods of a suspended job',
      job: jobWith({ suspend: true }),
      pods: pods({}, {}),
      expected: { delete: ['p0', 'p1'] },
    },
    { title: 'starts none of a suspended job', job: jobWith({ suspend: true }), expected: NOTHING },
    {
      title: 'starts the first indexes that are neither done nor under way',
      job: indexedJob(6, { parallelism: 4 }, { completedIndexes: '1' }),
      pods: pods({ index: 0 }, { ...done, index: 3 }),
      expected: createIndexes(2, 4, 5),
    },
    {
      title: 'stops pods of an index twice, without one, and beyond the last',
      job: indexedJob(3),
      pods: pods({ index: 0 }, { index: 0, phase: 'Pending' }, {}, { index: 7 }, { index: 'x' }),
      expected: { delete: ['p1', 'p2', 'p3', 'p4'] },
    },
    {
      title: 'does not start an index that is stopping where only failed pods are replaced',
      job: indexedJob(2, { podReplacementPolicy: 'Failed' }),
      pods: pods({ index: 0, deleted: true }),
      expected: createIndexes(1),
    },
    {
      title: 'starts no index that has failed for good',
      job: indexedJob(3, { backoffLimitPerIndex: 0 }, { failedIndexes: '0' }),
      expected: createIndexes(1, 2),
    },
    {
      title: 'starts the indexes whose own wait is over',
      job: indexedJob(2, { backoffLimitPerIndex: 3 }),
      pods: pods(perIndex(4, 0), perIndex(10, 1)),
      expected: createIndexes(1),
    },
    {
      title: 'waits for the first index',
      job: indexedJob(2, { backoffLimitPerIndex: 3 }),
      pods: pods(perIndex(4, 0), perIndex(7, 1)),
      expected: { kind: 'wait', ms: 3000 },
    },
  ];
  for (const { title, job, pods: own = [], expected } of cases) {
    it(title, () => assert.deepEqual(shown(plan(job, own)), expected));
  }

  it('waits after failures, and not to stop pods', () => {
    const record = { failures: 2, lastFailureMs: NOW - 5000 };
    assert.deepEqual(plan(jobWith({ completions: 2, parallelism: 2 }), pods({}), record), { kind: 'wait', ms: 15_000 });
    assert.deepEqual(shown(plan(jobWith({ completions: 2, parallelism: 0 }), pods({}), record)), { delete: ['p0'] });
  });
});
