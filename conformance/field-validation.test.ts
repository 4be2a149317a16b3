/** fieldValidation: unknown and repeated fields are dropped, warned about or refused. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  behaves,
  behaviour,
  fetchApi,
  includes,
  MERGE_PATCH,
  objectOf,
  STRATEGIC_PATCH,
  statusOf,
  suite,
  testNamespace,
} from './harness.ts';
import { sampleConfigMap, samplePod } from './kinds.ts';

suite('fieldValidation', () => {
  const namespace = testNamespace();
  const maps = namespace.path('configmaps');

  const deployment = (metadata: string, spec: string) =>
    `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"my-dep",${metadata}"labels":{"app":"nginx"}},
    "spec":{${spec}"selector":{"matchLabels":{"app":"nginx"}},"template":{"metadata":{"labels":{"app":"nginx"}},
    "spec":{"containers":[{"name":"nginx","image":"nginx:latest"}]}}}}`;
  const deployments = `/apis/apps/v1/namespaces/${namespace.name}/deployments`;
  const strictly: [row: string, body: string, message: RegExp][] = [
    [
      'FieldValidation should detect unknown and duplicate fields of a typed object',
      deployment('', '"unknownField":"foo","replicas":2,"replicas":3,'),
      /strict decoding error: unknown field "spec\.unknownField", duplicate field "spec\.replicas"$/,
    ],
    [
      'FieldValidation should detect unknown metadata fields of a typed object',
      deployment('"unknownMeta":"foo",', ''),
      /strict decoding error: unknown field "metadata\.unknownMeta"$/,
    ],
  ];
  for (const [row, body, message] of strictly) {
    behaviour(row, { since: 27 }, async () => {
      const query = 'fieldManager=field_validation_mgr&fieldValidation=Strict';
      const answer = await fetchApi('POST', `${deployments}?${query}`, { body });
      statusOf(answer, { code: 400, reason: 'BadRequest', message });
      statusOf(await fetchApi('GET', `${deployments}/my-dep`), { code: 404 });
    });
  }

  behaves(
    'Strict refuses unknown and repeated fields, all of them at once',
    {
      since: 27,
      covers: 'FieldValidation should detect unknown and duplicate fields of a typed object',
    },
    async () => {
      const body =
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"strict"},"unknown":1,"data":{"a":"1"},"data":{"b":"2"}}';
      statusOf(await fetchApi('POST', `${maps}?fieldValidation=Strict`, { body }), {
        code: 400,
        reason: 'BadRequest',
        message:
          /^ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: (unknown field "unknown", duplicate field "data"|duplicate field "data", unknown field "unknown")$/,
      });
      statusOf(await fetchApi('GET', `${maps}/strict`), { code: 404 });
    },
  );

  behaves('Strict names the path of a nested field', { since: 27 }, async () => {
    const pod = samplePod('nested') as { spec: { containers: object[] } };
    const containers = [{ ...pod.spec.containers[0], imagePolicy: 'Always' }];
    const body = { apiVersion: 'v1', kind: 'Pod', ...pod, spec: { ...pod.spec, containers } };
    statusOf(await fetchApi('POST', `${namespace.path('pods')}?fieldValidation=Strict`, { body }), {
      code: 400,
      reason: 'BadRequest',
      message: /strict decoding error: unknown field "spec\.containers\[0\]\.imagePolicy"$/,
    });
  });

  behaves(
    'Strict looks at metadata, too',
    {
      since: 27,
      covers: 'FieldValidation should detect unknown metadata fields of a typed object',
    },
    async () => {
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'meta', unknownMeta: 'x' } };
      statusOf(await fetchApi('POST', `${maps}?fieldValidation=Strict`, { body }), {
        code: 400,
        message: /unknown field "metadata\.unknownMeta"/,
      });
    },
  );

  behaves('Strict applies to updates and patches', { since: 27 }, async () => {
    const created = objectOf(await fetchApi('POST', maps, { body: sampleConfigMap('later') }), 201);
    const put = await fetchApi('PUT', `${maps}/later?fieldValidation=Strict`, { body: { ...created, extra: 1 } });
    statusOf(put, { code: 400, message: /unknown field "extra"/ });
    for (const type of [MERGE_PATCH, STRATEGIC_PATCH]) {
      const answer = await applyPatch(`${maps}/later`, type, { extra: 1 }, '?fieldValidation=Strict');
      statusOf(answer, { code: [400, 422], message: /unknown field "extra"/ });
    }
  });

  behaves('Warn, the default, lets them pass with a Warning header', { since: 27 }, async () => {
    for (const [name, query] of [
      ['default', ''],
      ['warn', '?fieldValidation=Warn'],
    ]) {
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `passes-${name}` }, unknown: 1 };
      const answer = await fetchApi('POST', `${maps}${query}`, { body });
      includes(objectOf(answer, 201), { unknown: undefined });
      assert.equal(answer.headers.warning, '299 - "unknown field \\"unknown\\""');
    }
  });

  behaves('Ignore lets them pass in silence', { since: 27 }, async () => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ignored' }, unknown: 1 };
    const answer = await fetchApi('POST', `${maps}?fieldValidation=Ignore`, { body });
    includes(objectOf(answer, 201), { unknown: undefined });
    assert.equal(answer.headers.warning, undefined);
  });

  behaves('another value is refused', { since: 27 }, async () => {
    statusOf(await fetchApi('POST', `${maps}?fieldValidation=Maybe`, { body: sampleConfigMap('maybe') }), {
      code: [400, 422],
      message: /fieldValidation/,
    });
  });

  behaves('unknown fields are not kept', async () => {
    const body = { metadata: { name: 'dropped' }, unknown: 1 };
    includes(objectOf(await fetchApi('POST', maps, { body }), 201), { unknown: undefined });
  });
});
