/** Namespaces: what can be written to them, and the finalizers that hold them. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaves,
  behaviour,
  createNamespace,
  eventually,
  fetchApi,
  includes,
  MERGE_PATCH,
  mutate,
  objectOf,
  removeNamespace,
  STRATEGIC_PATCH,
  statusOf,
  suite,
  testNamespace,
  uniqueName,
  type Wire,
} from './harness.ts';

interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
}

const finalizersOf = (object: Wire) => (at(object, 'spec.finalizers') ?? []) as string[];
const conditionsOf = (object: Wire) => (at(object, 'status.conditions') ?? []) as Condition[];

suite('namespaces', () => {
  const { name } = testNamespace();
  const path = `/api/v1/namespaces/${name}`;

  behaviour('Namespaces [Serial] should patch a Namespace', async () => {
    const before = objectOf(await fetchApi('GET', path));
    const patch = { metadata: { labels: { testLabel: 'testValue' } } };
    const patched = objectOf(await applyPatch(path, STRATEGIC_PATCH, patch));
    assert.ok(Number(patched.metadata.resourceVersion) > Number(before.metadata.resourceVersion));
    includes(objectOf(await fetchApi('GET', path)), patch);
  });

  behaviour('Namespaces [Serial] should apply an update to a Namespace', async () => {
    const updated = await mutate(path, (object) => {
      object.metadata.labels = { ...object.metadata.labels, [name]: 'updated' };
    });
    assert.equal(updated.metadata.labels?.[name], 'updated');
    includes(objectOf(await fetchApi('GET', path)), { metadata: { labels: { [name]: 'updated' } } });
  });

  behaviour('Namespaces [Serial] should apply changes to a namespace status', async () => {
    includes(objectOf(await fetchApi('GET', `${path}/status`)), { kind: 'Namespace', status: { phase: 'Active' } });
    const condition = { status: 'True', reason: 'E2E' };
    const first = { ...condition, type: 'StatusPatch', message: 'Patched by a test' };
    const patch = { metadata: { annotations: { 'patched-ns-status': name } }, status: { conditions: [first] } };
    const patched = objectOf(await applyPatch(`${path}/status`, MERGE_PATCH, patch));
    includes(patched, patch);
    const second = { ...condition, type: 'StatusUpdate', message: 'Updated by a test' };
    const updated = await mutate(`${path}/status`, (object) => {
      object.status = { ...(object.status as object), conditions: [...conditionsOf(object), second] };
    });
    includes(conditionsOf(updated), [first, second]);
    includes(conditionsOf(objectOf(await fetchApi('GET', path))), [first, second]);
  });

  behaviour('Namespaces [Serial] should apply a finalizer to a Namespace', async () => {
    const finalizer = 'e2e.example.com/fakeFinalizer';
    const finalize = async (finalizers: (now: string[]) => string[]) => {
      const object = objectOf(await fetchApi('GET', path));
      object.spec = { ...(object.spec as object), finalizers: finalizers(finalizersOf(object)) };
      return finalizersOf(objectOf(await fetchApi('PUT', `${path}/finalize`, { body: object })));
    };
    assert.deepEqual(await finalize((now) => [...now, finalizer]), ['kubernetes', finalizer]);
    assert.deepEqual(finalizersOf(objectOf(await fetchApi('GET', path))), ['kubernetes', finalizer]);
    assert.deepEqual(await finalize((now) => now.filter((one) => one !== finalizer)), ['kubernetes']);
    assert.deepEqual(finalizersOf(objectOf(await fetchApi('GET', path))), ['kubernetes']);
  });

  behaves('an ordinary write leaves the finalizers of the spec alone', async () => {
    const patched = objectOf(await applyPatch(path, MERGE_PATCH, { spec: { finalizers: ['example.com/other'] } }));
    assert.deepEqual(finalizersOf(patched), ['kubernetes']);
  });

  behaves('a namespace that ends takes nothing new, and goes with its last finalizer', async () => {
    const ending = uniqueName('ending');
    await createNamespace(ending);
    const own = `/api/v1/namespaces/${ending}`;
    const object = objectOf(await fetchApi('GET', own));
    object.spec = { finalizers: ['kubernetes', 'e2e.example.com/hold'] };
    objectOf(await fetchApi('PUT', `${own}/finalize`, { body: object }));
    try {
      const deleted = await fetchApi('DELETE', own);
      assert.equal(deleted.status, 200, deleted.text);
      includes(objectOf(await fetchApi('GET', own)), { status: { phase: 'Terminating' } });
      // The server may learn of the end by a watch of its own.
      await eventually(async () =>
        statusOf(await fetchApi('POST', `${own}/configmaps`, { body: { metadata: { name: 'late' } } }), {
          code: 403,
          reason: 'Forbidden',
          message: `configmaps "late" is forbidden: unable to create new content in namespace ${ending} because it is being terminated`,
          details: { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] },
        }),
      );
    } finally {
      await removeNamespace(ending);
    }
    await eventually(async () => statusOf(await fetchApi('GET', own), { code: 404, reason: 'NotFound' }));
  });
});
