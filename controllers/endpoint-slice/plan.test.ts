import assert from 'node:assert/strict';
import type { V1Endpoint, V1EndpointSlice, V1Pod, V1Service } from '../../openapi/generated/types.ts';
import { addressTypesOf, isInSlices, type PodEndpoint, podEndpoint, portKeyOf } from './endpoint.ts';
import { withHints } from './hints.ts';
import { planSlices } from './plan.ts';
import { recycled, slicePrefix } from './slices.ts';

const service: V1Service = {
  metadata: { name: 'web', namespace: 'default', uid: 'u1', labels: { team: 'x' } },
  spec: { clusterIP: '10.96.0.1', ipFamilies: ['IPv4'], ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
};

function pod(index: number, more: { ready?: boolean; spec?: object; status?: object; meta?: object } = {}): V1Pod {
  const { ready = true, spec, status, meta } = more;
  return {
    metadata: { name: `p${index}`, namespace: 'default', uid: `pod-${index}`, ...meta },
    spec: { containers: [], nodeName: 'n1', ...spec },
    status: {
      phase: 'Running',
      podIP: `10.0.0.${index}`,
      podIPs: [{ ip: `10.0.0.${index}` }],
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      ...status,
    },
  };
}

const endpoints = (indexes: readonly number[], given = service): PodEndpoint[] =>
  indexes.map((index) => podEndpoint(given, pod(index), 'z1', 'IPv4')!);

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** The slices as they are stored after a plan. */
function storedAfter(existing: readonly V1EndpointSlice[], planned: ReturnType<typeof planSlices>): V1EndpointSlice[] {
  const gone = new Set([...planned.delete, ...planned.update].map(({ metadata }) => metadata?.name));
  const named = planned.create.map((slice, i) => ({
    ...slice,
    metadata: { ...slice.metadata, name: `s${existing.length + i}` },
  }));
  return [...existing.filter(({ metadata }) => !gone.has(metadata?.name)), ...planned.update, ...named];
}

const plan = (indexes: readonly number[], existing: readonly V1EndpointSlice[] = [], max = 3, given = service) =>
  planSlices(given, 'IPv4', endpoints(indexes, given), existing, { maxEndpointsPerSlice: max });
const sizes = (slices: readonly V1EndpointSlice[]) => slices.map((slice) => slice.endpoints!.length);
const ips = (slice: V1EndpointSlice) => slice.endpoints!.flatMap(({ addresses }) => addresses);

describe('podEndpoint', () => {
  it('names the pod, its node and its zone', () => {
    assert.deepEqual(endpoints([1])[0], {
      endpoint: {
        addresses: ['10.0.0.1'],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: 'n1',
        targetRef: { kind: 'Pod', name: 'p1', namespace: 'default', uid: 'pod-1' },
        zone: 'z1',
      },
      hash: '10.0.0.1  default/p1',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      portKey: 'http/TCP/8080/',
    });
  });

  const cases: { title: string; ready: boolean; leaving: boolean; publish: boolean; expected: object }[] = [
    { title: 'ready', ready: true, leaving: false, publish: false, expected: [true, true, false] },
    { title: 'unready', ready: false, leaving: false, publish: false, expected: [false, false, false] },
    { title: 'leaving but ready', ready: true, leaving: true, publish: false, expected: [false, true, true] },
    { title: 'leaving and unready', ready: false, leaving: true, publish: false, expected: [false, false, true] },
    { title: 'unready but published', ready: false, leaving: true, publish: true, expected: [true, false, true] },
  ];
  for (const { title, ready, leaving, publish, expected } of cases) {
    it(`has the conditions of a pod that is ${title}`, () => {
      const given = { ...service, spec: { ...service.spec, publishNotReadyAddresses: publish } };
      const meta = leaving ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {};
      const conditions = podEndpoint(given, pod(1, { ready, meta }), undefined, 'IPv4')!.endpoint.conditions!;
      assert.deepEqual([conditions.ready, conditions.serving, conditions.terminating], expected);
    });
  }

  it('has the addresses of its type alone', () => {
    const both = pod(1, { status: { podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] } });
    assert.deepEqual(podEndpoint(service, both, undefined, 'IPv6')!.endpoint.addresses, ['fd00::1']);
    assert.deepEqual(podEndpoint(service, both, undefined, 'IPv4')!.endpoint.addresses, ['10.0.0.1']);
    assert.equal(podEndpoint(service, pod(1), undefined, 'IPv6'), undefined);
  });

  it('has the hostname of a pod in the subdomain of the service', () => {
    const named = pod(1, { spec: { hostname: 'db-0', subdomain: 'web' } });
    assert.equal(podEndpoint(service, named, undefined, 'IPv4')!.endpoint.hostname, 'db-0');
    const other = pod(1, { spec: { hostname: 'db-0', subdomain: 'other' } });
    assert.equal(podEndpoint(service, other, undefined, 'IPv4')!.endpoint.hostname, undefined);
  });

  it('leaves out pods that have ended or have no address yet', () => {
    assert.ok(isInSlices(pod(1, { meta: { deletionTimestamp: 'x' } })));
    assert.ok(!isInSlices(pod(1, { status: { phase: 'Succeeded' } })));
    assert.ok(!isInSlices(pod(1, { status: { phase: 'Failed' } })));
    assert.ok(!isInSlices(pod(1, { status: { podIP: '', podIPs: [] } })));
  });
});

describe('addressTypesOf', () => {
  const cases: { title: string; spec: V1Service['spec']; expected: string[] }[] = [
    { title: 'its families', spec: { ipFamilies: ['IPv6', 'IPv4'] }, expected: ['IPv4', 'IPv6'] },
    { title: 'that of its cluster IP', spec: { clusterIP: 'fd00::1' }, expected: ['IPv6'] },
    { title: 'both where nothing tells', spec: { clusterIP: 'None' }, expected: ['IPv4', 'IPv6'] },
  ];
  for (const { title, spec = {}, expected } of cases) {
    it(`gives ${title}`, () => assert.deepEqual(addressTypesOf({ spec }), expected));
  }
});

describe('planSlices', () => {
  it('makes slices of at most the size allowed, with labels, ports and owner', () => {
    const { create, update, delete: gone } = plan(range(0, 7));
    assert.deepEqual([sizes(create), update, gone], [[3, 3, 1], [], []]);
    assert.deepEqual(create[0]!.metadata, {
      generateName: 'web-',
      namespace: 'default',
      labels: {
        team: 'x',
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Service', name: 'web', uid: 'u1', controller: true, blockOwnerDeletion: true },
      ],
    });
    assert.deepEqual(create[0]!.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }]);
    assert.equal(create[0]!.addressType, 'IPv4');
  });

  it('changes nothing that is as it should be', () => {
    const existing = storedAfter([], plan(range(0, 7)));
    assert.deepEqual(plan(range(0, 7), existing), { create: [], update: [], delete: [] });
  });

  it('writes only the slice in which an endpoint changed', () => {
    const existing = storedAfter([], plan(range(0, 9)));
    const changed = endpoints(range(0, 9)).map((entry, i) =>
      i === 4 ? { ...entry, endpoint: { ...entry.endpoint, conditions: { ready: false } } } : entry,
    );
    const {
      create,
      update,
      delete: gone,
    } = planSlices(service, 'IPv4', changed, existing, {
      maxEndpointsPerSlice: 3,
    });
    assert.deepEqual([create, gone, update.length], [[], [], 1]);
    assert.deepEqual(ips(update[0]!), ['10.0.0.3', '10.0.0.4', '10.0.0.5']);
    assert.equal(update[0]!.endpoints![1]!.conditions!.ready, false);
    assert.equal(update[0]!.metadata!.name, 's1');
  });

  it('fills slices that change anyway before it touches others', () => {
    const existing = storedAfter([], plan(range(0, 8)));
    const { create, update, delete: gone } = plan([0, 2, 3, 4, 5, 6, 7, 8], existing);
    assert.deepEqual([create, gone], [[], []]);
    assert.deepEqual(update.map(ips), [['10.0.0.0', '10.0.0.2', '10.0.0.8']]);
  });

  it('puts what is left into the slice that it fills best', () => {
    const existing = [plan([1]), plan([2, 3]), plan([4, 5, 6])].flatMap(({ create }, i) =>
      create.map((slice) => ({ ...slice, metadata: { ...slice.metadata, name: `s${i}` } })),
    );
    const { create, update } = plan(range(1, 8), existing);
    assert.deepEqual(create, []);
    assert.deepEqual(update.map(ips), [['10.0.0.2', '10.0.0.3', '10.0.0.7']]);
  });

  it('makes a slice rather than spread a few endpoints over several', () => {
    const existing = [plan([1, 2]), plan([3, 4])].flatMap(({ create }, i) =>
      create.map((slice) => ({ ...slice, metadata: { ...slice.metadata, name: `s${i}` } })),
    );
    const { create, update } = plan(range(1, 7), existing);
    assert.deepEqual([create.map(ips), update], [[['10.0.0.5', '10.0.0.6']], []]);
  });

  it('deletes a slice that has nothing left', () => {
    const existing = storedAfter([], plan(range(0, 4)));
    const { create, update, delete: gone } = plan(range(0, 3), existing);
    assert.deepEqual([create, update, gone.map(ips)], [[], [], [['10.0.0.3']]]);
  });

  it('keeps an empty slice for a service without endpoints, and uses it when one comes', () => {
    const { create } = plan([]);
    assert.deepEqual([create.length, create[0]!.endpoints, create[0]!.ports], [1, [], []]);
    const existing = storedAfter([], plan([]));
    assert.deepEqual(plan([], existing), { create: [], update: [], delete: [] });
    const settled = recycled(plan([1], existing), () => true);
    assert.deepEqual([settled.create, settled.delete, settled.update.map(ips)], [[], [], [['10.0.0.1']]]);
    assert.equal(settled.update[0]!.metadata!.name, 's0');
  });

  it('keeps endpoints of different ports apart', () => {
    const named = { ...service, spec: { ...service.spec, ports: [{ port: 80, targetPort: 'web' }] } };
    const withPort = (index: number, containerPort: number) =>
      podEndpoint(
        named,
        pod(index, { spec: { containers: [{ name: 'c', ports: [{ name: 'web', containerPort }] }] } }),
        undefined,
        'IPv4',
      )!;
    const mixed = [withPort(1, 80), withPort(2, 81), withPort(3, 80)];
    const { create } = planSlices(named, 'IPv4', mixed, [], { maxEndpointsPerSlice: 100 });
    assert.deepEqual(
      create.map((slice) => [slice.ports![0]!.port, ips(slice)]),
      [
        [80, ['10.0.0.1', '10.0.0.3']],
        [81, ['10.0.0.2']],
      ],
    );
  });

  it('follows the labels of the service', () => {
    const existing = storedAfter([], plan([1]));
    const relabelled = { ...service, metadata: { ...service.metadata, labels: { team: 'y' } } };
    const { update } = plan([1], existing, 3, relabelled);
    assert.equal(update[0]!.metadata!.labels!.team, 'y');
    const reserved = { ...service, metadata: { ...service.metadata, labels: { team: 'x', [RESERVED]: 'other' } } };
    assert.deepEqual(plan([1], existing, 3, reserved).update, []);
  });

  it('marks slices of a headless service', () => {
    const headless = { ...service, spec: { ...service.spec, clusterIP: 'None' } };
    assert.equal(plan([1], [], 3, headless).create[0]!.metadata!.labels!['service.kubernetes.io/headless'], '');
  });

  it('deletes slices of an earlier service of the same name and never uses them again', () => {
    const existing = storedAfter([], plan([1]));
    const again = { ...service, metadata: { ...service.metadata, uid: 'u2' } };
    const { create, update, delete: gone } = plan([1], existing, 3, again);
    assert.deepEqual([create.length, update, gone], [1, [], existing]);
  });
});

const RESERVED = 'endpointslice.kubernetes.io/managed-by';

describe('withHints', () => {
  const spread = (trafficDistribution?: string, annotations: Record<string, string> = {}): V1Service => ({
    ...service,
    metadata: { ...service.metadata, annotations },
    spec: { ...service.spec, ...(trafficDistribution ? { trafficDistribution } : {}) },
  });
  const hints = (slices: readonly V1EndpointSlice[]) =>
    slices.flatMap((slice) => slice.endpoints!.map((endpoint: V1Endpoint) => endpoint.hints));

  const cases: { title: string; given: V1Service; expected: object | undefined }[] = [
    { title: 'none by default', given: spread(), expected: undefined },
    { title: 'the zone', given: spread('PreferClose'), expected: { forZones: [{ name: 'z1' }] } },
    { title: 'the same zone', given: spread('PreferSameZone'), expected: { forZones: [{ name: 'z1' }] } },
    {
      title: 'zone and node',
      given: spread('PreferSameNode'),
      expected: { forZones: [{ name: 'z1' }], forNodes: [{ name: 'n1' }] },
    },
    {
      title: 'none where the annotation asks for another rule',
      given: spread('PreferClose', { 'service.kubernetes.io/topology-mode': 'Auto' }),
      expected: undefined,
    },
  ];
  for (const { title, given, expected } of cases) {
    it(`gives ${title}`, () => assert.deepEqual(hints(withHints(plan([1]), given, []).create), [expected]));
  }

  it('joins slices to the plan whose hints are no longer right, and leaves those that are', () => {
    const existing = storedAfter([], withHints(plan([1]), spread('PreferClose'), []));
    const nothing = { create: [], update: [], delete: [] };
    assert.deepEqual(withHints(nothing, spread('PreferClose'), existing), nothing);
    assert.deepEqual(hints(withHints(nothing, spread(), existing).update), [undefined]);
    assert.deepEqual(hints(withHints(nothing, spread('PreferSameNode'), existing).update), [
      { forZones: [{ name: 'z1' }], forNodes: [{ name: 'n1' }] },
    ]);
  });
});

describe('names of slices', () => {
  it('begin with the name of the service and a dash where there is room', () => {
    assert.equal(slicePrefix('web'), 'web-');
    assert.equal(slicePrefix('a'.repeat(253)), 'a'.repeat(253));
  });

  it('are grouped by ports in whatever order', () => {
    const a = { name: 'a', port: 1, protocol: 'TCP' };
    const b = { name: 'b', port: 2, protocol: 'UDP' };
    assert.equal(portKeyOf([a, b]), portKeyOf([b, a]));
    assert.notEqual(portKeyOf([a]), portKeyOf([{ ...a, appProtocol: 'http' }]));
  });
});
