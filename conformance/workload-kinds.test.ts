/** Kinds that tell controllers what to run, as far as the API keeps them: nothing here waits for a controller. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  behaves,
  behaviour,
  fetchApi,
  includes,
  JSON_PATCH,
  listOf,
  MERGE_PATCH,
  mutate,
  namesOf,
  objectOf,
  statusOf,
  suite,
  testNamespace,
  uniqueName,
} from './harness.ts';
import { supportsOperations } from './kind-operations.ts';

supportsOperations({
  apiVersion: 'batch/v1',
  resource: 'cronjobs',
  rows: ['CronJob should support CronJob API operations'],
  status: {
    patch: { lastScheduleTime: '2026-01-01T00:00:00Z' },
    update: { lastScheduleTime: '2026-01-02T00:00:00Z' },
  },
});

supportsOperations({
  apiVersion: 'v1',
  resource: 'podtemplates',
  rows: [
    'PodTemplates should run the lifecycle of PodTemplates',
    'PodTemplates should delete a collection of pod templates',
    'PodTemplates should replace a pod template',
  ],
});

// The rows of these wait for a controller, too: what they ask of the API alone is here, and no row is claimed.
supportsOperations({ apiVersion: 'apps/v1', resource: 'controllerrevisions' });
supportsOperations({
  apiVersion: 'policy/v1',
  resource: 'poddisruptionbudgets',
  status: {
    patch: { disruptedPods: { gone: '2026-01-01T00:00:00Z' } },
    update: { disruptedPods: { other: '2026-01-02T00:00:00Z', gone: '2026-01-01T00:00:00Z' } },
  },
});

suite('controller revisions', () => {
  const namespace = testNamespace();

  behaves('the data of a revision never changes, its number may', async () => {
    const collection = `/apis/apps/v1/namespaces/${namespace.name}/controllerrevisions`;
    const body = { metadata: { name: 'one' }, data: { spec: { replicas: 1 } }, revision: 1 };
    objectOf(await fetchApi('POST', collection, { body }), 201);
    statusOf(await applyPatch(`${collection}/one`, MERGE_PATCH, { data: { spec: { replicas: 2 } } }), {
      code: 422,
      reason: 'Invalid',
      message: /^ControllerRevision.* "one" is invalid: data: Invalid value: .*field is immutable$/,
    });
    statusOf(await applyPatch(`${collection}/one`, MERGE_PATCH, { revision: -1 }), {
      code: 422,
      reason: 'Invalid',
      message: /revision: Invalid value: -1: must be greater than or equal to 0/,
    });
    includes(objectOf(await applyPatch(`${collection}/one`, MERGE_PATCH, { revision: 3 })), { ...body, revision: 3 });
  });
});

suite('priority classes', () => {
  const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
  const run = uniqueName('priority');
  const selector = `labelSelector=e2e%3D${run}`;
  after(async () => {
    await fetchApi('DELETE', `${classes}?${selector}`);
  });

  const row =
    'SchedulerPreemption [Serial] PriorityClass endpoints verify PriorityClass endpoints can be operated with different HTTP methods';
  behaviour(row, async () => {
    const post = async (name: string, value: number) => {
      const body = { metadata: { name, labels: { e2e: run } }, value };
      return objectOf(await fetchApi('POST', classes, { body }), 201);
    };
    const first = await post(`${run}-1`, 1);
    const second = await post(`${run}-2`, 2);
    includes(first, { value: 1, preemptionPolicy: 'PreemptLowerPriority' });
    const [patched, updated] = [`${classes}/${run}-1`, `${classes}/${run}-2`];
    const refusal = {
      code: 422,
      reason: 'Invalid',
      message: /: [vV]alue: Forbidden: may not be changed in an update\.$/,
    };
    statusOf(await applyPatch(patched, MERGE_PATCH, { value: 10 }), refusal);
    statusOf(await applyPatch(patched, JSON_PATCH, [{ op: 'replace', path: '/value', value: 10 }]), refusal);
    statusOf(await fetchApi('PUT', updated, { body: { ...second, value: 20 } }), refusal);
    const policy = await applyPatch(patched, MERGE_PATCH, { preemptionPolicy: 'Never' });
    statusOf(policy, { code: 422, reason: 'Invalid' });
    const description = 'updated description';
    objectOf(await applyPatch(patched, MERGE_PATCH, { description }));
    await mutate(updated, (object) => {
      object.description = description;
    });
    const list = listOf(await fetchApi('GET', `${classes}?${selector}`));
    assert.deepEqual(namesOf(list), [`${run}-1`, `${run}-2`]);
    includes(objectOf(await fetchApi('GET', patched)), { value: 1, description });
    includes(objectOf(await fetchApi('GET', updated)), { value: 2, description });
    assert.equal((await fetchApi('DELETE', `${classes}?${selector}`)).status, 200);
    assert.deepEqual(namesOf(listOf(await fetchApi('GET', `${classes}?${selector}`))), []);
  });
});
