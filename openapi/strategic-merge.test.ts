import assert from 'node:assert/strict';
import { PatchError } from './patch-error.ts';
import { applyStrategicMergePatch } from './strategic-merge.ts';

const CORE = 'io.k8s.api.core.v1';

function podOf(spec: object): object {
  return { spec };
}

function containersOf(...containers: object[]): object {
  return podOf({ containers });
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}

interface Case {
  title: string;
  kind?: string;
  original: object;
  patch: object;
  expected: object;
}

const CASES: Case[] = [
  {
    title: 'merges containers by name, and leaves the others',
    original: containersOf({ name: 'a', image: '1' }, { name: 'b', image: '1' }),
    patch: containersOf({ name: 'b', image: '2' }),
    expected: containersOf({ name: 'a', image: '1' }, { name: 'b', image: '2' }),
  },
  {
    title: 'puts a new container first, as upstream does without an order',
    original: containersOf({ name: 'a' }, { name: 'b' }),
    patch: containersOf({ name: 'c' }),
    expected: containersOf({ name: 'c' }, { name: 'a' }, { name: 'b' }),
  },
  {
    title: 'follows $setElementOrder',
    original: containersOf({ name: 'a' }, { name: 'b' }),
    patch: podOf({
      '$setElementOrder/containers': [{ name: 'a' }, { name: 'c' }, { name: 'b' }],
      containers: [{ name: 'c' }],
    }),
    expected: containersOf({ name: 'a' }, { name: 'c' }, { name: 'b' }),
  },
  {
    title: 'reorders by $setElementOrder alone and keeps server-only items in place',
    original: containersOf({ name: 'a' }, { name: 'server' }, { name: 'b' }),
    patch: podOf({ '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] }),
    expected: containersOf({ name: 'server' }, { name: 'b' }, { name: 'a' }),
  },
  {
    title: 'deletes a container with $patch: delete',
    original: containersOf({ name: 'a' }, { name: 'b' }),
    patch: containersOf({ name: 'a', $patch: 'delete' }),
    expected: containersOf({ name: 'b' }),
  },
  {
    title: 'deletes within an order, as kubectl apply asks for it',
    original: containersOf({ name: 'a' }, { name: 'b' }),
    patch: podOf({
      '$setElementOrder/containers': [{ name: 'b' }],
      containers: [{ name: 'a', $patch: 'delete' }],
    }),
    expected: containersOf({ name: 'b' }),
  },
  {
    title: 'puts what is appended in place of something deleted where upstream does',
    original: containersOf({ name: 'c' }, { name: 'a' }, { name: 'b' }),
    patch: podOf({
      '$setElementOrder/containers': [{ name: 'a' }, { name: 'c' }, { name: 'e' }],
      containers: [{ name: 'a', $patch: 'delete' }, { name: 'e' }],
    }),
    expected: containersOf({ name: 'c' }, { name: 'b' }, { name: 'e' }),
  },
  {
    title: 'falls back on the live order where the order given is empty',
    original: { metadata: { finalizers: ['c', 'a'] } },
    patch: { metadata: { '$setElementOrder/finalizers': [], finalizers: ['b', 'd', 'c'] } },
    expected: { metadata: { finalizers: ['c', 'a', 'd', 'b'] } },
  },
  {
    title: 'replaces a whole list with $patch: replace',
    original: containersOf({ name: 'a' }, { name: 'b' }),
    patch: containersOf({ name: 'c' }, { $patch: 'replace' }),
    expected: containersOf({ name: 'c' }),
  },
  {
    title: 'merges env and ports within a container by their own keys',
    original: containersOf({
      name: 'a',
      env: [
        { name: 'X', value: '1' },
        { name: 'Y', value: '1' },
      ],
      ports: [{ containerPort: 80, protocol: 'TCP' }],
    }),
    patch: containersOf({
      name: 'a',
      env: [{ name: 'Y', value: '2' }],
      ports: [{ containerPort: 80, name: 'http' }],
    }),
    expected: containersOf({
      name: 'a',
      env: [
        { name: 'X', value: '1' },
        { name: 'Y', value: '2' },
      ],
      ports: [{ containerPort: 80, protocol: 'TCP', name: 'http' }],
    }),
  },
  {
    title: 'merges the fields of embedded structs by key too',
    original: podOf({ ephemeralContainers: [{ name: 'a', env: [{ name: 'X', value: '1' }] }] }),
    patch: podOf({ ephemeralContainers: [{ name: 'a', env: [{ name: 'Y', value: '1' }] }] }),
    expected: podOf({
      ephemeralContainers: [
        {
          name: 'a',
          env: [
            { name: 'Y', value: '1' },
            { name: 'X', value: '1' },
          ],
        },
      ],
    }),
  },
  {
    title: 'replaces atomic lists',
    original: podOf({ tolerations: [{ key: 'a' }, { key: 'b' }], containers: [{ name: 'a', args: ['x', 'y'] }] }),
    patch: podOf({ tolerations: [{ key: 'c' }], containers: [{ name: 'a', args: ['z'] }] }),
    expected: podOf({ tolerations: [{ key: 'c' }], containers: [{ name: 'a', args: ['z'] }] }),
  },
  {
    title: 'changes the member of a union with $retainKeys',
    original: podOf({ volumes: [{ name: 'v', emptyDir: {} }] }),
    patch: podOf({ volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }] }),
    expected: podOf({ volumes: [{ name: 'v', hostPath: { path: '/x' } }] }),
  },
  {
    title: 'merges maps and deletes by null',
    original: { metadata: { labels: { a: '1', b: '1' }, annotations: { x: 'y' } } },
    patch: { metadata: { labels: { b: null, c: '1' }, annotations: null } },
    expected: { metadata: { labels: { a: '1', c: '1' } } },
  },
  {
    title: 'never stores a null that found nothing to delete',
    original: {},
    patch: { metadata: { labels: { a: null, b: '1' } }, spec: { containers: [{ name: 'a', image: null }] } },
    expected: { metadata: { labels: { b: '1' } }, spec: { containers: [{ name: 'a' }] } },
  },
  {
    title: 'merges lists of scalars that have the merge strategy, new ones first',
    original: { metadata: { finalizers: ['a', 'b'] } },
    patch: { metadata: { finalizers: ['c', 'a'] } },
    expected: { metadata: { finalizers: ['c', 'a', 'b'] } },
  },
  {
    title: 'deletes from a list of scalars',
    original: { metadata: { finalizers: ['a', 'b', 'c'] } },
    patch: { metadata: { '$deleteFromPrimitiveList/finalizers': ['b'] } },
    expected: { metadata: { finalizers: ['a', 'c'] } },
  },
  {
    title: 'deletes from a list that is not there',
    original: { metadata: {} },
    patch: { metadata: { '$deleteFromPrimitiveList/finalizers': ['b'] } },
    expected: { metadata: {} },
  },
  {
    title: 'orders a list of scalars',
    original: { metadata: { finalizers: ['a', 'b'] } },
    patch: { metadata: { '$setElementOrder/finalizers': ['b', 'c', 'a'], finalizers: ['c'] } },
    expected: { metadata: { finalizers: ['b', 'c', 'a'] } },
  },
  {
    title: 'replaces a map with $patch: replace',
    original: { metadata: { labels: { a: '1' } } },
    patch: { metadata: { labels: { $patch: 'replace', b: '1' } } },
    expected: { metadata: { labels: { b: '1' } } },
  },
  {
    title: 'empties a map with $patch: delete',
    original: podOf({ securityContext: { runAsUser: 1 } }),
    patch: podOf({ securityContext: { $patch: 'delete' } }),
    expected: podOf({ securityContext: {} }),
  },
  {
    title: 'replaces where the kinds of values differ',
    kind: 'Service',
    original: { spec: { ports: [{ port: 80, targetPort: 'http' }] } },
    patch: { spec: { ports: [{ port: 80, targetPort: 8080 }] } },
    expected: { spec: { ports: [{ port: 80, targetPort: 8080 }] } },
  },
  {
    title: 'merges conditions by type',
    original: {
      status: {
        conditions: [
          { type: 'Ready', status: 'False' },
          { type: 'Initialized', status: 'True' },
        ],
      },
    },
    patch: { status: { conditions: [{ type: 'Ready', status: 'True' }] } },
    expected: {
      status: {
        conditions: [
          { type: 'Ready', status: 'True' },
          { type: 'Initialized', status: 'True' },
        ],
      },
    },
  },
];

describe('applyStrategicMergePatch', () => {
  for (const { title, kind = 'Pod', original, patch, expected } of CASES) {
    it(title, () => {
      const result = applyStrategicMergePatch(`${CORE}.${kind}`, freeze(original), freeze(patch));
      assert.deepEqual(result, expected);
    });
  }

  const refused: [string, object, unknown, string, number][] = [
    [
      'an item without its key',
      containersOf({ name: 'a' }),
      containersOf({ image: 'x' }),
      'map: map[image:x] does not contain declared merge key: name',
      422,
    ],
    [
      'an unknown directive',
      { metadata: { labels: { a: '1' } } },
      { metadata: { labels: { $patch: 'foo', b: { c: [1, null] } } } },
      'unknown patch type: foo in map: map[$patch:foo b:map[c:[1 <nil>]]]',
      422,
    ],
    [
      'a directive of the wrong type',
      { metadata: {} },
      { metadata: { $patch: true } },
      'unknown patch type: %!s(bool=true) in map: map[$patch:true]',
      422,
    ],
    [
      '$patch: merge in a list',
      containersOf({ name: 'a' }),
      containersOf({ name: 'a', $patch: 'merge' }),
      'merging lists cannot yet be specified in the patch',
      422,
    ],
    [
      '$retainKeys that is no list',
      { metadata: {} },
      { metadata: { $retainKeys: 'x' } },
      'invalid patch format of retainKeys',
      400,
    ],
    [
      'a field that $retainKeys does not list',
      podOf({ volumes: [{ name: 'v' }] }),
      podOf({ volumes: [{ name: 'v', $retainKeys: ['name'], emptyDir: {} }] }),
      'invalid patch format of retainKeys',
      400,
    ],
    [
      'an order that is no list',
      { metadata: {} },
      { metadata: { '$setElementOrder/finalizers': 'x' } },
      'expected a []interface {}, but received a string',
      422,
    ],
    [
      'an order for nothing',
      { metadata: {} },
      { metadata: { $setElementOrder: [] } },
      'invalid patch format of setElementOrder list',
      400,
    ],
    [
      'an order that the list contradicts',
      containersOf({ name: 'a' }),
      podOf({ '$setElementOrder/containers': [{ name: 'b' }], containers: [{ name: 'c' }] }),
      "The order in patch list:\n[map[name:c]]\n doesn't match $setElementOrder list:\n[map[name:b]]\n",
      422,
    ],
    [
      'a replacement at the end of a list that has an order, as upstream does',
      containersOf({ name: 'a' }),
      podOf({ '$setElementOrder/containers': [{ name: 'b' }], containers: [{ name: 'b' }, { $patch: 'replace' }] }),
      "The order in patch list:\n[map[name:b] map[$patch:replace]]\n doesn't match $setElementOrder list:\n[map[name:b]]\n",
      422,
    ],
    [
      'a deletion from nothing',
      { metadata: {} },
      { metadata: { $deleteFromPrimitiveListX: [] } },
      'invalid patch format of primitive list',
      400,
    ],
    [
      'lists of lists',
      { metadata: { finalizers: ['a'] } },
      { metadata: { finalizers: [['a']] } },
      'list element types are not identical: [[a] [[a]]]',
      422,
    ],
    [
      'a patch that is no object',
      {},
      [1],
      'json: cannot unmarshal array into Go value of type map[string]interface {}',
      400,
    ],
  ];
  for (const [title, original, patch, message, code] of refused) {
    it(`refuses ${title}`, () => {
      assert.throws(
        () => applyStrategicMergePatch(`${CORE}.Pod`, original, patch),
        (error) => error instanceof PatchError && error.message === message && error.code === code,
      );
    });
  }

  it('cannot reach prototypes', () => {
    const patch = JSON.parse('{"__proto__":{"polluted":1},"metadata":{"labels":{"__proto__":"x","constructor":"y"}}}');
    const result = applyStrategicMergePatch(`${CORE}.Pod`, { metadata: { labels: {} } }, patch) as object;
    assert.equal(Object.getPrototypeOf(result), Object.prototype);
    assert.equal('polluted' in {}, false);
    const { labels } = (result as { metadata: { labels: object } }).metadata;
    assert.deepEqual(Object.entries(labels), [
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  it('refuses nesting that would exhaust the stack', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`);
    assert.throws(() => applyStrategicMergePatch(`${CORE}.Pod`, {}, deep), { message: 'exceeded max depth' });
  });

  it('merges lists of thousands of items in linear time', () => {
    const items = (offset: number) => Array.from({ length: 20_000 }, (_, i) => ({ name: `n${i + offset}` }));
    const result = applyStrategicMergePatch(`${CORE}.Pod`, containersOf(...items(0)), containersOf(...items(10_000)));
    assert.equal((result as { spec: { containers: unknown[] } }).spec.containers.length, 30_000);
  }).timeout(2000);
});
