/** Custom resources: a definition, and objects good and bad. */
import { type DifferentialCase, get, patch, post, put, remove, TABLE, type Theme } from '../case.ts';

const group = '{ns}.example.com';
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const widgets = `/apis/${group}/v1/namespaces/{ns}/widgets`;

const schema = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1, maximum: 10 },
        name: { type: 'string', pattern: '^[a-z]+$', maxLength: 5 },
        colour: { type: 'string', enum: ['red', 'green'], default: 'red' },
        when: { type: 'string', format: 'date-time' },
        list: { type: 'array', maxItems: 2, items: { type: 'string' } },
        map: { type: 'object', additionalProperties: { type: 'integer' } },
        any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        either: { 'x-kubernetes-int-or-string': true },
        maybe: { type: 'string', nullable: true },
        nested: { type: 'object', properties: { deep: { type: 'boolean', default: true } }, default: {} },
      },
    },
    status: { type: 'object', properties: { size: { type: 'integer' }, selector: { type: 'string' } } },
  },
};

const definition = (version: object = {}, spec: object = {}) => ({
  metadata: { name: `widgets.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wdg'], categories: ['all'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: schema },
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.size',
            statusReplicasPath: '.status.size',
            labelSelectorPath: '.status.selector',
          },
        },
        additionalPrinterColumns: [
          { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
          { name: 'Colour', type: 'string', jsonPath: '.spec.colour', priority: 1, description: 'what it looks like' },
          { name: 'Since', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        ...version,
      },
    ],
    ...spec,
  },
});

const widget = (spec: object, name = 'w', more: object = {}) => ({
  apiVersion: `${group}/v1`,
  kind: 'Widget',
  metadata: { name },
  spec,
  ...more,
});

/** The definition, and the resource once it is served. */
const begin = (body: object) => [post(definitions, body), { ...get(widgets), until: 200 }];

const bad: [string, object][] = [
  ['no size', {}],
  ['a small size', { size: 0 }],
  ['a large size', { size: 11 }],
  ['half a size', { size: 1.5 }],
  ['a size as text', { size: '5' }],
  ['a pattern', { size: 1, name: 'ABC' }],
  ['a long name', { size: 1, name: 'abcdefg' }],
  ['an enum', { size: 1, colour: 'blue' }],
  ['a date', { size: 1, when: 'now' }],
  ['a long list', { size: 1, list: ['a', 'b', 'c'] }],
  ['a list of numbers', { size: 1, list: [1] }],
  ['a map of text', { size: 1, map: { a: 'b' } }],
  ['neither', { size: 1, either: true }],
  ['null', { size: 1, name: null }],
];

const cases: DifferentialCase[] = [
  {
    title: 'objects that are not valid',
    requests: [
      ...begin(definition()),
      ...bad.map(([, spec]) => post(widgets, widget(spec))),
      post(widgets, { ...widget({ size: 1 }), spec: undefined }),
      post(widgets, widget({ size: 1 }, 'Not_Valid')),
      post(widgets, { ...widget({ size: 1 }), metadata: {} }),
      post(widgets, { ...widget({ size: 1 }), metadata: { name: 'w', labels: { 'a b': 'c' } } }),
      post(widgets, { ...widget({ size: 1 }), metadata: { name: 'w', labels: 'x' } }),
      post(widgets, { ...widget({ size: 1 }), apiVersion: `${group}/v2` }),
      post(widgets, { ...widget({ size: 1 }), kind: 'Gadget' }),
      post(widgets, { metadata: { name: 'w' }, spec: { size: 1 } }),
      post(widgets, '{"kind":'),
      post(widgets, '[]'),
    ],
  },
  {
    title: 'the life of an object',
    managedFields: true,
    requests: [
      ...begin(definition()),
      post(
        widgets,
        widget({ size: 3, unknown: 'pruned', any: { kept: [1] }, maybe: null, either: '5' }, 'w', {
          status: { size: 9 },
          more: 1,
        }),
      ),
      get(`${widgets}/w`),
      get(widgets, TABLE),
      get(`${widgets}/w`, { accept: 'application/yaml' }),
      put(`${widgets}/w`, widget({ size: 4, colour: 'green' })),
      put(`${widgets}/w`, {
        ...widget({ size: 4 }),
        metadata: { name: 'w', resourceVersion: '{2.metadata.resourceVersion}' },
      }),
      put(`${widgets}/w`, {
        ...widget({ size: 4 }),
        metadata: { name: 'w', resourceVersion: '{3.metadata.resourceVersion}', labels: { a: 'b' } },
      }),
      patch('merge', `${widgets}/w`, { spec: { size: 5, colour: null } }),
      patch('json', `${widgets}/w`, [{ op: 'replace', path: '/spec/size', value: 20 }]),
      patch('strategic', `${widgets}/w`, { spec: { size: 6 } }),
      patch('apply', `${widgets}/w?fieldManager=a`, widget({ size: 5, name: 'abc' })),
      patch('apply', `${widgets}/w?fieldManager=b`, widget({ size: 6 })),
      patch('merge', `${widgets}/w/status`, { status: { size: 2, selector: 'a=b', pruned: 1 }, spec: { size: 9 } }),
      patch('merge', `${widgets}/w/status`, { status: { size: 'x' } }),
      get(`${widgets}/w/scale`),
      put(`${widgets}/w/scale`, { metadata: { name: 'w' }, spec: { replicas: 8 } }),
      put(`${widgets}/w/scale`, { metadata: { name: 'w' }, spec: { replicas: 80 } }),
      patch('merge', `${widgets}/w/scale`, { spec: { replicas: 2 } }),
      get(`${widgets}/w`),
      get(`${widgets}?fieldSelector=metadata.name%3Dw&labelSelector=a%3Db`),
      get(`${widgets}?fieldSelector=spec.size%3D2`),
      get(`/apis/${group}/v1/widgets?limit=1`),
      get(`/apis/${group}/v1`),
      get(`/apis/${group}`),
      remove(`${widgets}/w`),
      get(`${widgets}/w`),
      remove(widgets),
    ],
  },
  {
    title: 'without subresources and columns, at cluster scope',
    requests: [
      post(
        definitions,
        definition({ subresources: undefined, additionalPrinterColumns: undefined }, { scope: 'Cluster' }),
      ),
      { ...get(`/apis/${group}/v1/widgets`), until: 200 },
      post(`/apis/${group}/v1/widgets`, widget({ size: 1 }, 'w', { status: { size: 3 } })),
      get(`/apis/${group}/v1/widgets`, TABLE),
      get(`/apis/${group}/v1/widgets/w/status`),
      get(`/apis/${group}/v1/widgets/w/scale`),
      post(widgets, widget({ size: 1 })),
      patch('merge', `/apis/${group}/v1/widgets/w`, { status: { size: 4 } }),
      remove(`/apis/${group}/v1/widgets/w`),
    ],
  },
  {
    title: 'two versions',
    requests: [
      post(
        definitions,
        definition(
          {},
          {
            versions: [
              { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } },
              {
                name: 'v2',
                served: true,
                storage: false,
                deprecated: true,
                schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
              },
              { name: 'v3', served: false, storage: false, schema: { openAPIV3Schema: { type: 'object' } } },
            ],
          },
        ),
      ),
      { ...get(widgets), until: 200 },
      post(widgets, widget({ size: 1 })),
      get(`/apis/${group}/v2/namespaces/{ns}/widgets/w`),
      get(`/apis/${group}/v2/namespaces/{ns}/widgets`),
      get(`/apis/${group}/v3/namespaces/{ns}/widgets`),
      post(`/apis/${group}/v2/namespaces/{ns}/widgets`, { ...widget({ free: true }, 'v'), apiVersion: `${group}/v2` }),
      get(`/apis/${group}`),
      get(`/apis/${group}/v2`),
    ],
  },
];

export const customThemes: Theme[] = [{ name: 'custom-resources', cases }];
