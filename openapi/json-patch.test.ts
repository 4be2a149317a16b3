import assert from 'node:assert/strict';
import { applyJsonPatch, MAX_OPERATIONS } from './json-patch.ts';
import { PatchError } from './patch-error.ts';

const ORIGINAL = { a: { b: 'c', list: [1, 2, 3] }, 'x/y': 1, 'x~y': 2 };

describe('applyJsonPatch', () => {
  const cases: [string, object[], object][] = [
    ['adds', [{ op: 'add', path: '/a/d', value: 1 }], { ...ORIGINAL, a: { ...ORIGINAL.a, d: 1 } }],
    ['adds over what is there', [{ op: 'add', path: '/a', value: 1 }], { ...ORIGINAL, a: 1 }],
    ['inserts', [{ op: 'add', path: '/a/list/1', value: 9 }], { ...ORIGINAL, a: { b: 'c', list: [1, 9, 2, 3] } }],
    ['appends', [{ op: 'add', path: '/a/list/-', value: 9 }], { ...ORIGINAL, a: { b: 'c', list: [1, 2, 3, 9] } }],
    ['counts from the end', [{ op: 'remove', path: '/a/list/-1' }], { ...ORIGINAL, a: { b: 'c', list: [1, 2] } }],
    ['adds null where the value is left out', [{ op: 'add', path: '/n' }], { ...ORIGINAL, n: null }],
    ['removes', [{ op: 'remove', path: '/a' }], { 'x/y': 1, 'x~y': 2 }],
    [
      'unescapes',
      [
        { op: 'remove', path: '/x~1y' },
        { op: 'remove', path: '/x~0y' },
      ],
      { a: ORIGINAL.a },
    ],
    ['replaces', [{ op: 'replace', path: '/a/list/0', value: 0 }], { ...ORIGINAL, a: { b: 'c', list: [0, 2, 3] } }],
    ['replaces everything', [{ op: 'replace', path: '', value: { z: 1 } }], { z: 1 }],
    ['moves', [{ op: 'move', from: '/a/b', path: '/b' }], { ...ORIGINAL, a: { list: [1, 2, 3] }, b: 'c' }],
    ['copies', [{ op: 'copy', from: '/a/b', path: '/b' }], { ...ORIGINAL, b: 'c' }],
    [
      'tests',
      [
        { op: 'test', path: '/a/list', value: [1, 2, 3] },
        { op: 'test', path: '/missing', value: null },
        { op: 'test', path: '', value: ORIGINAL },
      ],
      ORIGINAL,
    ],
  ];
  for (const [title, patch, expected] of cases) {
    it(title, () => {
      const [original, patchCopy] = [structuredClone(ORIGINAL), structuredClone(patch)];
      assert.deepEqual(applyJsonPatch(original, patch), expected);
      assert.deepEqual([original, patch], [ORIGINAL, patchCopy]);
    });
  }

  it('copies values instead of sharing them', () => {
    const value = { x: 1 };
    const patch = [
      { op: 'add', path: '/v', value },
      { op: 'copy', from: '/v', path: '/w' },
      { op: 'add', path: '/w/x', value: 2 },
    ];
    assert.deepEqual(applyJsonPatch({}, patch), { v: { x: 1 }, w: { x: 2 } });
    assert.deepEqual(value, { x: 1 });
  });

  const refused: [unknown, string, number][] = [
    [{}, 'json: cannot unmarshal object into Go value of type jsonpatch.Patch', 400],
    [[1], 'json: cannot unmarshal number into Go value of type jsonpatch.Operation', 400],
    [[{ op: 'foo', path: '/a' }], 'Unexpected kind: foo', 422],
    [[{ op: 'constructor', path: '/a' }], 'Unexpected kind: constructor', 422],
    [[{ path: '/a' }], 'Unexpected kind: unknown', 422],
    [[{ op: 'test', path: '/a/b', value: 'x' }], 'testing value /a/b failed: test failed', 422],
    [[{ op: 'test', path: '/a/list', value: [1, 2] }], 'testing value /a/list failed: test failed', 422],
    [
      [{ op: 'add', path: '/m/n', value: 1 }],
      'add operation does not apply: doc is missing path: "/m/n": missing value',
      422,
    ],
    [[{ op: 'add' }], 'add operation failed to decode path: operation missing path field: missing value', 422],
    [
      [{ op: 'remove', path: '/m' }],
      "error in remove for path: '/m': Unable to remove nonexistent key: m: missing value",
      422,
    ],
    [
      [{ op: 'replace', path: '/m', value: 1 }],
      'replace operation does not apply: doc is missing key: /m: missing value',
      422,
    ],
    [
      [{ op: 'add', path: '/a/list/7', value: 1 }],
      "error in add for path: '/a/list/7': Unable to access invalid index: 7: invalid index referenced",
      422,
    ],
    [
      [{ op: 'move', from: '/m/n', path: '/x' }],
      'move operation does not apply: doc is missing from path: /m/n: missing value',
      422,
    ],
    [
      [{ op: 'copy', path: '/x' }],
      'copy operation failed to decode from: operation, missing from field: missing value',
      422,
    ],
  ];
  for (const [patch, message, code] of refused) {
    it(`refuses ${JSON.stringify(patch)}`, () => {
      assert.throws(
        () => applyJsonPatch(ORIGINAL, patch),
        (error) => error instanceof PatchError && error.message === message && error.code === code,
      );
    });
  }

  it('bounds the number of operations', () => {
    const patch = (count: number) => Array.from({ length: count }, () => ({ op: 'test', path: '/x', value: 1 }));
    assert.deepEqual(applyJsonPatch({ x: 1 }, patch(MAX_OPERATIONS)), { x: 1 });
    assert.throws(() => applyJsonPatch({ x: 1 }, patch(MAX_OPERATIONS + 1)), {
      message: 'The allowed maximum operations in a JSON patch is 10000, got 10001',
    });
  });

  it('bounds what copies add', () => {
    const patch = Array.from({ length: 40 }, (_, i) => ({ op: 'copy', from: '', path: `/c${i}` }));
    const doubling = patch.map((operation, i) => ({ ...operation, from: '/list', path: `/list/${i % 2}` }));
    assert.throws(
      () => applyJsonPatch({ list: ['x'.repeat(100_000)] }, doubling),
      /Unable to complete the copy, the accumulated size increase of copy is \d+, exceeding the limit 3145728/,
    );
  });

  it('cannot reach prototypes', () => {
    for (const path of [
      '/__proto__/polluted',
      '/constructor/prototype/polluted',
      '/constructor/polluted',
      '/__proto__',
    ]) {
      assert.throws(() => applyJsonPatch({}, [{ op: 'add', path, value: 1 }]), PatchError, path);
      assert.throws(() => applyJsonPatch({ a: 1 }, [{ op: 'move', from: '/a', path }]), PatchError, path);
    }
    assert.equal('polluted' in {}, false);
    assert.equal('polluted' in Object, false);
  });

  it('refuses nesting that would exhaust the stack', () => {
    const deep = JSON.parse(`[{"op":"test","path":"/a","value":${'['.repeat(50_000)}1${']'.repeat(50_000)}}]`);
    assert.throws(() => applyJsonPatch({ a: 1 }, deep), { message: 'exceeded max depth' });
  });
});
