/** ConfigMaps, Secrets, ServiceAccounts, Endpoints, Events and Nodes: their own rules. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  behaves,
  behaviour,
  fetchApi,
  includes,
  listOf,
  MERGE_PATCH,
  namesOf,
  objectOf,
  STRATEGIC_PATCH,
  statusOf,
  suite,
  testNamespace,
  uniqueName,
  watch,
} from './harness.ts';
import { sampleConfigMap } from './kinds.ts';

suite('configmaps and secrets', () => {
  const namespace = testNamespace();
  const post = (resource: string, body: object) => fetchApi('POST', namespace.path(resource), { body });

  behaviour('ConfigMap should fail to create ConfigMap with empty key', async () => {
    statusOf(await post('configmaps', { metadata: { name: 'empty' }, data: { '': 'x' } }), {
      code: 422,
      reason: 'Invalid',
      message:
        /^ConfigMap "empty" is invalid: data\[\]: Invalid value: "": a valid config key must consist of alphanumeric characters/,
    });
  });

  behaviour('Secrets should fail to create secret due to empty secret key', async () => {
    statusOf(await post('secrets', { metadata: { name: 'empty' }, data: { '': 'dmFsdWU=' } }), {
      code: 422,
      reason: 'Invalid',
      message: /data\[\]: Invalid value: ""/,
    });
  });

  behaviour('ConfigMap should run through a ConfigMap lifecycle', async () => {
    const labels = { 'test-configmap-static': 'true' };
    objectOf(await post('configmaps', { metadata: { name: 'life', labels }, data: { valueName: 'value' } }), 201);
    const path = namespace.path('configmaps', 'life');
    objectOf(
      await applyPatch(path, STRATEGIC_PATCH, {
        metadata: { labels: { patched: 'yes' } },
        data: { valueName: 'value1' },
      }),
    );
    includes(objectOf(await fetchApi('GET', path)), {
      data: { valueName: 'value1' },
      metadata: { labels: { patched: 'yes' } },
    });
    const list = await fetchApi('GET', '/api/v1/configmaps?labelSelector=test-configmap-static%3Dtrue');
    assert.ok(namesOf(listOf(list)).includes('life'));
    assert.equal(
      (await fetchApi('DELETE', `${namespace.path('configmaps')}?labelSelector=test-configmap-static%3Dtrue`)).status,
      200,
    );
    statusOf(await fetchApi('GET', path), { code: 404 });
  });

  behaves('a key in both data and binaryData, or more than a mebibyte, is refused', async () => {
    const twice = { metadata: { name: 'twice' }, data: { a: 'x' }, binaryData: { a: 'eA==' } };
    statusOf(await post('configmaps', twice), {
      code: 422,
      message: /data\[a\]: Invalid value: "a": duplicate of key present in binaryData/,
    });
    const large = { metadata: { name: 'large' }, data: { a: 'x'.repeat(1024 * 1024 + 1) } };
    statusOf(await post('configmaps', large), {
      code: 422,
      message: /^ConfigMap "large" is invalid: \[\]: Too long: (must have at most|may not be more than) 1048576/,
    });
  });

  behaves('an immutable configmap keeps its data and stays immutable', async () => {
    objectOf(await post('configmaps', { ...sampleConfigMap('still'), immutable: true }), 201);
    const path = namespace.path('configmaps', 'still');
    statusOf(await applyPatch(path, MERGE_PATCH, { data: { key: 'new' } }), {
      code: 422,
      message: 'ConfigMap "still" is invalid: data: Forbidden: field is immutable when `immutable` is set',
    });
    statusOf(await applyPatch(path, MERGE_PATCH, { immutable: false }), {
      code: 422,
      message: 'ConfigMap "still" is invalid: immutable: Forbidden: field is immutable when `immutable` is set',
    });
    objectOf(await applyPatch(path, MERGE_PATCH, { metadata: { labels: { a: 'b' } } }));
  });

  behaves('stringData becomes data, and a secret is Opaque', async () => {
    const secret = objectOf(await post('secrets', { metadata: { name: 'text' }, stringData: { a: 'hello' } }), 201);
    includes(secret, { type: 'Opaque', data: { a: 'aGVsbG8=' }, stringData: undefined });
  });

  behaves('a secret that is no base64 is refused', async () => {
    statusOf(await post('secrets', { metadata: { name: 'raw' }, data: { a: '!' } }), {
      code: 400,
      reason: 'BadRequest',
      message: /illegal base64 data at input byte 0/,
    });
  });

  const typed: [type: string, data: object, message: RegExp][] = [
    ['kubernetes.io/tls', {}, /data\[tls\.crt\]: Required value, data\[tls\.key\]: Required value/],
    ['kubernetes.io/dockerconfigjson', {}, /data\[\.dockerconfigjson\]: Required value/],
    [
      'kubernetes.io/service-account-token',
      {},
      /metadata\.annotations\[kubernetes\.io\/service-account\.name\]: Required value/,
    ],
  ];
  for (const [type, data, message] of typed) {
    behaves(`a ${type} secret must have what its type needs`, async () => {
      statusOf(await post('secrets', { metadata: { name: 'typed' }, type, data }), {
        code: 422,
        reason: 'Invalid',
        message,
      });
    });
  }

  behaves("a secret's type cannot change", async () => {
    objectOf(await post('secrets', { metadata: { name: 'kept' } }), 201);
    statusOf(await applyPatch(namespace.path('secrets', 'kept'), MERGE_PATCH, { type: 'example.com/other' }), {
      code: 422,
      message: 'Secret "kept" is invalid: type: Invalid value: "example.com/other": field is immutable',
    });
  });
});

suite('service accounts, endpoints, events', () => {
  const namespace = testNamespace();
  const post = (resource: string, body: object) => fetchApi('POST', namespace.path(resource), { body });

  behaves(
    'a service account lives, is watched and goes',
    { covers: 'ServiceAccounts should run through the lifecycle of a ServiceAccount' },
    async () => {
      const accounts = namespace.path('serviceaccounts');
      const version = listOf(await fetchApi('GET', accounts)).metadata.resourceVersion;
      const stream = await watch(accounts, `resourceVersion=${version}&labelSelector=life`);
      objectOf(await post('serviceaccounts', { metadata: { name: 'life', labels: { life: 'yes' } } }), 201);
      objectOf(await applyPatch(`${accounts}/life`, STRATEGIC_PATCH, { automountServiceAccountToken: false }));
      assert.equal((await fetchApi('DELETE', `${accounts}?labelSelector=life`)).status, 200);
      const events = await stream.until((all) => all.some(({ type }) => type === 'DELETED'));
      stream.stop();
      assert.equal(events[0]?.type, 'ADDED');
    },
  );

  behaviour('ServiceAccounts should update a ServiceAccount', async () => {
    const account = objectOf(await post('serviceaccounts', { metadata: { name: 'updated' } }), 201);
    const body = { ...account, automountServiceAccountToken: true };
    const updated = objectOf(await fetchApi('PUT', namespace.path('serviceaccounts', 'updated'), { body }));
    assert.equal(updated.automountServiceAccountToken, true);
  });

  behaviour('Endpoints should test the lifecycle of an Endpoint', async () => {
    const endpoints = namespace.path('endpoints');
    const labels = { 'test-endpoint-static': 'true' };
    const subsets = [{ addresses: [{ ip: '10.0.0.24' }], ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }];
    objectOf(await post('endpoints', { metadata: { name: 'life', labels }, subsets }), 201);
    const changed = [{ addresses: [{ ip: '10.0.0.25' }], ports: [{ name: 'http-test', port: 8080, protocol: 'TCP' }] }];
    includes(objectOf(await applyPatch(`${endpoints}/life`, STRATEGIC_PATCH, { subsets: changed })), {
      subsets: changed,
    });
    assert.equal((await fetchApi('DELETE', `${endpoints}?labelSelector=test-endpoint-static%3Dtrue`)).status, 200);
    statusOf(await fetchApi('GET', `${endpoints}/life`), { code: 404 });
  });

  const addresses: [ip: string, message: RegExp][] = [
    ['nope', /subsets\[0\]\.addresses\[0\]\.ip: Invalid value: "nope": must be a valid IP address/],
    ['127.0.0.1', /subsets\[0\]\.addresses\[0\]\.ip: Invalid value: "127\.0\.0\.1": may not be in the loopback range/],
    ['169.254.1.1', /may not be in the link-local range/],
    ['0.0.0.0', /may not be unspecified/],
  ];
  for (const [ip, message] of addresses) {
    behaves(`endpoints at ${ip} are refused`, async () => {
      statusOf(await post('endpoints', { metadata: { name: 'x' }, subsets: [{ addresses: [{ ip }] }] }), {
        code: 422,
        reason: 'Invalid',
        message,
      });
    });
  }

  behaves(
    'an event is kept, patched, and goes',
    { covers: 'Events should manage the lifecycle of an event' },
    async () => {
      const involvedObject = { kind: 'Pod', name: 'x', namespace: namespace.name };
      objectOf(
        await post('events', {
          metadata: { name: 'life' },
          involvedObject,
          message: 'first',
          reason: 'Test',
          type: 'Normal',
        }),
        201,
      );
      const path = namespace.path('events', 'life');
      includes(objectOf(await applyPatch(path, STRATEGIC_PATCH, { message: 'second' })), { message: 'second' });
      assert.equal((await fetchApi('DELETE', path)).status, 200);
    },
  );

  behaves('an event must be in the namespace of its object', async () => {
    const body = { metadata: { name: 'abroad' }, involvedObject: { kind: 'Pod', name: 'x', namespace: 'default' } };
    statusOf(await post('events', body), {
      code: 422,
      reason: 'Invalid',
      message: /involvedObject\.namespace: Invalid value: "default": does not match event\.namespace/,
    });
  });
});

suite('leases and nodes', () => {
  const namespace = testNamespace();

  behaviour('Lease lease API should be available', async () => {
    const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace.name}/leases`;
    const time = '2026-01-02T03:04:05.678901Z';
    const spec = {
      holderIdentity: 'holder',
      leaseDurationSeconds: 30,
      acquireTime: time,
      renewTime: time,
      leaseTransitions: 0,
    };
    includes(objectOf(await fetchApi('POST', leases, { body: { metadata: { name: 'lease' }, spec } }), 201), { spec });
    const patched = objectOf(await applyPatch(`${leases}/lease`, MERGE_PATCH, { spec: { leaseDurationSeconds: 50 } }));
    includes(patched, { spec: { ...spec, leaseDurationSeconds: 50 } });
    const bad = { metadata: { name: 'bad' }, spec: { leaseDurationSeconds: 0 } };
    statusOf(await fetchApi('POST', leases, { body: bad }), {
      code: 422,
      reason: 'Invalid',
      message: /spec\.leaseDurationSeconds: Invalid value: 0: must be greater than 0/,
    });
    assert.equal((await fetchApi('DELETE', leases)).status, 200);
    assert.deepEqual(listOf(await fetchApi('GET', leases)).items, []);
  });

  behaves('taints are kept, and checked', async () => {
    const name = uniqueName('node');
    const taints = [{ key: 'example.com/a', value: 'b', effect: 'NoSchedule' }];
    objectOf(
      await fetchApi('POST', '/api/v1/nodes', { body: { metadata: { name }, spec: { unschedulable: true, taints } } }),
      201,
    );
    const node = objectOf(await fetchApi('GET', `/api/v1/nodes/${name}`));
    const kept = (node.spec as { taints: object[] }).taints;
    assert.ok(kept.some((taint) => (taint as { key?: string }).key === 'example.com/a'));
    const wrong = { spec: { taints: [{ key: 'a b', effect: 'Sometimes' }] } };
    statusOf(await applyPatch(`/api/v1/nodes/${name}`, MERGE_PATCH, wrong), {
      code: 422,
      reason: 'Invalid',
      message: /(metadata|spec)\.taints\[0\]\.key: Invalid value: "a b"/,
    });
    await fetchApi('DELETE', `/api/v1/nodes/${name}`);
  });
});
