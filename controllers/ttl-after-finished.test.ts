import assert from 'node:assert/strict';
import { JOBS } from '../client/resources.ts';
import type { V1Job } from '../openapi/generated/types.ts';
import { FakeCluster } from './runtime/fake-cluster.ts';
import { expiryMs } from './ttl-after-finished.ts';

const START = Date.UTC(2026, 0, 1);

function jobWith(ttlSecondsAfterFinished: number | undefined, end = 'Complete', status = 'True'): V1Job {
  return {
    metadata: { name: 'work' },
    spec: { template: {}, ...(ttlSecondsAfterFinished === undefined ? {} : { ttlSecondsAfterFinished }) },
    status: { conditions: [{ type: end, status, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
  };
}

describe('expiryMs', () => {
  const cases: [title: string, job: V1Job, ms: number | undefined][] = [
    ['is some time after the job has completed', jobWith(60), START + 60_000],
    ['or has failed', jobWith(0, 'Failed'), START],
    ['is not of a job without', jobWith(undefined), undefined],
    ['or of one that still runs', jobWith(60, 'Suspended'), undefined],
    ['or of one that has not failed', jobWith(60, 'Failed', 'False'), undefined],
    [
      'or of one that goes already',
      { ...jobWith(60), metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
      undefined,
    ],
  ];
  for (const [title, job, ms] of cases) it(title, () => assert.equal(expiryMs(job), ms));
});

describe('ttl after finished', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0, 'no timer is left');
  });
  const deletions = () => cluster.api.calls.filter(({ method }) => method === 'DELETE');
  const job = () => cluster.api.peek<V1Job>(JOBS, 'work', 'default');

  it('deletes the job with its pods when its time is up', async () => {
    const { metadata } = cluster.api.create(JOBS, 'default', jobWith(60));
    await cluster.start(['ttl-after-finished']);
    await cluster.clock.advance(59_000);
    assert.equal(deletions().length, 0);
    await cluster.clock.advance(1000);
    await cluster.until('deleted', () => job()?.metadata?.deletionTimestamp);
    assert.deepEqual(deletions()[0]!.body, {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Foreground',
      preconditions: { uid: metadata?.uid },
    });
    await cluster.clock.advance(60_000);
    assert.equal(deletions().length, 1);
  });

  it('asks the server first: there may be more time now', async () => {
    cluster.api.create(JOBS, 'default', jobWith(60));
    await cluster.start(['ttl-after-finished']);
    cluster.api.intercept = (call) => {
      if (call.method !== 'GET') return;
      cluster.api.intercept = undefined;
      cluster.api.change<V1Job>(JOBS, 'work', 'default', ({ metadata }) => ({
        ...jobWith(120),
        metadata: metadata ?? {},
      }));
    };
    await cluster.clock.advance(60_000);
    assert.equal(cluster.api.intercept, undefined, 'it asked');
    assert.equal(deletions().length, 0);
    await cluster.clock.advance(60_000);
    await cluster.until('deleted', () => job()?.metadata?.deletionTimestamp);
  });

  it('hears of a job that finishes later', async () => {
    cluster.api.create(JOBS, 'default', jobWith(10, 'Suspended'));
    await cluster.start(['ttl-after-finished']);
    await cluster.clock.advance(100_000);
    assert.equal(deletions().length, 0);
    cluster.api.change<V1Job>(JOBS, 'work', 'default', ({ metadata }) => ({
      ...jobWith(10),
      metadata: metadata ?? {},
    }));
    await cluster.until('deleted', () => job()?.metadata?.deletionTimestamp);
  });
});
