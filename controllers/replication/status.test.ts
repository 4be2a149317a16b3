import assert from 'node:assert/strict';
import type { V1Pod } from '../../openapi/generated/types.ts';
import { webController } from '../runtime/fake-cluster.ts';
import { batchMsOf, sameStatus, statusOf } from './status.ts';

const NOW = Date.UTC(2026, 0, 1, 0, 1);

function pod(labels: Record<string, string>, ready?: { status: string; since: string }): V1Pod {
  const conditions = ready ? [{ type: 'Ready', status: ready.status, lastTransitionTime: ready.since }] : [];
  return { metadata: { labels }, status: { conditions } };
}

describe('statusOf', () => {
  it('counts pods, those with all labels, the ready ones and the available ones', () => {
    const rc = webController(4, { minReadySeconds: 30 });
    rc.spec!.template!.metadata!.labels = { app: 'web', tier: 'front' };
    rc.metadata!.generation = 3;
    const full = { app: 'web', tier: 'front', extra: 'x' };
    const pods = [
      pod(full, { status: 'True', since: '2026-01-01T00:00:30Z' }),
      pod(full, { status: 'True', since: '2026-01-01T00:00:31Z' }),
      pod({ app: 'web' }, { status: 'False', since: '2026-01-01T00:00:00Z' }),
      pod(full),
    ];
    assert.deepEqual(statusOf(rc, { active: pods }, undefined, NOW), {
      replicas: 4,
      fullyLabeledReplicas: 3,
      readyReplicas: 2,
      availableReplicas: 1,
      observedGeneration: 3,
    });
  });

  it('says why pods could not be made, in the words it first had, until they can', () => {
    const rc = webController(2);
    const failed = statusOf(rc, { active: [] }, new Error('quota'), NOW);
    assert.deepEqual(failed.conditions, [
      {
        type: 'ReplicaFailure',
        status: 'True',
        lastTransitionTime: '2026-01-01T00:01:00Z',
        reason: 'FailedCreate',
        message: 'quota',
      },
    ]);
    const later = statusOf({ ...rc, status: failed }, { active: [] }, new Error('other'), NOW + 60_000);
    assert.deepEqual(later.conditions, failed.conditions);
    const well = statusOf({ ...rc, status: failed }, { active: [] }, undefined, NOW);
    assert.equal(well.conditions, undefined);
  });

  it('calls it FailedDelete when there are too many', () => {
    const status = statusOf(webController(0), { active: [pod({})] }, new Error('x'), NOW);
    assert.equal(status.conditions?.[0]?.reason, 'FailedDelete');
  });

  it('keeps conditions of others', () => {
    const rc = webController(0);
    const foreign = { type: 'Other', status: 'True' };
    rc.status = { replicas: 0, conditions: [foreign] };
    assert.deepEqual(statusOf(rc, { active: [] }, undefined, NOW).conditions, [foreign]);
  });
});

describe('statusOf, with pods on their way out', () => {
  it('counts them when they are told, none included', () => {
    assert.equal(statusOf(webController(0), { active: [] }, undefined, NOW).terminatingReplicas, undefined);
    assert.equal(statusOf(webController(0), { active: [], terminating: 0 }, undefined, NOW).terminatingReplicas, 0);
    assert.equal(statusOf(webController(0), { active: [], terminating: 3 }, undefined, NOW).terminatingReplicas, 3);
  });
});

describe('batchMsOf', () => {
  it('lets only the many wait, the longer the more there are', () => {
    const sized = (replicas: number, has = 0) => ({ ...webController(replicas), status: { replicas: has } });
    assert.equal(batchMsOf(sized(500, 500)), 0);
    assert.equal(batchMsOf(sized(1000)), 20);
    assert.equal(batchMsOf(sized(0, 1000)), 20);
    assert.equal(batchMsOf(sized(100_000)), 200);
  });
});

describe('sameStatus', () => {
  const status = { replicas: 1, readyReplicas: 1, observedGeneration: 2 };
  it('takes a count that is left out for zero', () => {
    assert.equal(sameStatus(status, { ...status, availableReplicas: 0, fullyLabeledReplicas: 0 }), true);
    assert.equal(sameStatus(undefined, { replicas: 0, observedGeneration: 0 }), true);
  });
  for (const change of [
    { replicas: 2 },
    { readyReplicas: 0 },
    { availableReplicas: 1 },
    { fullyLabeledReplicas: 1 },
    { terminatingReplicas: 0 },
    { observedGeneration: 3 },
    { conditions: [{ type: 'ReplicaFailure', status: 'True' }] },
  ]) {
    it(`sees a change of ${Object.keys(change)[0]}`, () => {
      assert.equal(sameStatus(status, { ...status, ...change }), false);
    });
  }
});
