/** EndpointSlices as controllers keep them: for Services with a selector, and for Endpoints that somebody writes. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaves,
  behaviour,
  eventually,
  fetchApi,
  includes,
  listOf,
  MERGE_PATCH,
  mutate,
  objectOf,
  statusOf,
  suite,
  testNamespace,
  type Wire,
} from './harness.ts';

const IMAGE = process.env.CONFORMANCE_IMAGE ?? 'kubets/pause:1';
/** discovery.k8s.io/v1 came with it. */
const since = 21;
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';

interface Endpoint {
  addresses: string[];
  conditions: { ready: boolean; serving?: boolean; terminating?: boolean };
  nodeName?: string;
  targetRef?: { kind: string; name: string };
}

const endpointsIn = (slices: readonly Wire[]): Endpoint[] =>
  slices.flatMap((slice) => (slice.endpoints ?? []) as Endpoint[]);
const addressesIn = (slices: readonly Wire[]): string[] =>
  endpointsIn(slices)
    .flatMap(({ addresses }) => addresses)
    .sort();

suite('endpoint slices', () => {
  const namespace = testNamespace();
  const all = `/apis/discovery.k8s.io/v1/namespaces/${namespace.name}/endpointslices`;
  const slicesOf = async (service: string) =>
    listOf(await fetchApi('GET', `${all}?labelSelector=kubernetes.io%2Fservice-name%3D${service}`)).items;
  const createService = async (name: string, spec: object = {}) =>
    objectOf(
      await fetchApi('POST', namespace.path('services'), {
        body: { metadata: { name }, spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec } },
      }),
      201,
    );
  const createPod = async (name: string, labels: object, ports: object[] = []) => {
    const containers = [{ name: 'main', image: IMAGE, imagePullPolicy: 'IfNotPresent', ports }];
    const body = { metadata: { name, labels }, spec: { terminationGracePeriodSeconds: 1, containers } };
    objectOf(await fetchApi('POST', namespace.path('pods'), { body }), 201);
  };
  const addressOf = (name: string) =>
    eventually(async () => {
      const ip = at(objectOf(await fetchApi('GET', namespace.path('pods', name))), 'status.podIP');
      assert.ok(typeof ip === 'string' && ip !== '');
      return ip;
    }, 25_000);

  behaviour(
    'EndpointSlice should create and delete EndpointSlices for a Service with a selector that matches no pods',
    { since },
    async () => {
      const service = await createService('empty', { selector: { app: 'nobody' } });
      const [slice] = await eventually(async () => {
        const slices = await slicesOf('empty');
        assert.equal(slices.length, 1);
        return slices;
      });
      assert.deepEqual(slice?.endpoints ?? [], []);
      includes(slice?.metadata, {
        name: /^empty-[a-z0-9]{5}$/,
        labels: { [MANAGED_BY]: 'endpointslice-controller.k8s.io' },
        ownerReferences: [{ kind: 'Service', name: 'empty', uid: service.metadata.uid, controller: true }],
      });
      await eventually(async () => objectOf(await fetchApi('GET', namespace.path('endpoints', 'empty'))));
      assert.equal((await fetchApi('DELETE', namespace.path('services', 'empty'))).status, 200);
      await eventually(async () => {
        assert.deepEqual(await slicesOf('empty'), []);
        statusOf(await fetchApi('GET', namespace.path('endpoints', 'empty')), { code: 404 });
      }, 25_000);
    },
  );

  behaviour(
    'EndpointSlice should create Endpoints and EndpointSlices for Pods matching a Service',
    { since, needsNode: true },
    async () => {
      const ports = [{ name: 'example-name', containerPort: 3000 }];
      await createPod('pod1', { foo: 'bar', shared: 'true' }, ports);
      await createPod('pod2', { shared: 'true' }, [
        { name: 'example-name', containerPort: 3001 },
        { name: 'other-port', containerPort: 3002 },
      ]);
      await createService('one', {
        selector: { foo: 'bar' },
        ports: [{ name: 'example', port: 80, targetPort: 'example-name' }],
      });
      await createService('two', {
        selector: { shared: 'true' },
        ports: [
          { name: 'example', port: 80, targetPort: 'example-name' },
          { name: 'other', port: 81, targetPort: 'other-port' },
        ],
      });
      const first = await addressOf('pod1');
      const second = await addressOf('pod2');
      await eventually(async () => {
        const slices = await slicesOf('one');
        assert.equal(slices.length, 1);
        includes(slices[0]?.ports, [{ name: 'example', port: 3000, protocol: 'TCP' }]);
        includes(endpointsIn(slices), [
          {
            addresses: [first],
            conditions: { ready: true, serving: true, terminating: false },
            targetRef: { kind: 'Pod', name: 'pod1' },
            nodeName: /./,
          },
        ]);
      }, 25_000);
      await eventually(async () => {
        const slices = await slicesOf('two');
        const byPorts = slices.map((slice) => [
          (slice.ports as { port: number }[]).map(({ port }) => port).sort(),
          addressesIn([slice]),
        ]);
        assert.deepEqual(
          byPorts.sort((a, b) => (a[0]?.length ?? 0) - (b[0]?.length ?? 0)),
          [
            [[3000], [first]],
            [[3001, 3002], [second]],
          ],
        );
        const endpoints = objectOf(await fetchApi('GET', namespace.path('endpoints', 'two')));
        assert.ok(JSON.stringify(endpoints.subsets).includes(`"${first}"`), JSON.stringify(endpoints.subsets));
      });
    },
  );

  behaves('an endpoint follows the labels of its pod, and goes with it', { since, needsNode: true }, async () => {
    await createPod('follows', { app: 'follows' });
    await createService('follows', { selector: { app: 'follows' } });
    const first = await addressOf('follows');
    await eventually(async () => assert.deepEqual(addressesIn(await slicesOf('follows')), [first]), 25_000);
    objectOf(
      await applyPatch(namespace.path('pods', 'follows'), MERGE_PATCH, { metadata: { labels: { app: 'left' } } }),
    );
    await eventually(async () => assert.deepEqual(addressesIn(await slicesOf('follows')), []));
    objectOf(
      await applyPatch(namespace.path('pods', 'follows'), MERGE_PATCH, { metadata: { labels: { app: 'follows' } } }),
    );
    await eventually(async () => assert.deepEqual(addressesIn(await slicesOf('follows')), [first]));
    assert.equal((await fetchApi('DELETE', namespace.path('pods', 'follows'))).status, 200);
    await eventually(async () => assert.deepEqual(addressesIn(await slicesOf('follows')), []), 25_000);
  });

  behaves('a slice that somebody deletes or changes is put right', { since }, async () => {
    await createService('kept', { selector: { app: 'nobody' } });
    const [made] = await eventually(async () => {
      const slices = await slicesOf('kept');
      assert.equal(slices.length, 1);
      return slices;
    });
    const path = `${all}/${made?.metadata.name}`;
    await mutate(path, (slice) =>
      Object.assign(slice, { endpoints: [{ addresses: ['192.0.2.1'], conditions: { ready: true } }] }),
    );
    await eventually(async () => assert.deepEqual(addressesIn(await slicesOf('kept')), []));
    const [current] = await slicesOf('kept');
    assert.equal((await fetchApi('DELETE', `${all}/${current?.metadata.name}`)).status, 200);
    await eventually(async () => {
      const slices = await slicesOf('kept');
      assert.equal(slices.length, 1);
      assert.notEqual(slices[0]?.metadata.uid, current?.metadata.uid);
    });
  });
});

suite('endpoint slice mirroring', () => {
  const namespace = testNamespace();
  const all = `/apis/discovery.k8s.io/v1/namespaces/${namespace.name}/endpointslices`;
  const slicesOf = async (service: string) =>
    listOf(await fetchApi('GET', `${all}?labelSelector=kubernetes.io%2Fservice-name%3D${service}`)).items;
  const create = async (name: string, labels: object = {}) => {
    const spec = { ports: [{ name: 'example', port: 80 }] };
    objectOf(await fetchApi('POST', namespace.path('services'), { body: { metadata: { name }, spec } }), 201);
    const subsets = [{ addresses: [{ ip: '10.1.2.3' }], ports: [{ name: 'example', port: 80 }] }];
    const body = { metadata: { name, labels }, subsets };
    objectOf(await fetchApi('POST', namespace.path('endpoints'), { body }), 201);
  };

  behaviour(
    'EndpointSliceMirroring should mirror a custom Endpoints resource through create update and delete',
    { since },
    async () => {
      await create('custom');
      await eventually(async () => {
        const slices = await slicesOf('custom');
        assert.deepEqual(addressesIn(slices), ['10.1.2.3']);
        includes(slices, [
          {
            addressType: 'IPv4',
            ports: [{ name: 'example', port: 80, protocol: 'TCP' }],
            metadata: { labels: { [MANAGED_BY]: 'endpointslicemirroring-controller.k8s.io' } },
          },
        ]);
      });
      await mutate(namespace.path('endpoints', 'custom'), (endpoints) =>
        Object.assign(endpoints, {
          subsets: [{ addresses: [{ ip: '10.2.3.4' }], ports: [{ name: 'example', port: 9090 }] }],
        }),
      );
      await eventually(async () => {
        const slices = await slicesOf('custom');
        assert.deepEqual(addressesIn(slices), ['10.2.3.4']);
        includes(slices[0]?.ports, [{ port: 9090 }]);
      });
      assert.equal((await fetchApi('DELETE', namespace.path('endpoints', 'custom'))).status, 200);
      await eventually(async () => assert.deepEqual(await slicesOf('custom'), []));
    },
  );

  behaves('Endpoints that ask not to be mirrored are not', { since }, async () => {
    await create('skipped', { 'endpointslice.kubernetes.io/skip-mirror': 'true' });
    await create('mirrored');
    await eventually(async () => assert.deepEqual(addressesIn(await slicesOf('mirrored')), ['10.1.2.3']));
    assert.deepEqual(await slicesOf('skipped'), []);
  });
});
