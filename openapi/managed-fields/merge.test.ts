import assert from 'node:assert/strict';
import { type ApplySchema, DEDUCED } from './apply-schema.ts';
import { parseFieldSet } from './field-set.ts';
import { merge, removeFields } from './merge.ts';
import { OBJECT } from './schemas.fixture.ts';

const named = (...names: string[]) => ({ items: names.map((name) => ({ name })) });

const MERGED: [what: string, live: object, applied: object, merged: object, schema?: ApplySchema][] = [
  ['scalars', { text: 'a', count: 1 }, { text: 'b' }, { text: 'b', count: 1 }],
  ['maps', { labels: { a: '1', b: '2' } }, { labels: { b: '3', c: '4' } }, { labels: { a: '1', b: '3', c: '4' } }],
  ['structs', { inner: { a: '1' } }, { inner: { b: '2' } }, { inner: { a: '1', b: '2' } }],
  [
    'atomic lists and maps as a whole',
    { args: ['a'], selector: { a: '1' } },
    { args: ['b'], selector: { b: '2' } },
    { args: ['b'], selector: { b: '2' } },
  ],
  ['an empty list into one that is not', { tags: ['a'] }, { tags: [] }, { tags: ['a'] }],
  ['an empty struct into one that is not', { inner: { a: '1' } }, { inner: {} }, { inner: { a: '1' } }],
  ['null into a struct', { inner: { a: '1' } }, { inner: null }, { inner: { a: '1' } }],
  ['null into nothing', {}, { labels: null }, { labels: null }],
  ['a struct into null', { inner: null }, { inner: { a: '1' } }, { inner: { a: '1' } }],
  ['sets', { tags: ['a', 'b'] }, { tags: ['c', 'b'] }, { tags: ['a', 'c', 'b'] }],
  [
    'items by their keys',
    { items: [{ name: 'x', value: '1' }] },
    { items: [{ name: 'x', options: { o: '1' } }] },
    { items: [{ name: 'x', value: '1', options: { o: '1' } }] },
  ],
  [
    'items by the default of a key',
    { ports: [{ port: 80, protocol: 'TCP' }] },
    { ports: [{ port: 80, name: 'n' }] },
    { ports: [{ port: 80, protocol: 'TCP', name: 'n' }] },
  ],
  ['items in the order of the configuration', named('a', 'b', 'c'), named('c', 'b', 'a'), named('c', 'b', 'a')],
  ['new items before what follows them', named('a', 'b'), named('x', 'a'), named('x', 'a', 'b')],
  ['new items after what goes before them', named('a', 'b'), named('b', 'x'), named('a', 'b', 'x')],
  ['items of the live object where they were', named('a', 'l', 'b', 'm'), named('b', 'a'), named('l', 'b', 'm', 'a')],
  ['items the live object has twice, once', named('a', 'a', 'b'), named('a'), named('a', 'b')],
  ['new items before what follows a second one', named('a', 'a', 'l'), named('a', 'x'), named('a', 'x', 'l')],
  ['items the live object has twice, when nobody applies them', named('a', 'a'), named('b'), named('a', 'a', 'b')],
  ['keys that objects have anyway', { labels: {} }, { labels: { constructor: 'x' } }, { labels: { constructor: 'x' } }],
  [
    'other kinds of values without schema',
    { a: { b: 1 }, c: 1 },
    { a: 'x', c: { d: 2 } },
    { a: 'x', c: { d: 2 } },
    DEDUCED,
  ],
  [
    'lists without schema as a whole',
    { a: [1], b: { c: 1 } },
    { a: [2], b: { d: 2 } },
    { a: [2], b: { c: 1, d: 2 } },
    DEDUCED,
  ],
];

describe('merge()', () => {
  for (const [what, live, applied, merged, schema = OBJECT] of MERGED) {
    it(`merges ${what}`, () => {
      const [before, configuration] = [structuredClone(live), structuredClone(applied)];
      assert.deepEqual(merge(live, applied, schema), merged);
      assert.deepEqual([live, applied], [before, configuration], 'neither is changed');
    });
  }

  it('keeps a key called __proto__ a key', () => {
    const applied = JSON.parse('{"labels":{"__proto__":"x"}}');
    const merged = merge({ labels: { a: '1' } }, applied, OBJECT) as { labels: object };
    assert.deepEqual(Object.entries(merged.labels), [
      ['a', '1'],
      ['__proto__', 'x'],
    ]);
  });
});

const REMOVED: [what: string, value: object, set: object, left: unknown][] = [
  ['nothing', { text: 'a' }, {}, { text: 'a' }],
  ['a field', { text: 'a', count: 1 }, { 'f:text': {} }, { count: 1 }],
  ['a key of a map', { labels: { a: '1', b: '2' } }, { 'f:labels': { 'f:a': {} } }, { labels: { b: '2' } }],
  ['all keys of a map', { labels: { a: '1' } }, { 'f:labels': { 'f:a': {} } }, { labels: null }],
  [
    'an item',
    { items: [{ name: 'x' }, { name: 'y' }] },
    { 'f:items': { 'k:{"name":"x"}': {} } },
    { items: [{ name: 'y' }] },
  ],
  [
    'a field of an item',
    { items: [{ name: 'x', value: 'v' }] },
    { 'f:items': { 'k:{"name":"x"}': { 'f:value': {} } } },
    { items: [{ name: 'x' }] },
  ],
  ['all items', { tags: ['a'] }, { 'f:tags': { 'v:"a"': {} } }, { tags: null }],
  [
    'nothing inside of what is atomic',
    { selector: { a: '1' } },
    { 'f:selector': { 'f:a': {} } },
    { selector: { a: '1' } },
  ],
  ['what is not there', { text: 'a' }, { 'f:count': {}, 'f:inner': { 'f:a': {} } }, { text: 'a' }],
];

describe('removeFields()', () => {
  for (const [what, value, set, left] of REMOVED) {
    it(`removes ${what}`, () => assert.deepEqual(removeFields(value, parseFieldSet(set), OBJECT), left));
  }
});
