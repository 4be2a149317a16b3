import assert from 'node:assert/strict';
import { applyMergePatch } from './merge-patch.ts';
import { PatchError } from './patch-error.ts';

describe('applyMergePatch', () => {
  // The examples of RFC 7386, appendix A, as far as patch and target are objects.
  const cases: [object, object, object][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [original, patch, expected] of cases) {
    it(`turns ${JSON.stringify(original)} with ${JSON.stringify(patch)} into ${JSON.stringify(expected)}`, () => {
      const [originalCopy, patchCopy] = [structuredClone(original), structuredClone(patch)];
      assert.deepEqual(applyMergePatch(original, patch), expected);
      assert.deepEqual([original, patch], [originalCopy, patchCopy]);
    });
  }

  it('refuses a patch that is no object', () => {
    for (const [patch, kind] of [
      [[1], 'array'],
      ['x', 'string'],
      [null, 'null'],
      [true, 'bool'],
    ] as const) {
      assert.throws(
        () => applyMergePatch({}, patch),
        (error) =>
          error instanceof PatchError &&
          error.code === 400 &&
          error.message ===
            `error decoding patch: json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`,
      );
    }
  });

  it('cannot reach prototypes', () => {
    const result = applyMergePatch({}, JSON.parse('{"__proto__":{"polluted":1},"constructor":{"x":1}}')) as object;
    assert.equal(Object.getPrototypeOf(result), Object.prototype);
    assert.deepEqual(Object.keys(result), ['__proto__', 'constructor']);
    assert.equal('polluted' in {}, false);
    assert.equal('x' in Object, false);
  });

  it('refuses nesting that would exhaust the stack', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`);
    assert.throws(() => applyMergePatch({}, deep), { message: 'exceeded max depth' });
  });
});
