import assert from 'node:assert/strict';
import { type ApplySchema, UNTYPED } from './apply-schema.ts';
import { builtInSchema, zeroObject } from './built-in-schema.ts';
import { fieldsOf } from './from-value.ts';

const POD = 'io.k8s.api.core.v1.Pod';

/** The schema at a path of fields; items of lists are passed through. */
function at(definition: string, path: string): ApplySchema | undefined {
  let schema: ApplySchema | undefined = builtInSchema(definition);
  for (const name of path.split('.')) {
    if (schema?.kind === 'associative') schema = schema.items;
    if (schema?.kind === 'atomic') schema = schema.items?.() ?? schema.content?.();
    schema = schema?.kind === 'struct' ? schema.field(name) : undefined;
  }
  return schema;
}

/** A schema in a word. */
function word(schema: ApplySchema | undefined): string {
  if (schema?.kind === 'associative') {
    return `by ${schema.keys.map((key) => (key in schema.defaults ? `${key}=${JSON.stringify(schema.defaults[key])}` : key)).join(' ')}`;
  }
  if (schema?.kind !== 'atomic') return schema?.kind ?? 'none';
  return schema.scalar ?? (schema.items ? 'atomic list' : schema.content ? 'atomic object' : 'anything');
}

const CASES: [definition: string, path: string, is: string][] = [
  [POD, 'metadata.labels', 'map'],
  [POD, 'metadata.finalizers', 'set'],
  [POD, 'metadata.ownerReferences', 'by uid=""'],
  [POD, 'spec.containers', 'by name=""'],
  [POD, 'spec.containers.ports', 'by containerPort=0 protocol="TCP"'],
  [POD, 'spec.containers.args', 'atomic list'],
  [POD, 'spec.containers.env.valueFrom.secretKeyRef', 'atomic object'],
  [POD, 'spec.containers.resources.limits', 'map'],
  [POD, 'spec.nodeSelector', 'atomic object'],
  [POD, 'spec.tolerations', 'atomic list'],
  [POD, 'spec.topologySpreadConstraints', 'by topologyKey="" whenUnsatisfiable=""'],
  [POD, 'spec.hostNetwork', 'boolean'],
  [POD, 'spec.activeDeadlineSeconds', 'numeric'],
  [POD, 'spec.nodeName', 'string'],
  [POD, 'status.startTime', 'any'],
  [POD, 'status.conditions', 'by type=""'],
  [POD, 'spec.nothing', 'none'],
  ['io.k8s.api.apps.v1.Deployment', 'spec.selector', 'atomic object'],
  ['io.k8s.api.apps.v1.Deployment', 'spec.template.spec.volumes', 'by name=""'],
  ['io.k8s.api.core.v1.PersistentVolume', 'spec.claimRef', 'struct'],
  ['io.k8s.api.core.v1.Service', 'spec.ports', 'by port=0 protocol="TCP"'],
  ['io.k8s.api.core.v1.Endpoints', 'subsets.addresses', 'atomic list'],
  ['io.k8s.api.rbac.v1.RoleBinding', 'roleRef', 'atomic object'],
];

describe('the apply schema of built-in kinds', () => {
  for (const [definition, path, is] of CASES) {
    it(`has ${definition.split('.').at(-1)} ${path} as ${is}`, () => assert.equal(word(at(definition, path)), is));
  }

  it('goes as deep as schemas of schemas go', () => {
    const crd = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition';
    const deep = 'spec.versions.schema.openAPIV3Schema.not.not.not.not.title';
    assert.equal(word(at(crd, deep)), 'string');
    assert.deepEqual(at(crd, 'spec.versions.schema.openAPIV3Schema.default'), UNTYPED);
  });

  it('names the fields of a pod', () => {
    const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', ports: [{ containerPort: 80 }] }] } };
    assert.equal(
      JSON.stringify(fieldsOf(pod, builtInSchema(POD))),
      '{"f:metadata":{"f:name":{}},"f:spec":{"f:containers":{"k:{\\"name\\":\\"c\\"}":{".":{},"f:name":{},"f:ports":{"k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:containerPort":{}}}}}}}',
    );
  });

  it('throws for what there is not', () =>
    assert.throws(() => builtInSchema('io.k8s.Nothing'), /no definition io.k8s.Nothing/));
});

describe('zeroObject()', () => {
  it('has what Go writes where nothing is set, anew each time', () => {
    assert.deepEqual(zeroObject(POD), { metadata: {}, spec: { containers: null }, status: {} });
    assert.deepEqual(zeroObject('io.k8s.api.core.v1.ConfigMap'), { metadata: {} });
    assert.notEqual(zeroObject(POD).metadata, zeroObject(POD).metadata);
  });
});
