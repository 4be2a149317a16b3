/** The lives of services, as the API keeps them: status and collections. */
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
  type WatchEvent,
  watch,
} from './harness.ts';

suite('services: their lives', () => {
  const namespace = testNamespace();
  const collection = namespace.path('services');

  behaviour('Services should complete a service status lifecycle', async () => {
    const run = uniqueName('status');
    const path = `${collection}/${run}`;
    const version = listOf(await fetchApi('GET', collection)).metadata.resourceVersion;
    const stream = await watch(collection, `labelSelector=test-service-static%3D${run}&resourceVersion=${version}`);
    const seen = (type: string, look: (event: WatchEvent) => boolean) =>
      stream.until((events) => events.some((event) => event.type === type && look(event)));
    const body = {
      metadata: { name: run, labels: { 'test-service-static': run } },
      spec: { type: 'LoadBalancer', ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 80 }] },
    };
    const created = objectOf(await fetchApi('POST', collection, { body }), 201);
    await seen('ADDED', ({ object }) => object.metadata.uid === created.metadata.uid);
    const status = objectOf(await fetchApi('GET', `${path}/status`));
    includes(status, { kind: 'Service', metadata: { uid: created.metadata.uid }, status: { loadBalancer: {} } });
    const patch = {
      metadata: { annotations: { patchedstatus: 'true' } },
      status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } },
    };
    includes(objectOf(await applyPatch(`${path}/status`, MERGE_PATCH, patch)), patch);
    await seen('MODIFIED', ({ object }) => object.metadata.annotations?.patchedstatus === 'true');
    const condition = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set from e2e test' };
    const updated = await mutate(`${path}/status`, (object) => {
      const conditions = [{ ...condition, lastTransitionTime: '2026-01-01T00:00:00Z' }];
      object.status = { ...(object.status as object), conditions };
    });
    includes(updated.status, { conditions: [condition], ...patch.status });
    await seen('MODIFIED', ({ object }) => at(object, 'status.conditions.0.type') === 'StatusUpdate');
    const label = { metadata: { labels: { 'test-service': 'patched' } } };
    const patched = objectOf(await applyPatch(path, STRATEGIC_PATCH, label));
    includes(patched, { ...label, status: patch.status });
    await seen('MODIFIED', ({ object }) => object.metadata.labels?.['test-service'] === 'patched');
    assert.equal((await fetchApi('DELETE', path)).status, 200);
    await seen('DELETED', ({ object }) => object.metadata.uid === created.metadata.uid);
    stream.stop();
    statusOf(await fetchApi('GET', path), { code: 404, reason: 'NotFound' });
  });

  behaviour('Services should delete a collection of services', { since: 23 }, async () => {
    const run = uniqueName('collection');
    const selector = `labelSelector=run%3D${run}`;
    const post = async (name: string, labels: object) => {
      const body = { metadata: { name, labels: { run, ...labels } }, spec: { ports: [{ port: 80 }] } };
      return objectOf(await fetchApi('POST', collection, { body }), 201);
    };
    const going = await post('collected-0', { goes: 'yes' });
    await post('collected-1', { goes: 'yes' });
    await post('kept', {});
    assert.equal(listOf(await fetchApi('GET', `${collection}?${selector}`)).items.length, 3);
    const answer = await fetchApi('DELETE', `${collection}?${selector},goes%3Dyes`);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(namesOf(listOf(await fetchApi('GET', `${collection}?${selector}`))), ['kept']);
    const body = {
      metadata: { name: 'takes-over', labels: { run } },
      spec: { clusterIP: at(going, 'spec.clusterIP'), ports: [{ port: 80 }] },
    };
    includes(objectOf(await fetchApi('POST', collection, { body }), 201), body);
  });
});
