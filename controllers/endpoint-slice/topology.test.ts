import assert from 'node:assert/strict';
import { ENDPOINT_SLICES, NODES, PODS, SERVICES } from '../../client/resources.ts';
import type { V1EndpointSlice, V1Node, V1Service } from '../../openapi/generated/types.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';
import { cpuShares, withTopologyHints } from './topology.ts';

const ZONE = 'topology.kubernetes.io/zone';

function node(name: string, zone: string, more: { cpu?: string; ready?: boolean; labels?: object } = {}): V1Node {
  const { cpu = '4', ready = true, labels = {} } = more;
  return {
    metadata: { name, labels: { ...(zone ? { [ZONE]: zone } : {}), ...labels } },
    status: { allocatable: { cpu }, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

describe('cpuShares', () => {
  const cases: { title: string; nodes: V1Node[]; expected: [string, number][] | undefined }[] = [
    {
      title: 'are of the CPUs of each zone',
      nodes: [node('1', 'a'), node('2', 'a', { cpu: '2' }), node('3', 'b', { cpu: '2000m' })],
      expected: [
        ['a', 0.75],
        ['b', 0.25],
      ],
    },
    {
      title: 'leave out nodes that do not work or do not take pods',
      nodes: [
        node('1', 'a'),
        node('2', 'b'),
        node('3', 'b', { ready: false }),
        node('4', '', { labels: { 'node-role.kubernetes.io/control-plane': '' } }),
      ],
      expected: [
        ['a', 0.5],
        ['b', 0.5],
      ],
    },
    {
      title: 'are unknown when a node has no zone',
      nodes: [node('1', 'a'), node('2', 'b'), node('3', '')],
      expected: undefined,
    },
    {
      title: 'are unknown when a node has no CPU',
      nodes: [node('1', 'a'), node('2', 'b', { cpu: '0' })],
      expected: undefined,
    },
    { title: 'are unknown with one zone', nodes: [node('1', 'a'), node('2', 'a')], expected: undefined },
  ];
  for (const { title, nodes, expected } of cases) {
    it(title, () => {
      const shares = cpuShares(nodes);
      assert.deepEqual(shares && [...shares], expected);
    });
  }
});

describe('withTopologyHints', () => {
  const shares = (...all: number[]) => new Map(all.map((share, i) => ['abc'[i]!, share]));
  const slice = (name: string, zones: string, hints?: string): V1EndpointSlice => ({
    metadata: { name },
    addressType: 'IPv4',
    endpoints: [...zones].map((zone, i) => ({
      addresses: [`10.0.0.${i}`],
      conditions: { ready: zone === zone.toLowerCase() },
      ...(zone === '-' ? {} : { zone: zone.toLowerCase() }),
      ...(hints?.[i] ? { hints: { forZones: [{ name: hints[i]! }] } } : {}),
    })),
  });
  const hintsIn = (slices: readonly V1EndpointSlice[]) =>
    slices.map(({ endpoints }) => endpoints!.map(({ hints }) => hints?.forZones?.[0]?.name ?? '-').join(''));
  const create = (given: V1EndpointSlice) => ({ create: [given], update: [], delete: [] });
  const nothing = { create: [], update: [], delete: [] };

  const even: { title: string; zones: string; shares: number[]; expected: string }[] = [
    { title: 'keeps traffic in its zone where that is fair', zones: 'aabb', shares: [0.5, 0.5], expected: 'aabb' },
    { title: 'lends endpoints to a zone that has too few', zones: 'aaaaab', shares: [0.5, 0.5], expected: 'bbaaab' },
    { title: 'gives a larger zone more', zones: 'aabb', shares: [0.75, 0.25], expected: 'aaab' },
    { title: 'gives no hint to endpoints that are not ready', zones: 'aaBbb', shares: [0.5, 0.5], expected: 'aa-bb' },
  ];
  for (const { title, zones, shares: given, expected } of even) {
    it(title, () => {
      const { plan } = withTopologyHints(create(slice('', zones)), [], shares(...given));
      assert.deepEqual(hintsIn(plan.create), [expected]);
    });
  }

  const refused: { title: string; zones: string; shares: Map<string, number> | undefined; problem: RegExp }[] = [
    {
      title: 'too little is known of nodes',
      zones: 'aabb',
      shares: undefined,
      problem: /^Insufficient Node information/,
    },
    {
      title: 'there are fewer endpoints than zones',
      zones: 'a',
      shares: shares(0.5, 0.5),
      problem: /^Insufficient number of endpoints \(1 endpoints, 2 zones\)$/,
    },
    {
      title: 'no share would be fair',
      zones: 'ab',
      shares: shares(0.9, 0.1),
      problem: /^Unable to allocate minimum required endpoints .* \(2 endpoints, 2 zones\)$/,
    },
    {
      title: 'an endpoint has no zone',
      zones: 'aba-',
      shares: shares(0.5, 0.5),
      problem: /do not have a zone specified$/,
    },
  ];
  for (const { title, zones, shares: given, problem } of refused) {
    it(`gives no hints, and takes those that are there, when ${title}`, () => {
      const old = slice('old', 'aa', 'aa');
      const result = withTopologyHints(create(slice('', zones)), zones === 'a' || zones === 'ab' ? [] : [old], given);
      assert.match(result.problem!, problem);
      assert.equal(result.allocated, undefined);
      assert.deepEqual(hintsIn(result.plan.create), ['-'.repeat(zones.length)]);
      if (zones.length > 2) assert.deepEqual(hintsIn(result.plan.update), ['--']);
    });
  }

  it('leaves slices alone whose hints still fit', () => {
    const { plan, allocated } = withTopologyHints(nothing, [slice('s', 'aabb', 'aabb')], shares(0.5, 0.5));
    assert.deepEqual(plan, nothing);
    assert.deepEqual(
      [...allocated!],
      [
        ['a', 2],
        ['b', 2],
      ],
    );
  });

  it('changes slices whose hints are missing, of a zone that is gone, or too many for one zone', () => {
    for (const hints of ['aab', 'aabc', 'aaaa']) {
      const { plan } = withTopologyHints(nothing, [slice('s', 'aabb', hints)], shares(0.5, 0.5));
      assert.deepEqual(hintsIn(plan.update), ['aabb'], hints);
    }
  });
});

describe('a service that asks for hints by topology', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
  });
  afterEach(() => cluster.stop());

  it('gets them, keeps them fair as nodes come, and loses them when it asks no more', async () => {
    const mode = { 'service.kubernetes.io/topology-mode': 'Auto' };
    cluster.api.create<V1Node>(NODES, undefined, node('n1', 'a'));
    cluster.api.create<V1Service>(SERVICES, 'default', {
      metadata: { name: 'web', annotations: mode },
      spec: { clusterIP: '10.96.0.1', ipFamilies: ['IPv4'], selector: { app: 'web' }, ports: [{ port: 80 }] },
    });
    for (const name of ['p1', 'p2', 'p3', 'p4']) {
      cluster.api.create(PODS, 'default', { metadata: { name, labels: { app: 'web' } } });
      cluster.run(name, { ip: `10.0.0.${name[1]}` });
    }
    const zones = () =>
      cluster.api
        .all<V1EndpointSlice>(ENDPOINT_SLICES, 'default')
        .flatMap(({ endpoints }) => endpoints!.map(({ hints }) => hints?.forZones?.[0]?.name ?? '-'))
        .sort()
        .join('');
    const told = (text: string) => cluster.until(text, () => cluster.events().includes(text));
    await cluster.start(['endpointslice']);
    await told(
      'Warning TopologyAwareHintsDisabled Insufficient Node information: allocatable CPU or zone not specified on one or more nodes, addressType: IPv4',
    );
    assert.equal(zones(), '----');
    cluster.api.create<V1Node>(NODES, undefined, node('n2', 'b'));
    await cluster.clock.advance(1000);
    await cluster.until('shared', () => zones() === 'aabb');
    await told('Normal TopologyAwareHintsEnabled Topology Aware Hints has been enabled, addressType: IPv4');
    cluster.api.change<V1Service>(SERVICES, 'web', 'default', (service) => ({
      ...service,
      metadata: { ...service.metadata, annotations: {} },
    }));
    await cluster.until('gone', () => zones() === '----');
    await told('Warning TopologyAwareHintsDisabled Topology Aware Hints has been disabled, addressType: IPv4');
  });
});
