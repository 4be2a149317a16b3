import assert from 'node:assert/strict';
import {
  difference,
  equals,
  type FieldSet,
  fromPaths,
  intersection,
  parseFieldSet,
  printPaths,
  recursiveDifference,
  union,
  within,
} from './field-set.ts';

/** The set of paths like `a.b`, as it is written. */
function text(set: FieldSet): string {
  return JSON.stringify(set);
}

function paths(...all: string[]): FieldSet {
  return fromPaths(...all.map((path) => path.split('.').map((name) => `f:${name}`)));
}

describe('field sets', () => {
  it('are written with elements in order, and themselves first', () => {
    assert.equal(text(paths('b', 'a.c', 'a.b', 'a')), '{"f:a":{".":{},"f:b":{},"f:c":{}},"f:b":{}}');
    assert.equal(text(paths('a.b.c')), '{"f:a":{"f:b":{"f:c":{}}}}');
  });

  it('come back from what they are written as', () => {
    const written =
      '{"f:metadata":{"f:finalizers":{".":{},"v:\\"a/b\\"":{}}},"f:spec":{"f:ports":{"k:{\\"port\\":80}":{".":{},"f:name":{}}},"i:2":{}}}';
    assert.equal(text(parseFieldSet(JSON.parse(written))), written);
  });

  it('are read in any order and spelling, without elements of kinds to come', () => {
    const sent = { 'f:b': {}, 'x:y': { 'f:c': {} }, 'f:a': { 'k:{"p": "T", "o":1}': { '.': {} }, '.': {} } };
    assert.equal(text(parseFieldSet(sent)), '{"f:a":{".":{},"k:{\\"o\\":1,\\"p\\":\\"T\\"}":{}},"f:b":{}}');
    assert.equal(text(parseFieldSet({ 'f:a': { 'x:y': {} } })), '{"f:a":{}}');
    assert.equal(text(parseFieldSet(undefined)), '{}');
  });

  for (const sent of [{ f: {} }, { 'f:a': 1 }, { 'f:a': { 'k:x': {} } }, [], 'f:a']) {
    it(`${JSON.stringify(sent)} is none`, () => assert.throws(() => parseFieldSet(sent), Error));
  }

  const cases: [name: string, of: (a: FieldSet, b: FieldSet) => FieldSet, a: string[], b: string[], is: string[]][] = [
    ['union', union, ['a', 'c.d'], ['b', 'c.e'], ['a', 'b', 'c.d', 'c.e']],
    ['union', union, ['a.b'], ['a'], ['a', 'a.b']],
    ['union', union, ['a'], ['a.b'], ['a', 'a.b']],
    ['union', union, [], ['a'], ['a']],
    ['union', union, ['a', 'a.b'], ['a'], ['a', 'a.b']],
    ['intersection', intersection, ['a', 'b', 'c.d', 'c.e'], ['b', 'c.e', 'f'], ['b', 'c.e']],
    ['intersection', intersection, ['a', 'a.b'], ['a'], ['a']],
    ['intersection', intersection, ['a.b'], ['a'], []],
    ['intersection', intersection, ['a', 'a.b'], ['a.b'], ['a.b']],
    ['difference', difference, ['a', 'b', 'c.d', 'c.e'], ['b', 'c.e'], ['a', 'c.d']],
    ['difference', difference, ['a', 'a.b'], ['a'], ['a.b']],
    ['difference', difference, ['a.b'], ['a'], ['a.b']],
    ['difference', difference, ['a', 'a.b'], ['a.b'], ['a']],
    ['difference', difference, ['a.b'], ['a.b'], []],
    ['recursive difference', recursiveDifference, ['a', 'a.b', 'b', 'c.d'], ['a'], ['b', 'c.d']],
    ['recursive difference', recursiveDifference, ['a.b.c', 'a.d'], ['a.b'], ['a.d']],
    ['recursive difference', recursiveDifference, ['a', 'a.b'], ['a.b'], ['a']],
    ['part within', within, ['a', 'a.b', 'b', 'c.d', 'c.e'], ['a', 'c.d'], ['a', 'a.b', 'c.d']],
    ['part within', within, ['a'], ['a.b'], []],
  ];
  for (const [name, of, a, b, is] of cases) {
    it(`the ${name} of ${a} and ${b} is ${is}`, () => {
      const [left, right] = [paths(...a), paths(...b)];
      const [before, behind] = [text(left), text(right)];
      assert.equal(text(of(left, right)), text(paths(...is)));
      assert.deepEqual([text(left), text(right)], [before, behind], 'neither is changed');
    });
  }

  it('are the same object again where nothing changes', () => {
    const set = paths('a', 'a.b', 'c.d.e');
    assert.equal(union(set, paths('a', 'c.d.e')), set);
    assert.equal(difference(set, paths('x', 'c.d.f')), set);
    assert.equal(recursiveDifference(set, paths('x', 'c.d.f')), set);
  });

  it('are equal when they have the same paths', () => {
    assert.ok(equals(paths('a', 'b.c'), paths('b.c', 'a')));
    assert.ok(!equals(paths('a', 'a.b'), paths('a.b')));
    assert.ok(!equals(paths('a'), paths('b')));
  });

  it('are printed as upstream goes through them: what ends in a place before what goes on', () => {
    const set = parseFieldSet({ 'f:b': { '.': {}, 'k:{"name":"x"}': { 'f:z': {} } }, 'f:a': { 'f:c': {} }, 'f:d': {} });
    assert.deepEqual(printPaths(set), ['.b', '.d', '.a.c', '.b[name="x"].z']);
  });
});
