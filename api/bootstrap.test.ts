/** What a cluster has before anybody has written to it. */
import assert from 'node:assert/strict';
import { FakeClock } from '../base/fake-clock.ts';
import type { V1EndpointSlice, V1Endpoints, V1Service, V1ServiceCIDR } from '../openapi/generated/types.ts';
import { hostAddress } from './bootstrap.ts';
import { makeCertificates } from './http/wire.fixture.ts';
import { ADMIN, startServer } from './server.fixture.ts';
import type { ApiServer } from './server.ts';
import { MemoryStorage } from './storage/memory.ts';

const get = async <T>(server: ApiServer, path: string) =>
  (await server.direct(ADMIN).call({ method: 'GET', path })) as T;

describe('a new cluster', () => {
  it('has its service at the first address of the range, and the range as a ServiceCIDR that is ready', async () => {
    const server = await startServer({ clock: new FakeClock() });
    const { spec } = await get<V1Service>(server, '/api/v1/namespaces/default/services/kubernetes');
    const range = await get<V1ServiceCIDR>(server, '/apis/networking.k8s.io/v1/servicecidrs/kubernetes');
    await server.stop();
    assert.equal(spec?.clusterIP, '10.96.0.1');
    assert.deepEqual(range.spec, { cidrs: ['10.96.0.0/24'] });
    const [condition] = range.status?.conditions ?? [];
    assert.match(condition?.lastTransitionTime ?? '', /Z$/);
    assert.deepEqual(
      { ...condition, lastTransitionTime: undefined },
      {
        type: 'Ready',
        status: 'True',
        reason: '',
        message: 'Kubernetes default Service CIDR is ready',
        lastTransitionTime: undefined,
      },
    );
  });

  it('leads its service to the server, by Endpoints and by a slice', async () => {
    const address = hostAddress();
    assert.ok(address, 'this host has no address but its loopback');
    const server = await startServer({ certificates: await makeCertificates() });
    const endpoints = await get<V1Endpoints>(server, '/api/v1/namespaces/default/endpoints/kubernetes');
    const path = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes';
    const slice = await get<V1EndpointSlice>(server, path);
    const { port } = server;
    await server.stop();
    const ports = [{ name: 'https', port, protocol: 'TCP' }];
    assert.deepEqual(endpoints.subsets, [{ addresses: [{ ip: address }], ports }]);
    assert.deepEqual(slice.metadata?.labels, { 'kubernetes.io/service-name': 'kubernetes' });
    assert.equal(slice.addressType, 'IPv4');
    assert.deepEqual(slice.endpoints, [{ addresses: [address], conditions: { ready: true } }]);
    assert.deepEqual(slice.ports, ports);
  });

  it('finds what is there on a second start, and leaves it', async () => {
    const storage = new MemoryStorage();
    const path = '/apis/networking.k8s.io/v1/servicecidrs/kubernetes';
    const first = await startServer({ storage });
    const before = await get<V1ServiceCIDR>(first, path);
    const second = await startServer({ storage });
    assert.deepEqual(await get<V1ServiceCIDR>(second, path), before);
    await first.stop();
    await second.stop();
  });
});
