/** ConfigMaps and Secrets: replaced, and made immutable. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  behaviour,
  fetchApi,
  includes,
  MERGE_PATCH,
  mutate,
  objectOf,
  STRATEGIC_PATCH,
  statusOf,
  suite,
  testNamespace,
} from './harness.ts';

const kinds: [kind: string, resource: string, row: string, data: Record<string, string>, other: string][] = [
  [
    'ConfigMap',
    'configmaps',
    'ConfigMap should be immutable if `immutable` field is set',
    { 'data-1': 'value-1' },
    'value-2',
  ],
  [
    'Secret',
    'secrets',
    'Secrets should be immutable if `immutable` field is set',
    { 'data-1': 'dmFsdWUtMQ==' },
    'dmFsdWUtMg==',
  ],
];

suite('immutable data', () => {
  const namespace = testNamespace();

  for (const [kind, resource, row, data, other] of kinds) {
    behaviour(row, async () => {
      const path = namespace.path(resource, 'immutable');
      const body = { metadata: { name: 'immutable' }, data };
      objectOf(await fetchApi('POST', namespace.path(resource), { body }), 201);
      const put = async (fields: object) => {
        const current = objectOf(await fetchApi('GET', path));
        return fetchApi('PUT', path, { body: { ...current, ...fields } });
      };
      includes(objectOf(await put({ data: { ...data, 'data-4': other } })), { data: { 'data-4': other } });
      includes(objectOf(await put({ immutable: true })), { immutable: true, data: { 'data-4': other } });
      const refusal = (field: string) => ({
        code: 422,
        reason: 'Invalid',
        message: `${kind} "immutable" is invalid: ${field}: Forbidden: field is immutable when \`immutable\` is set`,
      });
      statusOf(await put({ data: { 'data-1': other } }), refusal('data'));
      statusOf(await applyPatch(path, STRATEGIC_PATCH, { data: { 'data-5': other } }), refusal('data'));
      statusOf(await put({ immutable: undefined }), refusal('immutable'));
      statusOf(await applyPatch(path, MERGE_PATCH, { immutable: false }), refusal('immutable'));
      const labelled = await mutate(path, (object) => {
        object.metadata.labels = { 'label-1': 'label-1' };
      });
      includes(labelled, { immutable: true, metadata: { labels: { 'label-1': 'label-1' } } });
      assert.deepEqual(labelled.data, { ...data, 'data-4': other });
      assert.equal((await fetchApi('DELETE', path)).status, 200);
      statusOf(await fetchApi('GET', path), { code: 404, reason: 'NotFound' });
    });
  }

  behaviour('ConfigMap should update ConfigMap successfully [NodeConformance]', async () => {
    const path = namespace.path('configmaps', 'updated');
    const body = { metadata: { name: 'updated' }, data: { data_1: 'value-1', data_2: 'value-2' } };
    objectOf(await fetchApi('POST', namespace.path('configmaps'), { body }), 201);
    objectOf(await fetchApi('PUT', path, { body: { ...body, data: { data: 'value' } } }));
    assert.deepEqual(objectOf(await fetchApi('GET', path)).data, { data: 'value' });
  });
});
