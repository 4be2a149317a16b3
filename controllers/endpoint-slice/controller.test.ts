import assert from 'node:assert/strict';
import { ENDPOINT_SLICES, NODES, PODS, SERVICES } from '../../client/resources.ts';
import type { V1EndpointSlice, V1Node, V1Service } from '../../openapi/generated/types.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';

const TIME = 'endpoints.kubernetes.io/last-change-trigger-time';

describe('endpoint slice controller', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
    cluster.api.create<V1Node>(NODES, undefined, {
      metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'z1' } },
    });
    // The server counts changes of a slice's content; the fake only those of a spec.
    const update = cluster.api.call.bind(cluster.api);
    cluster.api.call = (call) => {
      if (call.method !== 'PUT' || !call.path.includes('/endpointslices/')) return update(call);
      const slice = call.body as V1EndpointSlice & { spec?: unknown };
      return update({ ...call, body: { ...slice, spec: JSON.stringify(slice.endpoints) } });
    };
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0, 'no timer is left');
  });

  const slices = () => cluster.api.all<V1EndpointSlice>(ENDPOINT_SLICES, 'default');
  const ready = () =>
    slices()
      .flatMap((slice) => slice.endpoints!.filter((endpoint) => endpoint.conditions!.ready))
      .flatMap(({ addresses }) => addresses)
      .sort();
  const writes = () => cluster.api.writes.filter((write) => write.includes('/endpointslices'));

  function createService(spec: V1Service['spec'] = {}): void {
    cluster.api.create<V1Service>(SERVICES, 'default', {
      metadata: { name: 'web' },
      spec: {
        clusterIP: '10.96.0.1',
        ipFamilies: ['IPv4'],
        selector: { app: 'web' },
        ports: [{ port: 80 }],
        ...spec,
      },
    });
  }

  function createPod(name: string, ip: string, options: { node?: string } = {}): void {
    cluster.api.create(PODS, 'default', { metadata: { name, labels: { app: 'web' } } });
    cluster.run(name, { ip, ...options });
  }

  it('follows the pods of a service', async () => {
    createService();
    createPod('a', '10.0.0.1');
    await cluster.start(['endpointslice']);
    await cluster.until('first', () => ready().length === 1);
    assert.equal(slices()[0]!.endpoints![0]!.zone, 'z1');
    createPod('b', '10.0.0.2');
    await cluster.until('second', () => ready().length === 2);
    cluster.run('a', { ip: '10.0.0.1', ready: false });
    await cluster.until('unready', () => ready().length === 1);
    await cluster.client.pods.delete('b', 'default');
    await cluster.until('terminating', () => slices()[0]!.endpoints!.some((e) => e.conditions!.terminating));
    cluster.api.remove(PODS, 'a', 'default');
    cluster.api.remove(PODS, 'b', 'default');
    await cluster.until('empty', () => slices().length === 1 && slices()[0]!.endpoints!.length === 0);
  });

  it('writes one slice of many when one pod changes', async () => {
    createService();
    for (let i = 0; i < 20; i++) createPod(`p${i}`, `10.0.1.${i}`);
    await cluster.start(['endpointslice'], { endpointSlice: { maxEndpointsPerSlice: 5 } });
    await cluster.until('all', () => ready().length === 20);
    await cluster.clock.advance(5000);
    assert.equal(slices().length, 4);
    const before = writes().length;
    cluster.run('p7', { ip: '10.0.1.7', ready: false });
    await cluster.until('unready', () => ready().length === 19);
    await cluster.clock.advance(5000);
    assert.equal(writes().length, before + 1);
  });

  it('never puts an endpoint into two slices while its copy is behind', async () => {
    createService();
    const held: (() => void)[] = [];
    let hold = true;
    const watch = cluster.api.watch.bind(cluster.api);
    cluster.api.watch = async function* (call) {
      for await (const event of watch(call)) {
        if (hold && call.path.endsWith('/endpointslices')) await new Promise<void>((resolve) => held.push(resolve));
        yield event;
      }
    };
    await cluster.start(['endpointslice']);
    await cluster.until('placeholder', () => slices().length === 1);
    createPod('a', '10.0.0.1');
    createPod('b', '10.0.0.2');
    await cluster.clock.advance(500);
    assert.equal(writes().length, 1, 'it waits for what it wrote');
    hold = false;
    for (const resolve of held) resolve();
    await cluster.until('both', () => ready().length === 2);
    assert.equal(slices().length, 1);
  });

  it('says what it could not do and leaves a pod of an unknown node out until the node is there', async () => {
    createService();
    createPod('a', '10.0.0.1');
    createPod('b', '10.0.0.2', { node: 'n2' });
    await cluster.start(['endpointslice']);
    await cluster.until('one', () => ready().length === 1);
    await cluster.until('event', () =>
      cluster
        .events()
        .includes(
          'Warning FailedToUpdateEndpointSlices Error updating Endpoint Slices for Service default/web: ' +
            'skipping Pod b for Service default/web: Node n2 Not Found',
        ),
    );
    cluster.api.create<V1Node>(NODES, undefined, { metadata: { name: 'n2' } });
    await cluster.until('two', () => ready().length === 2);
  });

  it('puts right what somebody else has changed, and makes anew what was deleted', async () => {
    createService();
    createPod('a', '10.0.0.1');
    await cluster.start(['endpointslice']);
    await cluster.until('first', () => ready().length === 1);
    const { name = '' } = slices()[0]!.metadata!;
    await cluster.client.resource<V1EndpointSlice>(ENDPOINT_SLICES).update({ ...slices()[0]!, endpoints: [] });
    assert.equal(ready().length, 0);
    await cluster.clock.advance(1000);
    await cluster.until('repaired', () => ready().length === 1);
    cluster.api.remove(ENDPOINT_SLICES, name, 'default');
    await cluster.clock.advance(1000);
    await cluster.until('made again', () => ready().length === 1);
  });

  it('leaves alone the slices of a service without a selector, and those of others', async () => {
    cluster.api.create<V1Service>(SERVICES, 'default', { metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } });
    const labels = { 'kubernetes.io/service-name': 'web', 'endpointslice.kubernetes.io/managed-by': 'somebody' };
    cluster.api.create<V1EndpointSlice>(ENDPOINT_SLICES, 'default', {
      metadata: { name: 'mine', labels },
      addressType: 'IPv4',
      endpoints: [],
    });
    await cluster.start(['endpointslice']);
    await cluster.clock.advance(5000);
    cluster.api.change<V1Service>(SERVICES, 'web', 'default', (service) => ({
      ...service,
      spec: { ...service.spec, selector: {} },
    }));
    await cluster.clock.advance(5000);
    assert.deepEqual(writes(), [], 'an empty selector is none');
  });

  it('tells when the change happened that it shows', async () => {
    createService();
    await cluster.start(['endpointslice']);
    await cluster.until('made', () => slices().length === 1);
    assert.equal(slices()[0]!.metadata!.annotations![TIME], '2026-01-01T00:00:00Z');
    await cluster.clock.advance(60_000);
    createPod('a', '10.0.0.1');
    await cluster.until('added', () => ready().length === 1);
    assert.equal(slices()[0]!.metadata!.annotations![TIME], '2026-01-01T00:01:00Z');
    cluster.api.remove(PODS, 'a', 'default');
    await cluster.until('removed', () => ready().length === 0);
    assert.equal(slices()[0]!.metadata!.annotations![TIME], undefined, 'nobody knows when');
  });

  it('makes nothing for a service that is being deleted', async () => {
    createService();
    cluster.api.change<V1Service>(SERVICES, 'web', 'default', (service) => ({
      ...service,
      metadata: { ...service.metadata, finalizers: ['x'] },
    }));
    await cluster.client.services.delete('web', 'default');
    await cluster.start(['endpointslice']);
    await cluster.clock.advance(2000);
    assert.deepEqual(writes(), []);
  });
});
