import assert from 'node:assert/strict';
import { FakeClock } from '../../base/fake-clock.ts';
import type { V1Lease, V1Node, V1Taint, V1Toleration } from '../../openapi/generated/types.ts';
import { conditionsWhenSilent, isSilent, observe } from './health.ts';
import { missingLabels } from './node-taints.ts';
import { applyChange, noExecuteChange, noScheduleChange } from './taints.ts';
import { toleratedMs, tolerates } from './tolerations.ts';
import { EVICTION_RATES, rateOf, Zones, zoneOf, zoneStateOf } from './zones.ts';

const CREATED = '1970-01-01T00:00:01Z';

function node(ready?: string, heartbeat = 'h1', taints?: V1Taint[]): V1Node {
  const condition = { type: 'Ready', status: ready ?? '', lastHeartbeatTime: heartbeat };
  return {
    metadata: { name: 'n', creationTimestamp: CREATED },
    spec: { ...(taints ? { taints } : {}) },
    status: { conditions: ready ? [condition] : [] },
  };
}
const lease = (renewTime: string): V1Lease => ({ spec: { renewTime } });

describe('observe', () => {
  it('counts from now for a node with a status, from its creation for one without', () => {
    assert.equal(observe(undefined, node('True'), undefined, 50_000).probeMs, 50_000);
    assert.equal(observe(undefined, node(), undefined, 50_000).probeMs, 1000);
  });

  it('takes a new heartbeat or a renewed lease for a sign of life, and nothing else', () => {
    const first = observe(undefined, node('True'), lease('t1'), 0);
    assert.equal(observe(first, node('True'), lease('t1'), 5).probeMs, 0);
    assert.equal(observe(first, node('True', 'h2'), lease('t1'), 5).probeMs, 5);
    assert.equal(observe(first, node('True'), lease('t2'), 5).probeMs, 5);
    assert.equal(observe(first, node('True'), lease('t0'), 5).probeMs, 0, 'a lease does not go back');
  });

  it('counts anew when the first status comes', () => {
    const first = observe(undefined, node(), undefined, 5000);
    assert.equal(observe(first, node('False'), undefined, 9000).probeMs, 9000);
  });
});

describe('isSilent', () => {
  const grace = { monitor: 40, startup: 60 };
  it('grants the monitor grace to nodes with a status', () => {
    assert.equal(isSilent({ probeMs: 0, heartbeat: 'h' }, grace, 40), false);
    assert.equal(isSilent({ probeMs: 0, heartbeat: 'h' }, grace, 41), true);
  });
  it('grants the startup grace to those without', () => {
    assert.equal(isSilent({ probeMs: 0 }, grace, 60), false);
    assert.equal(isSilent({ probeMs: 0 }, grace, 61), true);
  });
});

describe('conditionsWhenSilent', () => {
  it('makes what the kubelet said unknown, and adds what it never said', () => {
    const given = node('True');
    given.status!.conditions!.push({ type: 'NetworkUnavailable', status: 'False' });
    const conditions = conditionsWhenSilent(given, 2000)!;
    assert.deepEqual(
      conditions.map(({ type, status, reason, message }) => [type, status, reason, message]),
      [
        ['Ready', 'Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.'],
        ['NetworkUnavailable', 'False', undefined, undefined],
        ['MemoryPressure', 'Unknown', 'NodeStatusNeverUpdated', 'Kubelet never posted node status.'],
        ['DiskPressure', 'Unknown', 'NodeStatusNeverUpdated', 'Kubelet never posted node status.'],
        ['PIDPressure', 'Unknown', 'NodeStatusNeverUpdated', 'Kubelet never posted node status.'],
      ],
    );
    assert.equal(conditions[0]!.lastTransitionTime, '1970-01-01T00:00:02Z');
    assert.equal(conditions[0]!.lastHeartbeatTime, 'h1');
  });
  it('changes nothing twice', () => assert.equal(conditionsWhenSilent(node('Unknown'), 0), undefined));
});

describe('taints', () => {
  const taint = (key: string, effect: string): V1Taint => ({ key: `node.kubernetes.io/${key}`, effect });

  it('follow the conditions with NoSchedule', () => {
    const given = node('False', 'h', [taint('unreachable', 'NoSchedule'), { key: 'mine', effect: 'NoSchedule' }]);
    given.status!.conditions!.push({ type: 'DiskPressure', status: 'True' }, { type: 'PIDPressure', status: 'False' });
    given.spec!.unschedulable = true;
    assert.deepEqual(noScheduleChange(given), {
      effect: 'NoSchedule',
      add: ['node.kubernetes.io/not-ready', 'node.kubernetes.io/disk-pressure', 'node.kubernetes.io/unschedulable'],
      remove: ['node.kubernetes.io/unreachable'],
    });
    assert.deepEqual(noScheduleChange(node('True', 'h', [taint('not-ready', 'NoExecute')])).remove, []);
  });

  for (const { readiness, add, remove } of [
    { readiness: 'True', add: [], remove: ['node.kubernetes.io/unreachable'] },
    { readiness: 'False', add: ['node.kubernetes.io/not-ready'], remove: ['node.kubernetes.io/unreachable'] },
    { readiness: 'Unknown', add: [], remove: [] },
  ]) {
    it(`change with NoExecute when an unreachable node is ${readiness}`, () => {
      const given = node('True', 'h', [taint('unreachable', 'NoExecute'), taint('not-ready', 'NoSchedule')]);
      assert.deepEqual(noExecuteChange(given, readiness), { effect: 'NoExecute', add, remove });
    });
  }

  it('keep what has another key or effect', () => {
    const kept = [taint('a', 'NoSchedule'), taint('b', 'NoExecute')];
    const change = { effect: 'NoExecute', add: ['node.kubernetes.io/c'], remove: ['node.kubernetes.io/a'] };
    assert.deepEqual(applyChange([...kept, taint('a', 'NoExecute')], change, 0), [
      ...kept,
      { ...taint('c', 'NoExecute'), timeAdded: '1970-01-01T00:00:00Z' },
    ]);
  });
});

describe('missingLabels', () => {
  it('repeats the system labels under their old names', () => {
    const labels = { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'arm64', 'beta.kubernetes.io/arch': 'arm64' };
    assert.deepEqual(missingLabels({ metadata: { labels } }), { 'beta.kubernetes.io/os': 'linux' });
  });
});

describe('tolerates', () => {
  const taint = { key: 'k', value: 'v', effect: 'NoExecute' };
  const cases: { title: string; toleration: V1Toleration; expected: boolean }[] = [
    {
      title: 'the same key, value and effect',
      toleration: { key: 'k', value: 'v', effect: 'NoExecute' },
      expected: true,
    },
    { title: 'every effect', toleration: { key: 'k', value: 'v' }, expected: true },
    { title: 'not another value', toleration: { key: 'k', operator: 'Equal', value: 'w' }, expected: false },
    { title: 'any value of a key that must exist', toleration: { key: 'k', operator: 'Exists' }, expected: true },
    { title: 'everything where no key is given', toleration: { operator: 'Exists' }, expected: true },
    { title: 'not another key', toleration: { key: 'x', operator: 'Exists' }, expected: false },
    { title: 'not another effect', toleration: { operator: 'Exists', effect: 'NoSchedule' }, expected: false },
    { title: 'nothing by an empty toleration', toleration: {}, expected: false },
  ];
  for (const { title, toleration, expected } of cases) {
    it(title, () => assert.equal(tolerates(toleration, taint), expected));
  }
});

describe('toleratedMs', () => {
  const a = { key: 'a', effect: 'NoExecute' };
  const b = { key: 'b', effect: 'NoExecute' };
  const forA = (tolerationSeconds?: number): V1Toleration => ({
    key: 'a',
    operator: 'Exists',
    ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
  });
  it('is nothing when one taint is not tolerated', () => assert.equal(toleratedMs([forA()], [a, b]), 0));
  it('is for ever when no toleration has an end', () =>
    assert.equal(toleratedMs([forA()], [a]), Number.POSITIVE_INFINITY));
  it('is the shortest of those in use', () => {
    const forB = { key: 'b', operator: 'Exists', tolerationSeconds: 9 };
    assert.equal(toleratedMs([forA(300), forB, { key: 'c', operator: 'Exists', tolerationSeconds: 1 }], [a, b]), 9000);
  });
  it('is nothing for a toleration of zero or less', () => assert.equal(toleratedMs([forA(-5)], [a]), 0));
});

describe('zones', () => {
  const list = (ready: number, not: number) =>
    [...Array(ready).fill('True'), ...Array(not).fill('Unknown')] as string[];
  for (const { ready, not, expected } of [
    { ready: 3, not: 0, expected: 'Normal' },
    { ready: 1, not: 2, expected: 'Normal' },
    { ready: 2, not: 3, expected: 'PartialDisruption' },
    { ready: 3, not: 3, expected: 'Normal' },
    { ready: 0, not: 1, expected: 'FullDisruption' },
  ]) {
    it(`are ${expected} with ${ready} nodes ready and ${not} not`, () => {
      assert.equal(zoneStateOf(list(ready, not), EVICTION_RATES), expected);
    });
  }

  it('evict slowly when large and partly down, not at all when small', () => {
    assert.equal(rateOf('PartialDisruption', 51, EVICTION_RATES), 0.01);
    assert.equal(rateOf('PartialDisruption', 50, EVICTION_RATES), 0);
    assert.equal(rateOf('FullDisruption', 5, EVICTION_RATES), 0.1);
  });

  it('let one node through every ten seconds, each zone by itself', async () => {
    const clock = new FakeClock();
    const zones = new Zones(clock, EVICTION_RATES);
    zones.update(
      new Map([
        ['a', list(5, 1)],
        ['b', list(5, 1)],
      ]),
    );
    assert.deepEqual([zones.admit('a'), zones.admit('a'), zones.admit('b')], [true, false, true]);
    await clock.advance(10_000);
    assert.equal(zones.admit('a'), true);
  });

  it('stop all evictions while no node is ready anywhere', () => {
    const zones = new Zones(new FakeClock(), EVICTION_RATES);
    assert.equal(
      zones.update(
        new Map([
          ['a', list(1, 0)],
          ['b', list(0, 2)],
        ]),
      ),
      'none',
    );
    assert.equal(zones.admit('b'), true);
    assert.equal(
      zones.update(
        new Map([
          ['a', list(0, 1)],
          ['b', list(0, 2)],
        ]),
      ),
      'entered',
    );
    assert.equal(zones.admit('a'), false);
    assert.equal(
      zones.update(
        new Map([
          ['a', list(0, 1)],
          ['b', list(0, 2)],
        ]),
      ),
      'lasts',
    );
    assert.equal(
      zones.update(
        new Map([
          ['a', list(1, 0)],
          ['b', list(0, 2)],
        ]),
      ),
      'left',
    );
    assert.equal(zones.update(new Map()), 'none', 'no node is no disruption');
  });

  it('are told apart by region and zone', () => {
    const labels = { 'topology.kubernetes.io/region': 'r', 'topology.kubernetes.io/zone': 'z' };
    assert.equal(zoneOf({ metadata: { labels } }), 'r:\u0000:z');
    assert.equal(zoneOf({}), '');
  });
});
