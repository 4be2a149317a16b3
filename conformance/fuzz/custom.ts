/** A custom kind that has every feature of a schema: planted by the run, and its objects fuzzed like any others. */

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** The kind's fields in the notation of the wire schema. */
export const CUSTOM_DEFINITIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'fuzz.Gadget': {
    apiVersion: 'string',
    kind: 'string',
    metadata: `@${META}`,
    spec: '@fuzz.GadgetSpec',
    status: '@fuzz.GadgetStatus',
  },
  'fuzz.GadgetSpec': {
    replicas: 'int32',
    size: 'int32',
    limit: 'int64',
    weight: 'number',
    name: 'string',
    color: 'string',
    when: 'time',
    percent: 'intOrString',
    secret: 'byte',
    tags: '[]string',
    parts: '[]@fuzz.GadgetPart',
    labels: '{}string',
    matrix: '[][]int32',
    choice: '@fuzz.GadgetChoice',
    tree: '@fuzz.GadgetTree',
    template: '@fuzz.Gadget',
    free: 'any',
    nullable: 'string',
    address: 'string',
  },
  'fuzz.GadgetPart': { name: 'string', port: 'int32', protocol: 'string', note: 'string' },
  'fuzz.GadgetChoice': { left: 'string', right: 'int64' },
  'fuzz.GadgetTree': { value: 'int64', children: '[]@fuzz.GadgetTree', named: '{}@fuzz.GadgetTree' },
  'fuzz.GadgetStatus': { replicas: 'int32', selector: 'string', phase: 'string' },
};

const integer = { type: 'integer', format: 'int32' };
const text = { type: 'string' };
const leaf = {
  type: 'object',
  properties: { value: { type: 'integer' } },
  'x-kubernetes-preserve-unknown-fields': true,
};
const tree = {
  type: 'object',
  properties: {
    value: { type: 'integer' },
    children: { type: 'array', maxItems: 10, items: leaf },
    named: { type: 'object', maxProperties: 10, additionalProperties: leaf },
  },
};
const part = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', maxLength: 20 },
    port: { ...integer, minimum: 1, maximum: 65_535, exclusiveMaximum: true },
    protocol: { type: 'string', enum: ['TCP', 'UDP'], default: 'TCP' },
    note: { type: 'string', maxLength: 100 },
  },
};

const spec = {
  type: 'object',
  required: ['size'],
  properties: {
    replicas: { ...integer, minimum: 0, default: 1 },
    size: { ...integer, minimum: 0, maximum: 100 },
    limit: { type: 'integer', format: 'int64', multipleOf: 5 },
    weight: { type: 'number', format: 'double', minimum: 0, exclusiveMinimum: true },
    name: { type: 'string', pattern: '^[a-z]([-a-z0-9]*[a-z0-9])?$', minLength: 2, maxLength: 30 },
    color: { type: 'string', enum: ['red', 'green', 'blue'], default: 'red' },
    when: { type: 'string', format: 'date-time' },
    percent: { 'x-kubernetes-int-or-string': true },
    secret: { type: 'string', format: 'byte' },
    tags: { type: 'array', items: { type: 'string', maxLength: 50 }, maxItems: 20, 'x-kubernetes-list-type': 'set' },
    parts: {
      type: 'array',
      maxItems: 20,
      items: part,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    },
    labels: { type: 'object', additionalProperties: { type: 'string', maxLength: 30 }, maxProperties: 10 },
    matrix: { type: 'array', maxItems: 5, items: { type: 'array', maxItems: 5, items: integer } },
    choice: {
      type: 'object',
      properties: { left: text, right: { type: 'integer' } },
      oneOf: [{ required: ['left'] }, { required: ['right'] }],
    },
    tree,
    template: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
    free: { 'x-kubernetes-preserve-unknown-fields': true },
    nullable: { type: 'string', nullable: true, default: 'given' },
    address: { type: 'string', format: 'ipv4' },
  },
  'x-kubernetes-validations': [
    { rule: '!has(self.limit) || self.size <= self.limit', message: 'size must not exceed limit' },
    { rule: '!has(self.parts) || self.parts.all(p, !has(p.port) || p.port != 6666)' },
    { rule: 'self.color == oldSelf.color || self.size < 50', messageExpression: '"big ones stay " + oldSelf.color' },
  ],
};

const status = { type: 'object', properties: { replicas: integer, selector: text, phase: text } };

const version = (name: string, storage: boolean): object => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: { type: 'object', required: ['spec'], properties: { spec, status } } },
  subresources: {
    status: {},
    scale: {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.selector',
    },
  },
  additionalPrinterColumns: [
    { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
    { name: 'When', type: 'date', jsonPath: '.spec.when' },
    { name: 'First', type: 'string', jsonPath: '.spec.parts[0].name', priority: 1 },
  ],
  selectableFields: [{ jsonPath: '.spec.color' }],
});

/** The CustomResourceDefinition of a group of the run's own. */
export function gadgetDefinition(group: string): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `gadgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList', shortNames: ['gdg'] },
      versions: [version('v1', true), version('v2', false)],
    },
  };
}

export function sampleGadget(name: string): object {
  return {
    metadata: { name },
    spec: {
      size: 7,
      limit: 10,
      color: 'green',
      tags: ['one', 'two'],
      parts: [{ name: 'web', port: 80 }],
      template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'inside' }, data: { a: 'b' } },
    },
  };
}
