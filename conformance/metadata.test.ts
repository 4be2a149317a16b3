/** What the server does with metadata: names, generated names, generation, what cannot be changed. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  atLeast,
  behaves,
  eventually,
  fetchApi,
  includes,
  MERGE_PATCH,
  mutate,
  objectOf,
  statusOf,
  suite,
  testNamespace,
} from './harness.ts';
import { sampleConfigMap, sampleController, samplePod } from './kinds.ts';

suite('metadata', () => {
  const namespace = testNamespace();
  const post = (resource: string, body: object) => fetchApi('POST', namespace.path(resource), { body });

  behaves('generateName gives a name of its own to each object', async () => {
    const names = new Set<string>();
    for (let i = 0; i < 5; i++) {
      const created = objectOf(await post('configmaps', { metadata: { generateName: 'gen-' } }), 201);
      assert.match(created.metadata.name, /^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
      assert.equal(created.metadata.generateName, 'gen-');
      names.add(created.metadata.name);
    }
    assert.equal(names.size, 5);
  });

  behaves('a long generateName is cut so that the name has 63 characters', async () => {
    const created = objectOf(await post('configmaps', { metadata: { generateName: 'g'.repeat(80) } }), 201);
    assert.match(created.metadata.name, /^g{58}[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  behaves('name wins over generateName', async () => {
    const created = objectOf(await post('configmaps', { metadata: { name: 'both', generateName: 'gen-' } }), 201);
    assert.equal(created.metadata.name, 'both');
  });

  behaves('an object without either is refused', async () => {
    statusOf(await post('configmaps', { metadata: {} }), {
      code: 422,
      reason: 'Invalid',
      message: atLeast(36)
        ? /^ConfigMap "" is invalid: metadata\.name: Required value: name or generateName is required/
        : 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
      details: { causes: [{ reason: 'FieldValueRequired', field: 'metadata.name' }] },
    });
  });

  behaves('what the server owns is not taken from the client at creation', async () => {
    const metadata = {
      name: 'owned',
      uid: 'mine',
      creationTimestamp: '2001-01-01T00:00:00Z',
      deletionTimestamp: '2001-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 5,
      selfLink: '/mine',
    };
    const created = objectOf(await post('configmaps', { metadata }), 201);
    assert.notEqual(created.metadata.uid, 'mine');
    assert.notEqual(created.metadata.creationTimestamp, '2001-01-01T00:00:00Z');
    includes(created.metadata, { deletionTimestamp: undefined, deletionGracePeriodSeconds: undefined });
  });

  behaves('labels, annotations, owner references and finalizers are kept as sent', async () => {
    const metadata = {
      name: 'kept',
      labels: { 'example.com/a': 'b', empty: '' },
      annotations: { 'example.com/long': 'x'.repeat(5000), text: '{"a": "ü\\n"}' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'nobody', uid: 'none', controller: true }],
      finalizers: ['example.com/hold'],
    };
    includes(objectOf(await post('configmaps', { metadata }), 201).metadata, metadata);
    objectOf(await applyPatch(namespace.path('configmaps', 'kept'), MERGE_PATCH, { metadata: { finalizers: null } }));
  });

  behaves('empty maps and lists are left out', async () => {
    const metadata = { name: 'sparse', labels: {}, annotations: {}, finalizers: [], ownerReferences: [] };
    const created = objectOf(await post('configmaps', { metadata, data: {} }), 201);
    for (const found of [created, objectOf(await fetchApi('GET', namespace.path('configmaps', 'sparse')))]) {
      includes(found, { data: undefined });
      const absent = { labels: undefined, annotations: undefined, finalizers: undefined, ownerReferences: undefined };
      includes(found.metadata, absent);
    }
  });

  const invalid: [title: string, metadata: object, field: string][] = [
    ['a label key with a blank', { labels: { 'a b': 'c' } }, 'metadata.labels'],
    ['a label value of 64 characters', { labels: { a: 'c'.repeat(64) } }, 'metadata.labels'],
    ['an annotation key with two slashes', { annotations: { 'a/b/c': 'd' } }, 'metadata.annotations'],
    ['annotations of more than 256 KiB', { annotations: { a: 'x'.repeat(263_000) } }, 'metadata.annotations'],
    ['a finalizer without a domain', { finalizers: ['not qualified'] }, 'metadata.finalizers'],
    [
      'an owner without uid',
      { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x' }] },
      'metadata.ownerReferences',
    ],
    ['a name in capitals', { name: 'Capital' }, 'metadata.name'],
    ['a name of 254 characters', { name: 'n'.repeat(254) }, 'metadata.name'],
  ];
  for (const [title, metadata, field] of invalid) {
    behaves(`${title} is refused`, async () => {
      const answer = await post('configmaps', { metadata: { name: 'refused', ...metadata } });
      const status = statusOf(answer, { code: 422, reason: 'Invalid' });
      const causes = status.details?.causes ?? [];
      assert.ok(
        causes.some((cause) => cause.field?.startsWith(field)),
        JSON.stringify(causes).slice(0, 500),
      );
    });
  }

  behaves('uid, creationTimestamp and generateName cannot be changed by an update', async () => {
    const created = objectOf(await post('configmaps', sampleConfigMap('unchanged')), 201);
    const updated = objectOf(
      await applyPatch(namespace.path('configmaps', 'unchanged'), MERGE_PATCH, {
        metadata: { generateName: null },
        data: { a: 'b' },
      }),
    );
    assert.equal(updated.metadata.uid, created.metadata.uid);
    assert.equal(updated.metadata.creationTimestamp, created.metadata.creationTimestamp);
  });

  behaves('generation counts changes of the spec, not of labels or status', async () => {
    const created = objectOf(await post('replicationcontrollers', sampleController('counted')), 201);
    assert.equal(created.metadata.generation, 1);
    const path = namespace.path('replicationcontrollers', 'counted');
    const labelled = await mutate(path, (rc) => {
      rc.metadata.labels = { a: 'b' };
    });
    assert.equal(labelled.metadata.generation, 1);
    const changed = await mutate(path, (rc) => {
      rc.spec = { ...(rc.spec as object), minReadySeconds: 3 };
    });
    assert.equal(changed.metadata.generation, 2);
    const status = await mutate(`${path}/status`, (rc) => {
      rc.status = { ...(rc.status as object), fullyLabeledReplicas: 0, observedGeneration: 2 };
    });
    assert.equal(status.metadata.generation, 2);
  });

  behaves(
    "a pod's generation starts at 1 and counts changes of its spec",
    {
      since: 33,
      covers:
        'Pods Extended (pod generation) Pod Generation pod generation should start at 1 and increment per update [MinimumKubeletVersion:1.34]',
    },
    async () => {
      const created = objectOf(await post('pods', samplePod('generation')), 201);
      assert.equal(created.metadata.generation, 1);
      const path = namespace.path('pods', 'generation');
      const labelled = objectOf(await applyPatch(path, MERGE_PATCH, { metadata: { labels: { a: 'b' } } }));
      assert.equal(labelled.metadata.generation, 1);
      const changed = objectOf(await applyPatch(path, MERGE_PATCH, { spec: { activeDeadlineSeconds: 100 } }));
      assert.equal(changed.metadata.generation, 2);
    },
  );

  behaves('a new namespace has its finalizer, is Active and is labelled with its name', { since: 21 }, async () => {
    const object = objectOf(await fetchApi('GET', `/api/v1/namespaces/${namespace.name}`));
    includes(object, { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } });
    assert.equal(object.metadata.labels?.['kubernetes.io/metadata.name'], namespace.name);
  });

  behaves('nothing can be created in a namespace that does not exist', async () => {
    const answer = await fetchApi('POST', '/api/v1/namespaces/conformance-never/configmaps', {
      body: sampleConfigMap('x'),
    });
    statusOf(answer, { code: 404, reason: 'NotFound', message: 'namespaces "conformance-never" not found' });
  });

  behaves('the namespace of a path is the namespace of the object', async () => {
    const created = objectOf(await post('configmaps', { metadata: { name: 'implied' } }), 201);
    assert.equal(created.metadata.namespace, namespace.name);
    statusOf(await post('configmaps', { metadata: { name: 'other', namespace: 'default' } }), {
      code: 400,
      reason: 'BadRequest',
      message:
        /the namespace of the (provided )?object( \(default\))? does not match the namespace (sent )?on the (request|URL)/,
    });
  });

  behaves('the namespaces every cluster has are there', async () => {
    await eventually(async () => {
      for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
        objectOf(await fetchApi('GET', `/api/v1/namespaces/${name}`));
      }
    });
  });

  behaves('default cannot be deleted', async () => {
    statusOf(await fetchApi('DELETE', '/api/v1/namespaces/default'), {
      code: 403,
      reason: 'Forbidden',
      message: 'namespaces "default" is forbidden: this namespace may not be deleted',
    });
  });
});
