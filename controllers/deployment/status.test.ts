import assert from 'node:assert/strict';
import type { V1Deployment, V1DeploymentCondition, V1ReplicaSet } from '../../openapi/generated/types.ts';
import { conditionOf, newCondition, withCondition } from './conditions.ts';
import { isComplete, NO_LIMIT, progressCheckMs, rolloutStatusOf, sameStatus, statusOf } from './status.ts';

const NOW = Date.UTC(2026, 0, 1, 0, 10);
const THEN = Date.UTC(2026, 0, 1, 0, 5);

function deployment(more: Partial<V1Deployment['spec']> = {}, status: V1Deployment['status'] = {}): V1Deployment {
  return {
    metadata: { name: 'web', generation: 2 },
    spec: {
      replicas: 4,
      progressDeadlineSeconds: 600,
      selector: {},
      template: {},
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
      ...more,
    },
    status,
  };
}

function set(name: string, size: number, status: Partial<V1ReplicaSet['status']> = {}): V1ReplicaSet {
  return {
    metadata: { name },
    spec: { replicas: size, selector: {} },
    status: {
      replicas: size,
      readyReplicas: size,
      availableReplicas: size,
      terminatingReplicas: 0,
      observedGeneration: 1,
      ...status,
    },
  };
}

const progressing = (reason: string, status = 'True', at = THEN): V1DeploymentCondition =>
  newCondition('Progressing', status as 'True', reason, 'm', at);
const told = (condition: V1DeploymentCondition | undefined) =>
  condition && [condition.status, condition.reason, condition.message];

describe('statusOf', () => {
  it('sums up what the ReplicaSets say', () => {
    const current = set('new', 2, { availableReplicas: 1, terminatingReplicas: 1 });
    const d = deployment({}, { collisionCount: 1 });
    const { conditions, ...counts } = statusOf(d, { current, old: [set('old', 3)] }, NOW);
    assert.deepEqual(counts, {
      observedGeneration: 2,
      replicas: 5,
      updatedReplicas: 2,
      readyReplicas: 5,
      availableReplicas: 4,
      unavailableReplicas: 1,
      terminatingReplicas: 1,
      collisionCount: 1,
    });
    assert.deepEqual(conditions, [
      {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
        lastUpdateTime: '2026-01-01T00:10:00Z',
        lastTransitionTime: '2026-01-01T00:10:00Z',
      },
    ]);
  });

  it('says when fewer are available than must be', () => {
    const status = statusOf(deployment(), { current: set('new', 2), old: [] }, NOW);
    assert.deepEqual(told(conditionOf(status, 'Available')), [
      'False',
      'MinimumReplicasUnavailable',
      'Deployment does not have minimum availability.',
    ]);
  });

  it('does not tell how many are terminating while a ReplicaSet does not', () => {
    const silent = set('old', 1);
    delete silent.status!.terminatingReplicas;
    assert.equal(statusOf(deployment(), { current: undefined, old: [silent] }, NOW).terminatingReplicas, undefined);
    silent.status!.observedGeneration = 0;
    assert.equal(statusOf(deployment(), { current: undefined, old: [silent] }, NOW).terminatingReplicas, 0);
  });
});

describe('rolloutStatusOf', () => {
  const full = { current: set('new', 4), old: [] };
  const reached = { replicas: 4, updatedReplicas: 2, readyReplicas: 4, availableReplicas: 4, observedGeneration: 2 };

  const cases: [
    string,
    V1Deployment,
    { current?: V1ReplicaSet; old: V1ReplicaSet[] },
    (string | undefined)[] | undefined,
  ][] = [
    [
      'is done when all pods are new and available',
      deployment({}, { conditions: [progressing('ReplicaSetUpdated')] }),
      full,
      ['True', 'NewReplicaSetAvailable', 'ReplicaSet "new" has successfully progressed.'],
    ],
    [
      'moves when there are more new pods',
      deployment({}, { ...reached, updatedReplicas: 1 }),
      { current: set('new', 2), old: [set('old', 2)] },
      ['True', 'ReplicaSetUpdated', 'ReplicaSet "new" is progressing.'],
    ],
    [
      'names the Deployment before there is a new ReplicaSet',
      deployment({}, { ...reached, updatedReplicas: 0 }),
      { old: [set('old', 3)] },
      ['True', 'ReplicaSetUpdated', 'Deployment "web" is progressing.'],
    ],
    [
      'is stuck when nothing moved for too long',
      deployment({ progressDeadlineSeconds: 299 }, { ...reached, conditions: [progressing('ReplicaSetUpdated')] }),
      { current: set('new', 2), old: [set('old', 2)] },
      ['False', 'ProgressDeadlineExceeded', 'ReplicaSet "new" has timed out progressing.'],
    ],
    [
      'may still move before that',
      deployment({ progressDeadlineSeconds: 300 }, { ...reached, conditions: [progressing('ReplicaSetUpdated')] }),
      { current: set('new', 2), old: [set('old', 2)] },
      ['True', 'ReplicaSetUpdated', 'm'],
    ],
    [
      'is not stuck just because the last update was long ago',
      deployment({ progressDeadlineSeconds: 1 }, { ...reached, conditions: [progressing('NewReplicaSetAvailable')] }),
      { current: set('new', 2), old: [set('old', 2)] },
      ['True', 'NewReplicaSetAvailable', 'm'],
    ],
    [
      'says nothing when nobody asks for progress',
      deployment({ progressDeadlineSeconds: NO_LIMIT }, { conditions: [progressing('ReplicaSetUpdated')] }),
      full,
      undefined,
    ],
  ];
  for (const [title, d, sets, expected] of cases) {
    it(title, () => {
      const { current, old } = sets;
      assert.deepEqual(told(conditionOf(rolloutStatusOf(d, { current, old }, NOW), 'Progressing')), expected);
    });
  }

  it('keeps the time of the transition and renews that of the update while it moves', () => {
    const d = deployment({}, { ...reached, updatedReplicas: 1, conditions: [progressing('ReplicaSetUpdated')] });
    const status = rolloutStatusOf(d, { current: set('new', 2), old: [set('old', 2)] }, NOW);
    const condition = conditionOf(status, 'Progressing');
    assert.equal(condition?.lastTransitionTime, '2026-01-01T00:05:00Z');
    assert.equal(condition?.lastUpdateTime, '2026-01-01T00:10:00Z');
  });

  it('passes on why a ReplicaSet cannot make its pods, and forgets it', () => {
    const failing = set('new', 4, {
      conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'quota' }],
    });
    const failed = rolloutStatusOf(deployment(), { current: failing, old: [] }, NOW);
    assert.deepEqual(told(conditionOf(failed, 'ReplicaFailure')), ['True', 'FailedCreate', 'quota']);
    const well = rolloutStatusOf(deployment({}, failed), full, NOW);
    assert.equal(conditionOf(well, 'ReplicaFailure'), undefined);
  });
});

describe('isComplete', () => {
  const done = { replicas: 4, updatedReplicas: 4, availableReplicas: 4, observedGeneration: 2 };
  it('wants all pods new and available, no old ones, and a status that is not behind', () => {
    assert.ok(isComplete(deployment(), done));
    for (const change of [
      { replicas: 5 },
      { updatedReplicas: 3 },
      { availableReplicas: 3 },
      { observedGeneration: 1 },
    ]) {
      assert.ok(!isComplete(deployment(), { ...done, ...change }), JSON.stringify(change));
    }
  });
});

describe('progressCheckMs', () => {
  const status = { replicas: 1 };
  it('is when the deadline will have passed', () => {
    const d = deployment({ progressDeadlineSeconds: 400 }, { conditions: [progressing('ReplicaSetUpdated')] });
    assert.equal(progressCheckMs(d, status, NOW), 101_000);
    assert.equal(progressCheckMs(d, status, NOW + 200_000), 1000);
  });
  it('is never when it is stuck already, done, or nobody asks', () => {
    const stuck = deployment({}, { conditions: [progressing('ProgressDeadlineExceeded', 'False')] });
    assert.equal(progressCheckMs(stuck, status, NOW), undefined);
    assert.equal(progressCheckMs(deployment(), status, NOW), undefined);
    const free = deployment({ progressDeadlineSeconds: NO_LIMIT }, { conditions: [progressing('x')] });
    assert.equal(progressCheckMs(free, status, NOW), undefined);
  });
});

describe('withCondition', () => {
  it('changes nothing when status and reason are the same', () => {
    const before = [progressing('x')];
    assert.deepEqual(withCondition(before, newCondition('Progressing', 'True', 'x', 'other', NOW)), before);
  });
  it('keeps the time of the transition when only the reason changes', () => {
    const [condition] = withCondition([progressing('x')], newCondition('Progressing', 'True', 'y', 'm', NOW));
    assert.equal(condition?.lastTransitionTime, '2026-01-01T00:05:00Z');
    assert.equal(condition?.lastUpdateTime, '2026-01-01T00:10:00Z');
  });
});

describe('sameStatus', () => {
  const status = { replicas: 1, conditions: [progressing('x')] };
  it('takes a count that is left out for zero', () => {
    assert.ok(sameStatus(status, { ...status, updatedReplicas: 0 }));
  });
  for (const change of [
    { replicas: 2 },
    { terminatingReplicas: 0 },
    { collisionCount: 1 },
    { observedGeneration: 1 },
    { unavailableReplicas: 1 },
    { conditions: [] },
    { conditions: [progressing('x', 'True', NOW)] },
  ]) {
    it(`sees a change of ${JSON.stringify(change).slice(0, 40)}`, () => {
      assert.ok(!sameStatus(status, { ...status, ...change }));
    });
  }
});
