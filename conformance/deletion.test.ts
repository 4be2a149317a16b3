/** How objects go: at once, gracefully, held by finalizers, under preconditions. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  atLeast,
  behaves,
  eventually,
  fetchApi,
  includes,
  listOf,
  MERGE_PATCH,
  namesOf,
  objectOf,
  statusOf,
  suite,
  testNamespace,
  uniqueName,
} from './harness.ts';
import { sampleConfigMap, samplePod } from './kinds.ts';

suite('deletion', () => {
  const namespace = testNamespace();
  // A node there is, though nobody runs it: pods of nodes that are not there are garbage, and collected.
  const node = uniqueName('conformance-node');
  before(async () => {
    const body = { metadata: { name: node }, spec: { unschedulable: true } };
    objectOf(await fetchApi('POST', '/api/v1/nodes', { body }), 201);
  });
  after(() => fetchApi('DELETE', `/api/v1/nodes/${node}`));
  const post = async (resource: string, body: object) =>
    objectOf(await fetchApi('POST', namespace.path(resource), { body }), 201);
  const bind = async (name: string) => {
    const body = { metadata: { name }, target: { kind: 'Node', name: node } };
    const answer = await fetchApi('POST', namespace.path('pods', name, 'binding'), { body });
    assert.equal(answer.status, 201, answer.text);
  };
  const missing = async (path: string) => statusOf(await fetchApi('GET', path), { code: 404, reason: 'NotFound' });

  behaves('what is deleted at once is answered with a Status that names it', async () => {
    const created = await post('configmaps', sampleConfigMap('at-once'));
    const answer = await fetchApi('DELETE', namespace.path('configmaps', 'at-once'));
    assert.equal(answer.status, 200, answer.text);
    includes(answer.json(), {
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Success',
      details: { name: 'at-once', kind: 'configmaps', uid: created.metadata.uid },
    });
    await missing(namespace.path('configmaps', 'at-once'));
  });

  behaves('a pod that is on no node goes at once', async () => {
    await post('pods', samplePod('unbound'));
    const deleted = objectOf(await fetchApi('DELETE', namespace.path('pods', 'unbound')));
    assert.equal(deleted.kind, 'Pod');
    await missing(namespace.path('pods', 'unbound'));
  });

  behaves('a pod on a node gets a deletionTimestamp and its grace period', async () => {
    await post('pods', samplePod('graceful'));
    await bind('graceful');
    const deleted = objectOf(await fetchApi('DELETE', namespace.path('pods', 'graceful')));
    assert.equal(deleted.metadata.deletionGracePeriodSeconds, 30);
    const created = Date.parse(deleted.metadata.creationTimestamp ?? '');
    const deadline = Date.parse(deleted.metadata.deletionTimestamp ?? '');
    assert.ok(deadline >= created + 29_000, 'the deletionTimestamp is when the grace period ends');
    const still = objectOf(await fetchApi('GET', namespace.path('pods', 'graceful')));
    assert.equal(still.metadata.deletionTimestamp, deleted.metadata.deletionTimestamp);
  });

  behaves('a grace period can be asked for and shortened, but not extended', async () => {
    await post('pods', samplePod('shorter'));
    await bind('shorter');
    const path = namespace.path('pods', 'shorter');
    const first = objectOf(await fetchApi('DELETE', path, { body: { gracePeriodSeconds: 20 } }));
    assert.equal(first.metadata.deletionGracePeriodSeconds, 20);
    const shorter = objectOf(await fetchApi('DELETE', `${path}?gracePeriodSeconds=10`));
    assert.equal(shorter.metadata.deletionGracePeriodSeconds, 10);
    const longer = objectOf(await fetchApi('DELETE', `${path}?gracePeriodSeconds=60`));
    assert.equal(longer.metadata.deletionGracePeriodSeconds, 10);
  });

  behaves("the pod's own terminationGracePeriodSeconds is the default", async () => {
    const pod = samplePod('own-grace') as { spec: object };
    await post('pods', { ...pod, spec: { ...pod.spec, terminationGracePeriodSeconds: 7 } });
    await bind('own-grace');
    const deleted = objectOf(await fetchApi('DELETE', namespace.path('pods', 'own-grace')));
    assert.equal(deleted.metadata.deletionGracePeriodSeconds, 7);
  });

  behaves('grace period 0 removes a pod from the API at once', async () => {
    await post('pods', samplePod('forced'));
    await bind('forced');
    const path = namespace.path('pods', 'forced');
    objectOf(await fetchApi('DELETE', path));
    objectOf(await fetchApi('GET', path));
    objectOf(await fetchApi('DELETE', path, { body: { gracePeriodSeconds: 0 } }));
    await missing(path);
  });

  behaves('a terminating pod takes no grace away from the next of its name', async () => {
    await post('pods', samplePod('successor'));
    await bind('successor');
    const path = namespace.path('pods', 'successor');
    objectOf(await fetchApi('DELETE', path));
    statusOf(await fetchApi('POST', namespace.path('pods'), { body: samplePod('successor') }), {
      code: 409,
      reason: 'AlreadyExists',
      message: atLeast(23)
        ? /^(object is being deleted: )?pods "successor" already exists$/
        : 'object is being deleted: pods "successor" already exists',
    });
    objectOf(await fetchApi('DELETE', `${path}?gracePeriodSeconds=0`));
    objectOf(await fetchApi('POST', namespace.path('pods'), { body: samplePod('successor') }), 201);
  });

  behaves('finalizers hold an object until the last is gone', async () => {
    await post('configmaps', { metadata: { name: 'held', finalizers: ['example.com/a', 'example.com/b'] } });
    const path = namespace.path('configmaps', 'held');
    const deleted = objectOf(await fetchApi('DELETE', path));
    assert.ok(deleted.metadata.deletionTimestamp);
    assert.equal(deleted.metadata.deletionGracePeriodSeconds, 0);
    const again = objectOf(await fetchApi('DELETE', path));
    assert.equal(again.metadata.deletionTimestamp, deleted.metadata.deletionTimestamp);
    objectOf(await applyPatch(path, MERGE_PATCH, { metadata: { finalizers: ['example.com/b'] } }));
    objectOf(await fetchApi('GET', path));
    objectOf(await applyPatch(path, MERGE_PATCH, { metadata: { finalizers: [] } }));
    await missing(path);
  });

  behaves('no finalizer can be added once an object is being deleted', async () => {
    await post('configmaps', { metadata: { name: 'closed', finalizers: ['example.com/a'] } });
    const path = namespace.path('configmaps', 'closed');
    objectOf(await fetchApi('DELETE', path));
    const patch = { metadata: { finalizers: ['example.com/a', 'example.com/late'] } };
    statusOf(await applyPatch(path, MERGE_PATCH, patch), { code: 422, reason: 'Invalid' });
    objectOf(await applyPatch(path, MERGE_PATCH, { metadata: { finalizers: null } }));
  });

  behaves('preconditions: another uid or resourceVersion answers 409 and deletes nothing', async () => {
    const created = await post('configmaps', sampleConfigMap('guarded'));
    const path = namespace.path('configmaps', 'guarded');
    const other = '00000000-0000-4000-a000-000000000000';
    statusOf(await fetchApi('DELETE', path, { body: { preconditions: { uid: other } } }), {
      code: 409,
      reason: 'Conflict',
      message: `Operation cannot be fulfilled on ConfigMap "guarded": the UID in the precondition (${other}) does not match the UID in record (${created.metadata.uid}). The object might have been deleted and then recreated`,
    });
    statusOf(await fetchApi('DELETE', path, { body: { preconditions: { resourceVersion: '1' } } }), {
      code: 409,
      reason: 'Conflict',
      message: `Operation cannot be fulfilled on ConfigMap "guarded": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (${created.metadata.resourceVersion}). The object might have been modified`,
    });
    objectOf(await fetchApi('GET', path));
    const { uid, resourceVersion } = created.metadata;
    const answer = await fetchApi('DELETE', path, { body: { preconditions: { uid, resourceVersion } } });
    assert.equal(answer.status, 200, answer.text);
    await missing(path);
  });

  behaves('propagationPolicy must be one of the three', async () => {
    await post('configmaps', sampleConfigMap('propagated'));
    const path = namespace.path('configmaps', 'propagated');
    statusOf(await fetchApi('DELETE', path, { body: { propagationPolicy: 'Sideways' } }), {
      code: 422,
      reason: 'Invalid',
      message:
        /^DeleteOptions\.meta\.k8s\.io "" is invalid: propagationPolicy: Unsupported value: "Sideways": supported values: ("Foreground", "Background"|"Background", "Foreground"), "Orphan"/,
    });
    const kept = objectOf(await fetchApi('DELETE', `${path}?propagationPolicy=Foreground`));
    assert.deepEqual(kept.metadata.finalizers, ['foregroundDeletion']);
    await applyPatch(path, MERGE_PATCH, { metadata: { finalizers: null } });
  });

  behaves(
    'a collection goes with everything in it',
    { covers: 'Pods should delete a collection of pods' },
    async () => {
      for (const name of ['set-1', 'set-2', 'set-3']) await post('pods', samplePod(name, { set: 'yes' }));
      const collection = `${namespace.path('pods')}?labelSelector=set%3Dyes`;
      const answer = await fetchApi('DELETE', collection);
      assert.equal(answer.status, 200, answer.text);
      await eventually(async () => assert.deepEqual(namesOf(listOf(await fetchApi('GET', collection))), []));
    },
  );

  behaves('events go as a collection, too', { covers: 'Events should delete a collection of events' }, async () => {
    for (const name of ['event-1', 'event-2']) {
      const involvedObject = { kind: 'Pod', name: 'x', namespace: namespace.name };
      await post('events', { metadata: { name, labels: { set: 'yes' } }, involvedObject });
    }
    const collection = `${namespace.path('events')}?labelSelector=set%3Dyes`;
    assert.equal((await fetchApi('DELETE', collection)).status, 200);
    assert.deepEqual(namesOf(listOf(await fetchApi('GET', collection))), []);
  });
});

suite('deletion of a namespace', () => {
  const namespace = testNamespace();

  behaves('leaves it Terminating, and nothing new can be made in it', async () => {
    const body = { metadata: { name: 'hold', finalizers: ['example.com/hold'] } };
    objectOf(await fetchApi('POST', namespace.path('configmaps'), { body }), 201);
    const path = `/api/v1/namespaces/${namespace.name}`;
    const deleted = await fetchApi('DELETE', path);
    assert.ok([200, 202].includes(deleted.status), deleted.text);
    const terminating = objectOf(await fetchApi('GET', path));
    assert.equal(at(terminating, 'status.phase'), 'Terminating');
    await eventually(async () => {
      statusOf(await fetchApi('POST', namespace.path('configmaps'), { body: sampleConfigMap('late') }), {
        code: 403,
        reason: 'Forbidden',
        message: `configmaps "late" is forbidden: unable to create new content in namespace ${namespace.name} because it is being terminated`,
        details: { causes: [{ reason: 'NamespaceTerminating' }] },
      });
    });
  });
});
