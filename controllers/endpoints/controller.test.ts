import assert from 'node:assert/strict';
import { ENDPOINTS, PODS, SERVICES } from '../../client/resources.ts';
import type { V1Endpoints, V1Service } from '../../openapi/generated/types.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';

const TIME = 'endpoints.kubernetes.io/last-change-trigger-time';

describe('endpoint controller', () => {
  let cluster: FakeCluster;
  beforeEach(async () => {
    cluster = new FakeCluster();
  });
  afterEach(() => cluster.stop());

  const endpoints = (name = 'web') => cluster.api.peek<V1Endpoints>(ENDPOINTS, name, 'default');
  const ready = () =>
    endpoints()
      ?.subsets?.flatMap((subset) => subset.addresses ?? [])
      .map(({ ip }) => ip);
  const writes = () => cluster.api.writes.filter((write) => write.includes('/endpoints')).length;

  function createService(spec: V1Service['spec'] = {}, labels: Record<string, string> = {}): void {
    cluster.api.create<V1Service>(SERVICES, 'default', {
      metadata: { name: 'web', labels },
      spec: { clusterIP: '10.96.0.1', selector: { app: 'web' }, ports: [{ port: 80 }], ...spec },
    });
  }

  function createPod(name: string, ip: string, labels: Record<string, string> = { app: 'web' }): void {
    cluster.api.create(PODS, 'default', { metadata: { name, labels } });
    cluster.run(name, { ip });
  }

  it('follows the pods of a service without any delay', async () => {
    createService();
    createPod('a', '10.0.0.1');
    await cluster.start(['endpoint']);
    await cluster.until('first', () => ready()?.length === 1);
    createPod('b', '10.0.0.2');
    await cluster.until('second', () => ready()?.length === 2);
    cluster.run('a', { ip: '10.0.0.1', ready: false });
    await cluster.until('unready', () => endpoints()?.subsets?.[0]?.notReadyAddresses?.length === 1);
    await cluster.client.pods.delete('a', 'default');
    await cluster.until('deleted', () => !endpoints()?.subsets?.[0]?.notReadyAddresses);
    cluster.changePod('b', (pod) => ({ ...pod, metadata: { ...pod.metadata, labels: {} } }));
    await cluster.until('relabelled', () => endpoints()?.subsets?.length === 0);
  });

  it('carries the labels of the service and its own', async () => {
    createService({}, { team: 'x' });
    await cluster.start(['endpoint']);
    const made = await cluster.until('made', () => endpoints());
    assert.deepEqual(made.metadata!.labels, { team: 'x', 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' });
    cluster.api.change<V1Service>(SERVICES, 'web', 'default', (service) => ({
      ...service,
      metadata: { ...service.metadata, labels: { team: 'y' } },
    }));
    await cluster.until('new label', () => endpoints()?.metadata?.labels?.team === 'y');
  });

  it('marks those of a headless service', async () => {
    createService({ clusterIP: 'None' });
    await cluster.start(['endpoint']);
    const made = await cluster.until('made', () => endpoints());
    assert.equal(made.metadata!.labels!['service.kubernetes.io/headless'], '');
  });

  it('tells when the change happened that it shows', async () => {
    createService();
    await cluster.start(['endpoint']);
    const made = await cluster.until('made', () => endpoints());
    assert.equal(made.metadata!.annotations![TIME], '2026-01-01T00:00:00Z', 'the service was created');
    await cluster.clock.advance(60_000);
    createPod('a', '10.0.0.1');
    await cluster.until('added', () => ready()?.length === 1);
    assert.equal(endpoints()!.metadata!.annotations![TIME], '2026-01-01T00:01:00Z', 'the pod became ready');
    await cluster.clock.advance(60_000);
    cluster.api.remove(PODS, 'a', 'default');
    await cluster.until('removed', () => ready()?.length === 0);
    assert.equal(endpoints()!.metadata!.annotations![TIME], undefined, 'nobody knows when');
  });

  it('writes nothing when nothing changed', async () => {
    createService();
    createPod('a', '10.0.0.1');
    await cluster.start(['endpoint']);
    await cluster.until('made', () => ready()?.length === 1);
    const before = writes();
    cluster.changePod('a', (pod) => ({ ...pod, metadata: { ...pod.metadata, annotations: { x: 'y' } } }));
    cluster.api.change<V1Service>(SERVICES, 'web', 'default', (service) => ({
      ...service,
      metadata: { ...service.metadata, annotations: { x: 'y' } },
    }));
    createPod('stranger', '10.0.0.9', { app: 'other' });
    await cluster.clock.advance(1000);
    assert.equal(writes(), before);
  });

  it('does not mind an order in which the server keeps ports and subsets', async () => {
    const ports = [
      { name: 'a', port: 80 },
      { name: 'b', port: 81 },
    ];
    createService({ ports });
    createPod('a', '10.0.0.1');
    await cluster.start(['endpoint']);
    await cluster.until('made', () => ready()?.length === 1);
    cluster.api.change<V1Endpoints>(ENDPOINTS, 'web', 'default', (stored) => ({
      ...stored,
      subsets: stored.subsets!.map((subset) => ({ ...subset, ports: [...subset.ports!].reverse() })),
    }));
    const before = writes();
    cluster.changePod('a', (pod) => ({ ...pod, metadata: { ...pod.metadata, labels: { app: 'web', more: 'x' } } }));
    await cluster.clock.advance(1000);
    assert.equal(writes(), before);
  });

  it('leaves those of a service without a selector alone', async () => {
    cluster.api.create<V1Service>(SERVICES, 'default', { metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } });
    cluster.api.create<V1Endpoints>(ENDPOINTS, 'default', {
      metadata: { name: 'web' },
      subsets: [{ addresses: [{ ip: '1.2.3.4' }] }],
    });
    await cluster.start(['endpoint']);
    await cluster.clock.advance(1000);
    assert.equal(writes(), 0);
  });

  it('puts back what somebody else deleted or changed, once it looks', async () => {
    createService();
    createPod('a', '10.0.0.1');
    await cluster.start(['endpoint']);
    await cluster.until('made', () => ready()?.length === 1);
    cluster.api.remove(ENDPOINTS, 'web', 'default');
    await cluster.until('made again', () => ready()?.length === 1);
  });

  it('deletes those of a service that is gone, also if it went unseen', async () => {
    cluster.api.create<V1Endpoints>(ENDPOINTS, 'default', { metadata: { name: 'left' } });
    const leader = { 'control-plane.alpha.kubernetes.io/leader': '{}' };
    cluster.api.create<V1Endpoints>(ENDPOINTS, 'default', { metadata: { name: 'election', annotations: leader } });
    createService();
    await cluster.start(['endpoint']);
    await cluster.until('made', () => endpoints());
    await cluster.until('left over', () => !endpoints('left'));
    cluster.api.remove(SERVICES, 'web', 'default');
    await cluster.until('deleted', () => !endpoints());
    assert.ok(endpoints('election'));
  });

  it('says that it left some out beyond a thousand', async () => {
    createService();
    for (let i = 0; i < 1001; i++) createPod(`p${i}`, `10.1.${i >> 8}.${i & 255}`);
    await cluster.start(['endpoint']);
    await cluster.until('made', () => ready()?.length === 1000);
    assert.equal(endpoints()!.metadata!.annotations!['endpoints.kubernetes.io/over-capacity'], 'truncated');
    cluster.api.remove(PODS, 'p0', 'default');
    await cluster.until('fits', () => !endpoints()?.metadata?.annotations?.['endpoints.kubernetes.io/over-capacity']);
    assert.equal(ready()!.length, 1000);
  });
});
