import assert from 'node:assert/strict';
import type { V1Pod } from '../../openapi/generated/types.ts';
import { sameStatus, statusOf } from './status.ts';
import { statefulSet } from './testing.ts';

const NOW = Date.UTC(2026, 0, 1, 0, 1);
const REVISIONS = { current: 'old', update: 'new', collisionCount: 3 };

function pod(revision: string, seen: { ready?: boolean; phase?: string; going?: boolean; since?: string } = {}): V1Pod {
  const { ready = true, phase = 'Running', going = false, since = '2026-01-01T00:00:00Z' } = seen;
  return {
    metadata: {
      labels: { 'controller-revision-hash': revision },
      ...(going ? { deletionTimestamp: '2026-01-01T00:00:30Z' } : {}),
    },
    status: { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: since }] },
  };
}

describe('statusOf', () => {
  it('counts pods, the ready and available ones, and those of either revision that stay', () => {
    const set = statefulSet(6, { minReadySeconds: 10 });
    set.metadata!.generation = 4;
    const going = pod('old', { going: true });
    const outdated = pod('old');
    const pods = [
      pod('old', { since: '2026-01-01T00:00:51Z' }),
      outdated,
      going,
      pod('new', { ready: false }),
      pod('new', { phase: 'Pending' }),
      pod('other'),
    ];
    assert.deepEqual(statusOf(set, pods, REVISIONS, [outdated], NOW), {
      observedGeneration: 4,
      replicas: 6,
      readyReplicas: 4,
      availableReplicas: 3,
      currentReplicas: 1,
      updatedReplicas: 2,
      currentRevision: 'old',
      updateRevision: 'new',
      collisionCount: 3,
    });
  });

  const complete = [pod('new'), pod('new')];
  for (const [title, replicas, pods, more, current] of [
    ['makes the new revision the current one when all pods are of it and ready', 2, complete, {}, 'new'],
    ['waits for pods that are not ready', 2, [pod('new'), pod('new', { ready: false })], {}, 'old'],
    ['waits for pods that are not there', 3, complete, {}, 'old'],
    ['waits for pods that are too many', 1, complete, {}, 'old'],
    ['never does so for a set that updates on delete', 2, complete, { updateStrategy: { type: 'OnDelete' } }, 'old'],
  ] as const) {
    it(title, () => {
      const status = statusOf(statefulSet(replicas, more), pods, REVISIONS, [], NOW);
      assert.equal(status.currentRevision, current);
      assert.equal(status.currentReplicas, current === 'new' ? 2 : 0);
    });
  }
});

describe('sameStatus', () => {
  const status = { replicas: 1, readyReplicas: 1, observedGeneration: 2, currentRevision: 'a', updateRevision: 'b' };
  it('takes a count that is left out for zero, and an older generation for told', () => {
    assert.equal(sameStatus(status, { ...status, availableReplicas: 0, observedGeneration: 1 }), true);
    assert.equal(sameStatus(undefined, { replicas: 0 }), true);
  });
  for (const change of [
    { replicas: 2 },
    { readyReplicas: 0 },
    { availableReplicas: 1 },
    { currentReplicas: 1 },
    { updatedReplicas: 1 },
    { observedGeneration: 3 },
    { currentRevision: 'x' },
    { updateRevision: 'x' },
  ]) {
    it(`sees a change of ${Object.keys(change)[0]}`, () => {
      assert.equal(sameStatus(status, { ...status, ...change }), false);
    });
  }
});
