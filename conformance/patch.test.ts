/** The three kinds of patch, on every kind and in their finer points. */
import assert from 'node:assert/strict';
import { discard, everyKind } from './every-kind.ts';
import {
  applyPatch,
  at,
  atLeast,
  behaves,
  behaviour,
  fetchApi,
  includes,
  JSON_PATCH,
  MERGE_PATCH,
  objectOf,
  STRATEGIC_PATCH,
  statusOf,
  suite,
  testNamespace,
  uniqueName,
} from './harness.ts';
import { collectionOf, nameOf, sampleConfigMap, samplePod, sampleService } from './kinds.ts';

everyKind('patches', (kind) => {
  const namespace = testNamespace();
  const name = nameOf(kind, uniqueName('patched'));
  const path = `${collectionOf(kind, namespace.name)}/${name}`;
  before(async () => {
    const sample = kind.sample(name, namespace.name) as { metadata: object };
    const body = { ...sample, metadata: { ...sample.metadata, labels: { first: 'one' } } };
    objectOf(await fetchApi('POST', collectionOf(kind, namespace.name), { body }), 201);
  });
  after(() => discard(kind, path));

  behaves('a JSON patch adds, tests and removes', async () => {
    const patch = [
      { op: 'test', path: '/metadata/labels/first', value: 'one' },
      { op: 'add', path: '/metadata/labels/second', value: 'two' },
      { op: 'remove', path: '/metadata/labels/first' },
    ];
    const patched = objectOf(await applyPatch(path, JSON_PATCH, patch));
    includes(patched.metadata.labels, { second: 'two', first: undefined });
  });

  behaves('a merge patch sets, and removes with null', async () => {
    const patch = { metadata: { labels: { second: null, third: 'three' } } };
    const patched = objectOf(await applyPatch(path, MERGE_PATCH, patch));
    includes(patched.metadata.labels, { third: 'three', second: undefined });
  });

  behaves('a strategic merge patch sets, and removes with null', async () => {
    const patch = { metadata: { labels: { third: null, fourth: 'four' }, annotations: { note: 'strategic' } } };
    const patched = objectOf(await applyPatch(path, STRATEGIC_PATCH, patch));
    includes(patched.metadata, { labels: { fourth: 'four', third: undefined }, annotations: { note: 'strategic' } });
  });
});

suite('patches in detail', () => {
  const namespace = testNamespace();
  const create = async (resource: string, body: object) =>
    objectOf(await fetchApi('POST', namespace.path(resource), { body }), 201);

  behaves('a strategic merge patch merges containers by name and ports of a service by port', async () => {
    await create('pods', samplePod('merged'));
    const patch = { spec: { containers: [{ name: 'main', image: 'example.invalid/main:2' }] } };
    const pod = objectOf(await applyPatch(namespace.path('pods', 'merged'), STRATEGIC_PATCH, patch));
    includes(pod.spec, {
      containers: [{ name: 'main', image: 'example.invalid/main:2', imagePullPolicy: 'IfNotPresent' }],
    });
    await create('services', sampleService('merged'));
    const ports = { spec: { ports: [{ name: 'admin', port: 81 }] } };
    const service = objectOf(await applyPatch(namespace.path('services', 'merged'), STRATEGIC_PATCH, ports));
    const merged = at(service, 'spec.ports') as { port: number }[];
    assert.deepEqual(merged.map(({ port }) => port).sort(), [80, 81]);
  });

  behaves('a merge patch replaces a list as a whole', async () => {
    await create('services', sampleService('replaced'));
    const patch = { spec: { ports: [{ name: 'admin', port: 81 }] } };
    const service = objectOf(await applyPatch(namespace.path('services', 'replaced'), MERGE_PATCH, patch));
    includes(service.spec, { ports: [{ name: 'admin', port: 81 }] });
  });

  behaves('$patch: delete and $patch: replace are directives of a strategic merge patch', async () => {
    await create('services', {
      metadata: { name: 'directed', labels: { other: 'label' } },
      spec: {
        ports: [
          { name: 'a', port: 1 },
          { name: 'b', port: 2 },
        ],
      },
    });
    const path = namespace.path('services', 'directed');
    const removed = objectOf(
      await applyPatch(path, STRATEGIC_PATCH, { spec: { ports: [{ port: 1, $patch: 'delete' }] } }),
    );
    includes(removed.spec, { ports: [{ name: 'b', port: 2 }] });
    const labels = { $patch: 'replace', only: 'this' };
    const replaced = objectOf(await applyPatch(path, STRATEGIC_PATCH, { metadata: { labels } }));
    assert.deepEqual(replaced.metadata.labels, { only: 'this' });
  });

  behaves('$deleteFromPrimitiveList takes finalizers out of their list, and others are merged in', async () => {
    await create('configmaps', { metadata: { name: 'listed', finalizers: ['example.com/a', 'example.com/b'] } });
    const path = namespace.path('configmaps', 'listed');
    const added = objectOf(await applyPatch(path, STRATEGIC_PATCH, { metadata: { finalizers: ['example.com/c'] } }));
    assert.deepEqual([...(added.metadata.finalizers ?? [])].sort(), [
      'example.com/a',
      'example.com/b',
      'example.com/c',
    ]);
    const patch = { metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/a'] } };
    const removed = objectOf(await applyPatch(path, STRATEGIC_PATCH, patch));
    assert.deepEqual([...(removed.metadata.finalizers ?? [])].sort(), ['example.com/b', 'example.com/c']);
  });

  behaviour('Secrets should patch a secret', async () => {
    await create('secrets', { metadata: { name: 'patched', labels: { test: 'yes' } }, data: { key: 'dmFsdWU=' } });
    const patch = { metadata: { labels: { test: 'patched' } }, data: { key: 'dmFsdWUx' } };
    objectOf(await applyPatch(namespace.path('secrets', 'patched'), STRATEGIC_PATCH, patch));
    const secret = objectOf(await fetchApi('GET', namespace.path('secrets', 'patched')));
    includes(secret, { metadata: { labels: { test: 'patched' } }, data: { key: 'dmFsdWUx' } });
  });

  behaves('a patch that changes nothing leaves the resourceVersion alone', async () => {
    const before = await create('configmaps', sampleConfigMap('idle', { a: 'b' }));
    const path = namespace.path('configmaps', 'idle');
    for (const type of [MERGE_PATCH, STRATEGIC_PATCH]) {
      const patched = objectOf(await applyPatch(path, type, { metadata: { labels: { a: 'b' } } }));
      assert.equal(patched.metadata.resourceVersion, before.metadata.resourceVersion);
    }
  });

  behaves('a patch with a stale resourceVersion answers 409 Conflict', async () => {
    const created = await create('configmaps', sampleConfigMap('stale'));
    const path = namespace.path('configmaps', 'stale');
    objectOf(await applyPatch(path, MERGE_PATCH, { data: { key: 'newer' } }));
    const patch = { metadata: { resourceVersion: created.metadata.resourceVersion }, data: { key: 'late' } };
    statusOf(await applyPatch(path, MERGE_PATCH, patch), { code: 409, reason: 'Conflict' });
  });

  behaves('a failed JSON patch test answers 422 and changes nothing', async () => {
    await create('configmaps', sampleConfigMap('tested'));
    const path = namespace.path('configmaps', 'tested');
    const patch = [
      { op: 'replace', path: '/data/key', value: 'wrong' },
      { op: 'test', path: '/data/key', value: 'never' },
    ];
    statusOf(await applyPatch(path, JSON_PATCH, patch), { code: 422, reason: 'Invalid' });
    includes(objectOf(await fetchApi('GET', path)), { data: { key: 'value' } });
  });

  behaves('a patch of what is not there answers 404', async () => {
    for (const type of [JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH]) {
      const patch = type === JSON_PATCH ? [] : {};
      statusOf(await applyPatch(namespace.path('configmaps', 'absent'), type, patch), {
        code: 404,
        reason: 'NotFound',
      });
    }
  });

  behaves('a patch cannot rename an object or move it to another namespace', async () => {
    await create('configmaps', sampleConfigMap('fixed'));
    const path = namespace.path('configmaps', 'fixed');
    const rename = await applyPatch(path, MERGE_PATCH, { metadata: { name: 'other' } });
    statusOf(rename, {
      code: 400,
      reason: 'BadRequest',
      message: 'the name of the object (other) does not match the name on the URL (fixed)',
    });
    const move = await applyPatch(path, MERGE_PATCH, { metadata: { namespace: 'default' } });
    statusOf(move, {
      code: 400,
      reason: 'BadRequest',
      message: atLeast(24)
        ? 'the namespace of the provided object does not match the namespace sent on the request'
        : /does not match the namespace/,
    });
  });
});
