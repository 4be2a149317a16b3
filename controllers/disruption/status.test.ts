import assert from 'node:assert/strict';
import type { V1Pod, V1PodDisruptionBudget } from '../../openapi/generated/types.ts';
import {
  countHealthy,
  disruptedOf,
  disruptionTargetLeftMs,
  expectedOf,
  failedStatus,
  needsScale,
  sameStatus,
  selectorInWords,
  statusOf,
  withStaleTarget,
} from './status.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const ago = (seconds: number) => `${new Date(NOW - seconds * 1000).toISOString().slice(0, 19)}Z`;
const pod = (name: string, more: { ready?: boolean; deleted?: boolean; status?: V1Pod['status'] } = {}): V1Pod => ({
  metadata: { name, generation: 4, ...(more.deleted ? { deletionTimestamp: ago(1) } : {}) },
  status: { conditions: [{ type: 'Ready', status: (more.ready ?? true) ? 'True' : 'False' }], ...more.status },
});

describe('expectedOf', () => {
  const cases: { spec: V1PodDisruptionBudget['spec']; scaled: boolean; expected: [number, number] }[] = [
    { spec: { minAvailable: 2 }, scaled: false, expected: [3, 2] },
    { spec: { minAvailable: '50%' }, scaled: true, expected: [5, 3] },
    { spec: { maxUnavailable: 1 }, scaled: true, expected: [5, 4] },
    { spec: { maxUnavailable: '30%' }, scaled: true, expected: [5, 3] },
    { spec: { maxUnavailable: 9 }, scaled: true, expected: [5, 0] },
    { spec: {}, scaled: false, expected: [0, 0] },
  ];
  for (const { spec = {}, scaled, expected } of cases) {
    it(`of 3 pods whose controllers ask for 5 and ${JSON.stringify(spec)} is ${expected.join(', healthy ')}`, () => {
      const { expectedPods, desiredHealthy } = expectedOf({ spec }, 3, 5);
      assert.deepEqual([expectedPods, desiredHealthy], expected);
      assert.equal(needsScale({ spec }), scaled);
    });
  }
});

describe('pods of a budget', () => {
  const budget = (disruptedPods: Record<string, string>): V1PodDisruptionBudget => ({
    metadata: { generation: 2 },
    status: { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, disruptionsAllowed: 0, disruptedPods },
  });

  it('are awaited to go for two minutes after their eviction was granted', () => {
    const pods = [pod('a'), pod('b'), pod('c'), pod('d', { deleted: true })];
    const granted = { a: ago(10), b: ago(119), c: ago(121), d: ago(10), gone: ago(10) };
    const { pods: awaited, recheckInMs, overdue } = disruptedOf(budget(granted), pods, NOW);
    assert.deepEqual(awaited, { a: ago(10), b: ago(119) });
    assert.equal(recheckInMs, 1000);
    assert.deepEqual(
      overdue.map(({ metadata }) => metadata!.name),
      ['c'],
    );
  });

  it('are healthy when ready, not going, and not about to go', () => {
    const pods = [pod('a'), pod('b', { ready: false }), pod('c', { deleted: true }), pod('d'), pod('e')];
    assert.equal(countHealthy(pods, { d: ago(10) }, NOW), 2);
  });

  it('named as what every object has are not taken for granted', () => {
    assert.deepEqual(disruptedOf(budget({ a: ago(1) }), [pod('constructor')], NOW), { pods: {}, overdue: [] });
  });
});

describe('statusOf', () => {
  const budget: V1PodDisruptionBudget = { metadata: { name: 'b', generation: 3 } };
  const counted = { expectedPods: 5, desiredHealthy: 3, currentHealthy: 5, disruptedPods: {} };

  it('allows what is healthy beyond what is desired', () => {
    assert.deepEqual(statusOf(budget, counted, NOW), {
      observedGeneration: 3,
      disruptionsAllowed: 2,
      currentHealthy: 5,
      desiredHealthy: 3,
      expectedPods: 5,
      conditions: [
        {
          type: 'DisruptionAllowed',
          status: 'True',
          reason: 'SufficientPods',
          message: '',
          observedGeneration: 3,
          lastTransitionTime: ago(0),
        },
      ],
    });
  });

  const none: { title: string; more: object }[] = [
    { title: 'when too few are healthy', more: { currentHealthy: 2 } },
    { title: 'when just enough are healthy', more: { currentHealthy: 3 } },
    { title: 'when no pod is expected', more: { expectedPods: 0, desiredHealthy: 0 } },
  ];
  for (const { title, more } of none) {
    it(`allows nothing ${title}`, () => {
      const status = statusOf(budget, { ...counted, ...more }, NOW);
      assert.equal(status.disruptionsAllowed, 0);
      assert.deepEqual([status.conditions![0]!.status, status.conditions![0]!.reason], ['False', 'InsufficientPods']);
    });
  }

  it('is the same again, and keeps the time of the last change', () => {
    const before = statusOf(budget, counted, NOW);
    const later = statusOf({ ...budget, status: before }, counted, NOW + 5000);
    assert.ok(sameStatus(before, later));
    const changed = statusOf({ ...budget, status: before }, { ...counted, currentHealthy: 4 }, NOW + 5000);
    assert.ok(!sameStatus(before, changed));
    assert.equal(changed.conditions![0]!.lastTransitionTime, ago(0));
  });

  it('after a failure allows nothing and says why', () => {
    const before = statusOf(budget, counted, NOW);
    const failed = failedStatus({ ...budget, status: before }, 'no luck', NOW + 1000);
    assert.equal(failed.disruptionsAllowed, 0);
    assert.equal(failed.currentHealthy, 5);
    const { status, reason, message, lastTransitionTime } = failed.conditions![0]!;
    assert.deepEqual([status, reason, message, lastTransitionTime], ['False', 'SyncFailed', 'no luck', ago(-1)]);
  });
});

describe('a DisruptionTarget', () => {
  const target = (more: object, status: object = {}, deleted = false) =>
    pod('a', {
      deleted,
      status: {
        conditions: [{ type: 'DisruptionTarget', status: 'True', lastTransitionTime: ago(30), ...more }],
        ...status,
      },
    });
  const cases: { title: string; given: V1Pod; expected: number | undefined }[] = [
    { title: 'is stale two minutes after it was set', given: target({}), expected: 90_000 },
    { title: 'is stale at once when older', given: target({ lastTransitionTime: ago(500) }), expected: 0 },
    { title: 'of a kubelet is never stale', given: target({ reason: 'TerminationByKubelet' }), expected: undefined },
    { title: 'that is taken back is not', given: target({ status: 'False' }), expected: undefined },
    { title: 'of a pod that goes is not', given: target({}, {}, true), expected: undefined },
    { title: 'of a pod that has ended is not', given: target({}, { phase: 'Failed' }), expected: undefined },
    { title: 'that is not there is not', given: pod('a'), expected: undefined },
  ];
  for (const { title, given, expected } of cases) {
    it(title, () => assert.equal(disruptionTargetLeftMs(given, NOW), expected));
  }

  it('is taken back without a reason', () => {
    assert.deepEqual(withStaleTarget(target({ reason: 'x', message: 'y' }), NOW).status!.conditions, [
      { type: 'DisruptionTarget', status: 'False', lastTransitionTime: ago(0), observedGeneration: 4 },
    ]);
  });
});

describe('selectorInWords', () => {
  it('prints as Go does', () => {
    assert.equal(
      selectorInWords({
        matchLabels: { b: '2', a: '1' },
        matchExpressions: [{ key: 'k', operator: 'In', values: ['x', 'y'] }],
      }),
      '&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{' +
        'LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}',
    );
  });
});
