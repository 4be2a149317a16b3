/** The kinds of networking.k8s.io and discovery.k8s.io, and Endpoints, as the API keeps them. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaviour,
  fetchApi,
  includes,
  listOf,
  MERGE_PATCH,
  mutate,
  namesOf,
  objectOf,
  STRATEGIC_PATCH,
  statusOf,
  suite,
  testNamespace,
  uniqueName,
  watch,
} from './harness.ts';
import { discovered, kindOf, supportsOperations } from './kind-operations.ts';
import { nameOf } from './kinds.ts';

supportsOperations({
  apiVersion: 'networking.k8s.io/v1',
  resource: 'ingresses',
  rows: ['Ingress API should support creating Ingress API operations'],
  status: {
    patch: { loadBalancer: { ingress: [{ ip: '169.1.1.1' }] } },
    update: { loadBalancer: { ingress: [{ ip: '169.1.1.2' }] } },
  },
});

supportsOperations({
  apiVersion: 'networking.k8s.io/v1',
  resource: 'ingressclasses',
  rows: ['IngressClass API should support creating IngressClass API operations'],
});

supportsOperations({
  apiVersion: 'discovery.k8s.io/v1',
  resource: 'endpointslices',
  rows: ['EndpointSlice should support creating EndpointSlice API operations'],
});

suite('service ranges and their addresses', () => {
  const addresses = '/apis/networking.k8s.io/v1/ipaddresses';
  const run = uniqueName('addresses');
  after(async () => {
    await fetchApi('DELETE', `${addresses}?labelSelector=run%3D${run}`);
  });

  behaviour('ServiceCIDR and IPAddress API should support ServiceCIDR API operations', { since: 33 }, async () => {
    const ranges = '/apis/networking.k8s.io/v1/servicecidrs';
    await discovered(kindOf('networking.k8s.io/v1', 'servicecidrs'), true);
    const byDefault = objectOf(await fetchApi('GET', `${ranges}/kubernetes`));
    assert.match(String(at(byDefault, 'spec.cidrs.0')), /^\d+\.\d+\.\d+\.\d+\/\d+$/);
    const { apiVersion, kind, metadata } = objectOf(await fetchApi('GET', `${ranges}/kubernetes/status`));
    assert.deepEqual({ apiVersion, kind }, { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR' });
    assert.equal(metadata.uid, byDefault.metadata.uid);
    assert.ok(namesOf(listOf(await fetchApi('GET', ranges))).includes('kubernetes'));
    const stream = await watch(ranges);
    await stream.until((events) => events.some(({ object }) => object.metadata.name === 'kubernetes'));
    stream.stop();
  });

  behaviour('ServiceCIDR and IPAddress API should support IPAddress API operations', { since: 33 }, async () => {
    const kind = kindOf('networking.k8s.io/v1', 'ipaddresses');
    const ipv4 = nameOf(kind, uniqueName('address'));
    const [, , third = 0, fourth = 0] = ipv4.split('.').map(Number);
    const ipv6 = `2001:db8::${(third + 1).toString(16)}:${fourth.toString(16)}`;
    const parentRef = { group: 'mygroup', resource: 'myresources', namespace: 'foo', name: 'bar' };
    await discovered(kind, false);
    const post = async (name: string, type: string) => {
      const body = { metadata: { name, labels: { run, type } }, spec: { parentRef } };
      return objectOf(await fetchApi('POST', addresses, { body }), 201);
    };
    const created = await post(ipv4, 'broadcast');
    includes(created.spec, { parentRef });
    await post(ipv6, 'link-local');
    const patch = { metadata: { annotations: { patched: 'true' } } };
    const patched = objectOf(await applyPatch(`${addresses}/${ipv4}`, MERGE_PATCH, patch));
    includes(patched, patch);
    assert.ok(Number(patched.metadata.resourceVersion) > Number(created.metadata.resourceVersion));
    const updated = await mutate(`${addresses}/${ipv4}`, (object) => {
      object.metadata.annotations = { ...object.metadata.annotations, updated: 'true' };
    });
    includes(updated, { metadata: { annotations: { patched: 'true', updated: 'true' } } });
    const broadcast = `labelSelector=run%3D${run},type%3Dbroadcast`;
    const list = listOf(await fetchApi('GET', `${addresses}?${broadcast}`));
    assert.deepEqual(namesOf(list), [ipv4]);
    const stream = await watch(addresses, `${broadcast}&resourceVersion=${list.metadata.resourceVersion}`);
    assert.equal((await fetchApi('DELETE', `${addresses}/${ipv4}`)).status, 200);
    await stream.until((events) =>
      events.some(({ type, object }) => type === 'DELETED' && object.metadata.name === ipv4),
    );
    stream.stop();
    const local = `labelSelector=run%3D${run},type%3Dlink-local`;
    assert.deepEqual(namesOf(listOf(await fetchApi('GET', `${addresses}?${local}`))), [ipv6]);
    assert.equal((await fetchApi('DELETE', `${addresses}?${local}`)).status, 200);
    assert.deepEqual(namesOf(listOf(await fetchApi('GET', `${addresses}?${local}`))), []);
  });
});

interface Endpoint {
  addresses: string[];
}

suite("the API server's own endpoints", () => {
  const row = 'API Server should have Endpoints and EndpointSlices pointing to API Server';
  behaviour(row, { since: 21 }, async () => {
    const namespace = '/namespaces/default';
    objectOf(await fetchApi('GET', `/api/v1${namespace}/services/kubernetes`));
    const endpoints = objectOf(await fetchApi('GET', `/api/v1${namespace}/endpoints/kubernetes`));
    const subsets = endpoints.subsets as { addresses: { ip: string }[]; ports: { port: number }[] }[];
    assert.ok(subsets.length > 0, 'the endpoints have no subset');
    const query = 'labelSelector=kubernetes.io%2Fservice-name%3Dkubernetes';
    const slices = listOf(await fetchApi('GET', `/apis/discovery.k8s.io/v1${namespace}/endpointslices?${query}`)).items;
    assert.ok(slices.length > 0, 'there is no slice');
    const inSlices = slices.flatMap((slice) => (slice.endpoints as Endpoint[]).flatMap(({ addresses }) => addresses));
    const inSubsets = subsets.flatMap(({ addresses }) => addresses.map(({ ip }) => ip));
    assert.deepEqual(inSlices.sort(), inSubsets.sort());
    const ports = (found: { port: number }[]) => found.map(({ port }) => port).sort();
    for (const slice of slices) {
      assert.deepEqual(ports(slice.ports as { port: number }[]), ports(subsets[0]?.ports ?? []));
    }
  });
});

suite('endpoints', () => {
  const namespace = testNamespace();

  behaviour('Endpoints should test the lifecycle of an Endpoint', async () => {
    const run = uniqueName('endpoint');
    const selector = `labelSelector=test-endpoint-static%3D${run}`;
    const collection = namespace.path('endpoints');
    const path = `${collection}/testservice`;
    const version = listOf(await fetchApi('GET', collection)).metadata.resourceVersion;
    const stream = await watch(collection, `${selector}&resourceVersion=${version}`);
    const body = {
      metadata: { name: 'testservice', labels: { 'test-endpoint-static': run } },
      subsets: [{ addresses: [{ ip: '10.0.0.24' }], ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }],
    };
    includes(objectOf(await fetchApi('POST', collection, { body }), 201), body);
    assert.deepEqual(namesOf(listOf(await fetchApi('GET', `/api/v1/endpoints?${selector}`))), ['testservice']);
    await mutate(path, (object) => {
      object.metadata.labels = { ...object.metadata.labels, 'test-service': 'updated' };
    });
    includes(objectOf(await fetchApi('GET', path)), { metadata: { labels: { 'test-service': 'updated' } } });
    const patch = {
      metadata: { labels: { 'test-service': 'patched' } },
      subsets: [{ addresses: [{ ip: '10.0.0.25' }], ports: [{ name: 'http-test', port: 8080, protocol: 'TCP' }] }],
    };
    objectOf(await applyPatch(path, STRATEGIC_PATCH, patch));
    includes(objectOf(await fetchApi('GET', path)), patch);
    assert.equal((await fetchApi('DELETE', `${collection}?${selector}`)).status, 200);
    statusOf(await fetchApi('GET', path), { code: 404 });
    const events = await stream.until((all) => all.some(({ type }) => type === 'DELETED'));
    stream.stop();
    const steps = events.map(({ type, object }) => `${type} ${object.metadata.labels?.['test-service']}`);
    assert.deepEqual(steps, ['ADDED undefined', 'MODIFIED updated', 'MODIFIED patched', 'DELETED patched']);
  });
});
