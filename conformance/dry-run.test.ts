/** dryRun=All: everything happens except that it is kept. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  behaves,
  fetchApi,
  includes,
  MERGE_PATCH,
  objectOf,
  statusOf,
  suite,
  testNamespace,
} from './harness.ts';
import { sampleConfigMap, samplePod, sampleService } from './kinds.ts';

suite('dryRun=All', () => {
  const namespace = testNamespace();
  const maps = namespace.path('configmaps');

  behaves('a create is answered as if it had happened, with defaults, and leaves nothing', async () => {
    const pod = objectOf(
      await fetchApi('POST', `${namespace.path('pods')}?dryRun=All`, { body: samplePod('dry') }),
      201,
    );
    includes(pod, { spec: { restartPolicy: 'Always' }, metadata: { namespace: namespace.name } });
    assert.ok(pod.metadata.uid);
    statusOf(await fetchApi('GET', namespace.path('pods', 'dry')), { code: 404 });
    const service = await fetchApi('POST', `${namespace.path('services')}?dryRun=All`, { body: sampleService('dry') });
    objectOf(service, 201);
    statusOf(await fetchApi('GET', namespace.path('services', 'dry')), { code: 404 });
  });

  behaves('an update, a patch and a deletion change nothing', async () => {
    const created = objectOf(await fetchApi('POST', maps, { body: sampleConfigMap('stays') }), 201);
    const path = `${maps}/stays`;
    const updated = objectOf(
      await fetchApi('PUT', `${path}?dryRun=All`, { body: { ...created, data: { key: 'put' } } }),
    );
    assert.deepEqual(updated.data, { key: 'put' });
    const patched = objectOf(await applyPatch(path, MERGE_PATCH, { data: { key: 'patch' } }, '?dryRun=All'));
    assert.deepEqual(patched.data, { key: 'patch' });
    assert.equal((await fetchApi('DELETE', `${path}?dryRun=All`)).status, 200);
    assert.equal((await fetchApi('DELETE', path, { body: { dryRun: ['All'] } })).status, 200);
    assert.equal((await fetchApi('DELETE', `${maps}?dryRun=All`)).status, 200);
    const still = objectOf(await fetchApi('GET', path));
    assert.deepEqual(still.data, { key: 'value' });
    assert.equal(still.metadata.resourceVersion, created.metadata.resourceVersion);
    assert.equal(still.metadata.deletionTimestamp, undefined);
  });

  behaves('refusals are those of the real thing', async () => {
    objectOf(await fetchApi('POST', maps, { body: sampleConfigMap('taken') }), 201);
    const again = await fetchApi('POST', `${maps}?dryRun=All`, { body: sampleConfigMap('taken') });
    statusOf(again, { code: 409, reason: 'AlreadyExists' });
    const invalid = await fetchApi('POST', `${maps}?dryRun=All`, { body: sampleConfigMap('Bad_Name') });
    statusOf(invalid, { code: 422, reason: 'Invalid' });
  });
});
