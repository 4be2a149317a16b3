/** fieldValidation=Strict for custom resources, by apply as upstream asks, and by create. */
import assert from 'node:assert/strict';
import { behaviour, eventually, fetchApi, objectOf, statusOf, suite, uniqueName } from './harness.ts';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const APPLY = 'application/apply-patch+yaml';
const STRICT = 'fieldManager=field_validation_mgr&fieldValidation=Strict';
const since = 27;

const text = { type: 'string' };
const fields = {
  foo: text,
  cronSpec: { type: 'string', pattern: '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$' },
  ports: {
    type: 'array',
    'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
    'x-kubernetes-list-type': 'map',
    items: {
      type: 'object',
      required: ['containerPort', 'protocol'],
      properties: {
        containerPort: { format: 'int32', type: 'integer' },
        hostIP: text,
        hostPort: { format: 'int32', type: 'integer' },
        name: text,
        protocol: text,
      },
    },
  },
};
const open = { 'x-kubernetes-preserve-unknown-fields': true };
const withSpec = (spec: object) => ({ type: 'object', properties: { spec: { type: 'object', ...spec } } });
const template = {
  type: 'object',
  'x-kubernetes-embedded-resource': true,
  properties: {
    metadata: { type: 'object', properties: { name: text } },
    spec: { type: 'object' },
  },
};

interface Definition {
  apiVersion: string;
  kind: string;
  collection: string;
}

/** Makes a cluster-wide definition of two versions with this schema before the tests, and removes it after them. */
function definition(schema: object): Definition {
  const unique = uniqueName('noxus');
  const group = `${unique}.example.com`;
  before(async () => {
    const version = (name: string, storage: boolean) => ({
      name,
      storage,
      served: true,
      schema: { openAPIV3Schema: schema },
    });
    const names = { plural: 'noxus', singular: 'noxu', kind: 'Noxu', listKind: 'NoxuList' };
    const versions = [version('v1beta1', true), version('v1beta2', false)];
    const body = { metadata: { name: `noxus.${group}` }, spec: { group, scope: 'Cluster', names, versions } };
    objectOf(await fetchApi('POST', DEFINITIONS, { body }), 201);
    await eventually(async () => assert.equal((await fetchApi('GET', `/apis/${group}/v1beta1/noxus`)).status, 200));
  });
  after(() => fetchApi('DELETE', `${DEFINITIONS}/noxus.${group}`));
  return { apiVersion: `${group}/v1beta1`, kind: 'Noxu', collection: `/apis/${group}/v1beta1/noxus` };
}

const apply = ({ collection }: Definition, body: string) =>
  fetchApi('PATCH', `${collection}/mytest?${STRICT}`, { headers: { 'content-type': APPLY }, body });
const create = ({ collection }: Definition, body: object | string) =>
  fetchApi('POST', `${collection}?${STRICT}`, { body });

/** The object as YAML, beginning with an empty line; what follows `metadata` and `spec` begins with a line break. */
const yaml = ({ apiVersion, kind }: Definition, metadata: string, spec: string) => `
apiVersion: ${apiVersion}
kind: ${kind}
metadata:
  name: mytest${metadata}
  labels:
    test: label
spec:${spec}
  cronSpec: "* * * * */5"
  ports:
  - name: x
    containerPort: 80
    protocol: TCP`;

const json = ({ apiVersion, kind }: Definition, metadata: object, spec: object, rest: object = {}) => ({
  apiVersion,
  kind,
  metadata: { name: 'created', ...metadata },
  ...rest,
  spec: { cronSpec: '* * * * */5', ports: [{ name: 'x', containerPort: 80, protocol: 'TCP' }], ...spec },
});

/** An apply that the schema does not take. */
const undeclared = (field: string) => ({
  code: [400, 422, 500],
  message: new RegExp(`${field.replaceAll('.', '\\.')}: field not declared in schema`),
});
const strict = (...errors: string[]) => ({
  code: 400,
  reason: 'BadRequest',
  message: new RegExp(`strict decoding error: ${errors.join(', ').replace(/[.[\]]/g, '\\$&')}$`),
});

suite('fieldValidation of custom resources with a schema', () => {
  const noxu = definition(withSpec({ properties: fields }));

  behaviour('FieldValidation should create/apply a valid CR for CRD with validation schema', { since }, async () => {
    objectOf(await apply(noxu, yaml(noxu, '', '\n  foo: foo1')), 201);
    objectOf(await create(noxu, json(noxu, {}, { foo: 'foo1' })), 201);
  });

  behaviour(
    'FieldValidation should create/apply an invalid CR with extra properties for CRD with validation schema',
    { since },
    async () => {
      const body = `${yaml(noxu, '', '\n  foo: foo1')}\nunknownField: unknown`;
      statusOf(await apply(noxu, body), undeclared('.unknownField'));
      const name = { name: 'extra' };
      const created = await create(noxu, json(noxu, name, { unknown: 'uk1' }, { unknownField: 'unknown' }));
      const errors = ['unknown field "spec.unknown"', 'unknown field "unknownField"'];
      statusOf(created, strict(...errors));
      statusOf(await fetchApi('GET', `${noxu.collection}/extra`), { code: 404 });
    },
  );
});

suite('fieldValidation of custom resources without a schema', () => {
  const noxu = definition({ type: 'object', ...open });

  behaviour(
    'FieldValidation should create/apply a CR with unknown fields for CRD with no validation schema',
    { since },
    async () => {
      const applied = objectOf(await apply(noxu, yaml(noxu, '', '\n  unknown: uk1')), 201);
      assert.equal((applied.spec as { unknown?: string }).unknown, 'uk1');
      const created = objectOf(await create(noxu, json(noxu, {}, { unknown: 'uk1' })), 201);
      assert.equal((created.spec as { unknown?: string }).unknown, 'uk1');
    },
  );
});

suite('fieldValidation of custom resources that keep unknown fields', () => {
  const noxu = definition(withSpec({ ...open, properties: fields }));

  behaviour('FieldValidation should detect duplicates in a CR when preserving unknown fields', { since }, async () => {
    const body = yaml(noxu, '', '\n  unknown: uk1\n  foo: foo1\n  foo: foo2');
    statusOf(await apply(noxu, body), {
      code: 400,
      reason: 'BadRequest',
      message: /line 11: key "foo" already set in map/,
    });
    const twice = JSON.stringify(json(noxu, { name: 'twice' }, { unknown: 'uk1', foo: 'foo1' }));
    const repeated = twice.replace('"foo":"foo1"', '"foo":"foo1","foo":"foo2"');
    statusOf(await create(noxu, repeated), strict('duplicate field "spec.foo"'));
  });
});

suite('fieldValidation of the metadata of custom resources', () => {
  const noxu = definition(withSpec({ ...open, properties: { ...fields, template } }));
  const embedded = (metadata: string) => `
  template:
    apiVersion: foo/v1
    kind: Sub
    metadata:
      ${metadata}
      name: subobject`;

  behaviour(
    'FieldValidation should detect unknown metadata fields in both the root and embedded object of a CR',
    { since },
    async () => {
      const root = yaml(noxu, '\n  unknownMeta: unknown', '\n  foo: foo1');
      statusOf(await apply(noxu, root), undeclared('.metadata.unknownMeta'));
      const inner = yaml(noxu, '', embedded('unknownSubMeta: unknown'));
      statusOf(await apply(noxu, inner), undeclared('.spec.template.metadata.unknownSubMeta'));
      const sub = { apiVersion: 'foo/v1', kind: 'Sub', metadata: { unknownSubMeta: 'unknown', name: 'subobject' } };
      const created = await create(noxu, json(noxu, { name: 'meta', unknownMeta: 'unknown' }, { template: sub }));
      const errors = ['unknown field "metadata.unknownMeta"', 'unknown field "spec.template.metadata.unknownSubMeta"'];
      statusOf(created, strict(...errors));
      objectOf(await apply(noxu, yaml(noxu, '', embedded('labels: {}'))), 201);
    },
  );
});
