import assert from 'node:assert/strict';
import { ENDPOINT_SLICES, ENDPOINTS, SERVICES } from '../../client/resources.ts';
import type { V1EndpointSlice, V1Endpoints, V1Service } from '../../openapi/generated/types.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';
import { mirrorPlan, shouldMirror } from './mirror.ts';

const PORTS = [{ name: 'http', port: 80, protocol: 'TCP' }];

function endpointsOf(subsets: V1Endpoints['subsets'], metadata: V1Endpoints['metadata'] = {}): V1Endpoints {
  return { metadata: { name: 'web', namespace: 'default', uid: 'e1', ...metadata }, ...(subsets ? { subsets } : {}) };
}

describe('mirrorPlan', () => {
  const stored = (endpoints: V1Endpoints): V1EndpointSlice[] =>
    mirrorPlan(endpoints, [], 1000).create.map((slice, i) => ({
      ...slice,
      metadata: { ...slice.metadata, name: `s${i}` },
    }));

  it('makes a slice for each subset and kind of address', () => {
    const subsets = [
      {
        addresses: [{ ip: '10.0.0.1', nodeName: 'n1', hostname: 'h' }, { ip: 'fd00::1' }],
        notReadyAddresses: [{ ip: '10.0.0.2' }],
        ports: PORTS,
      },
    ];
    const { create } = mirrorPlan(endpointsOf(subsets), [], 1000);
    assert.deepEqual(
      create.map(({ addressType, endpoints, ports }) => ({ addressType, endpoints, ports })),
      [
        {
          addressType: 'IPv4',
          endpoints: [
            { addresses: ['10.0.0.1'], conditions: { ready: true }, hostname: 'h', nodeName: 'n1' },
            { addresses: ['10.0.0.2'], conditions: { ready: false } },
          ],
          ports: PORTS,
        },
        { addressType: 'IPv6', endpoints: [{ addresses: ['fd00::1'], conditions: { ready: true } }], ports: PORTS },
      ],
    );
  });

  it('carries labels and annotations, but neither the trigger time nor what kubectl applied', () => {
    const annotations = {
      note: 'x',
      'endpoints.kubernetes.io/last-change-trigger-time': 't',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
    };
    const given = endpointsOf([{ addresses: [{ ip: '10.0.0.1' }], ports: PORTS }], { labels: { a: 'b' }, annotations });
    const [slice] = mirrorPlan(given, [], 1000).create;
    assert.deepEqual(slice!.metadata!.annotations, { note: 'x' });
    assert.deepEqual(slice!.metadata!.labels, {
      a: 'b',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
    });
    assert.equal(slice!.metadata!.generateName, 'web-');
    assert.deepEqual(slice!.metadata!.ownerReferences![0]!.kind, 'Endpoints');
  });

  const one = [{ addresses: [{ ip: '10.0.0.1' }], ports: PORTS }];
  const cases: { title: string; now: V1Endpoints; expected: [number, number, number] }[] = [
    { title: 'nothing where nothing changed', now: endpointsOf(one), expected: [0, 0, 0] },
    { title: 'changed labels', now: endpointsOf(one, { labels: { a: 'b' } }), expected: [0, 1, 0] },
    { title: 'changed annotations', now: endpointsOf(one, { annotations: { a: 'b' } }), expected: [0, 1, 0] },
    {
      title: 'a changed address',
      now: endpointsOf([{ addresses: [{ ip: '10.0.0.9' }], ports: PORTS }]),
      expected: [0, 1, 0],
    },
    {
      title: 'a changed readiness',
      now: endpointsOf([{ notReadyAddresses: [{ ip: '10.0.0.1' }], ports: PORTS }]),
      expected: [0, 1, 0],
    },
    {
      title: 'changed ports in the same slice',
      now: endpointsOf([{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 81 }] }]),
      expected: [0, 1, 0],
    },
    { title: 'the last address gone', now: endpointsOf([]), expected: [0, 0, 1] },
    {
      title: 'a further subset',
      now: endpointsOf([...one, { ...one[0], ports: [{ port: 81 }] }]),
      expected: [1, 0, 0],
    },
  ];
  for (const { title, now, expected } of cases) {
    it(`sees ${title}`, () => {
      const plan = mirrorPlan(now, stored(endpointsOf(one)), 1000);
      assert.deepEqual([plan.create.length, plan.update.length, plan.delete.length], expected);
    });
  }

  it('counts what it leaves out', () => {
    const addresses = ['10.0.0.1', 'web.example', '10.0.0.2', '10.0.0.3'].map((ip) => ({ ip }));
    const plan = mirrorPlan(endpointsOf([{ addresses, ports: PORTS }]), [], 2);
    assert.deepEqual([plan.create[0]!.endpoints!.length, plan.invalid, plan.skipped], [2, 1, 2]);
  });

  it('leaves out Endpoints that ask for it, and those that elect a leader', () => {
    assert.ok(shouldMirror(endpointsOf([])));
    assert.ok(!shouldMirror(endpointsOf([], { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } })));
    assert.ok(!shouldMirror(endpointsOf([], { annotations: { 'control-plane.alpha.kubernetes.io/leader': '' } })));
    assert.ok(!shouldMirror(undefined));
  });
});

describe('endpoint slice mirroring controller', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0, 'no timer is left');
  });

  const slices = () => cluster.api.all<V1EndpointSlice>(ENDPOINT_SLICES, 'default');
  const ips = () => slices().flatMap(({ endpoints }) => endpoints!.flatMap(({ addresses }) => addresses));
  const change = (edit: (endpoints: V1Endpoints) => V1Endpoints) =>
    cluster.api.change<V1Endpoints>(ENDPOINTS, 'web', 'default', edit);

  async function start(ip = '10.0.0.1', selector?: Record<string, string>): Promise<void> {
    cluster.api.create<V1Service>(SERVICES, 'default', {
      metadata: { name: 'web' },
      spec: { ports: [{ port: 80 }], ...(selector ? { selector } : {}) },
    });
    cluster.api.create<V1Endpoints>(ENDPOINTS, 'default', {
      metadata: { name: 'web' },
      subsets: [{ addresses: [{ ip }], ports: PORTS }],
    });
    await cluster.start(['endpointslicemirroring']);
  }

  it('mirrors Endpoints from their making to their end', async () => {
    await start();
    await cluster.until('mirrored', () => ips().includes('10.0.0.1'));
    change((endpoints) => ({ ...endpoints, subsets: [{ addresses: [{ ip: '10.0.0.2' }], ports: PORTS }] }));
    await cluster.until('changed', () => ips().includes('10.0.0.2'));
    assert.deepEqual(ips(), ['10.0.0.2']);
    cluster.api.remove(ENDPOINTS, 'web', 'default');
    await cluster.until('gone', () => slices().length === 0);
  });

  it('stops when the Endpoints ask for it or the Service gets a selector', async () => {
    await start();
    await cluster.until('mirrored', () => slices().length === 1);
    const label = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
    change((endpoints) => ({ ...endpoints, metadata: { ...endpoints.metadata, labels: label } }));
    await cluster.until('skipped', () => slices().length === 0);
    change((endpoints) => ({ ...endpoints, metadata: { ...endpoints.metadata, labels: {} } }));
    await cluster.until('again', () => slices().length === 1);
    cluster.api.change<V1Service>(SERVICES, 'web', 'default', (service) => ({
      ...service,
      spec: { ...service.spec, selector: { a: 'b' } },
    }));
    await cluster.until('selected', () => slices().length === 0);
  });

  it('does not mirror those of a Service with a selector', async () => {
    await start('10.0.0.1', { app: 'web' });
    await cluster.clock.advance(2000);
    assert.deepEqual(slices(), []);
  });

  it('tells of addresses that it cannot mirror', async () => {
    await start('web.example');
    await cluster.until('event', () =>
      cluster
        .events()
        .includes('Warning InvalidIPAddress Skipped 1 invalid IP addresses when mirroring to EndpointSlices'),
    );
  });

  it('puts right a slice that somebody else has deleted', async () => {
    await start();
    const [slice] = await cluster.until('mirrored', () => (slices().length === 1 ? slices() : undefined));
    await cluster.clock.advance(100);
    cluster.api.remove(ENDPOINT_SLICES, slice!.metadata!.name!, 'default');
    await cluster.until('again', () => slices().length === 1);
  });
});
