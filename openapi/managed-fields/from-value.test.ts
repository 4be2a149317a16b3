import assert from 'node:assert/strict';
import { type ApplySchema, DEDUCED } from './apply-schema.ts';
import { fieldsOf, wholeOf } from './from-value.ts';
import { TypedError } from './list-items.ts';
import { OBJECT } from './schemas.fixture.ts';

const NAMED: [what: string, value: unknown, set: string, schema?: ApplySchema][] = [
  ['scalars', { text: 'a', count: 1, flag: false }, '{"f:count":{},"f:flag":{},"f:text":{}}'],
  ['fields of a struct but not the struct', { inner: { b: 'x', a: 'y' } }, '{"f:inner":{"f:a":{},"f:b":{}}}'],
  ['a struct that is empty', { inner: {} }, '{"f:inner":{}}'],
  ['a struct that is null', { inner: null }, '{"f:inner":{}}'],
  ['keys of a map', { labels: { b: '', a: '' } }, '{"f:labels":{"f:a":{},"f:b":{}}}'],
  [
    'keys that objects have anyway',
    { labels: { constructor: 'x', toString: 'y' } },
    '{"f:labels":{"f:constructor":{},"f:toString":{}}}',
  ],
  ['values of a set', { tags: ['b', 'a'] }, '{"f:tags":{"v:\\"a\\"":{},"v:\\"b\\"":{}}}'],
  ['nothing of an empty list', { tags: [], items: [] }, '{}'],
  [
    'what is atomic as a whole',
    { args: [], selector: { a: 'b' }, any: [{}] },
    '{"f:any":{},"f:args":{},"f:selector":{}}',
  ],
  [
    'items with their fields',
    { items: [{ name: 'x', options: { o: '1' } }] },
    '{"f:items":{"k:{\\"name\\":\\"x\\"}":{".":{},"f:name":{},"f:options":{"f:o":{}}}}}',
  ],
  [
    'keys of items by their defaults',
    { ports: [{ port: 80 }, { port: 9, protocol: 'UDP' }] },
    '{"f:ports":{"k:{\\"port\\":9,\\"protocol\\":\\"UDP\\"}":{".":{},"f:port":{},"f:protocol":{}},"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:port":{}}}}',
  ],
  [
    'items that are there twice as a whole',
    { items: [{ name: 'x' }, { name: 'x' }] },
    '{"f:items":{"k:{\\"name\\":\\"x\\"}":{}}}',
  ],
  ['nothing that the schema does not know', { unknown: 1 }, '{}'],
  [
    'objects without a schema as maps',
    { a: { b: [1], c: {} }, d: null },
    '{"f:a":{".":{},"f:b":{},"f:c":{}},"f:d":{}}',
    DEDUCED,
  ],
];

describe('fieldsOf()', () => {
  for (const [what, value, set, schema = OBJECT] of NAMED) {
    it(`names ${what}`, () => assert.equal(JSON.stringify(fieldsOf(value, schema)), set));
  }

  for (const [value, message] of [
    [
      { items: [{ value: 'x' }] },
      'element 0: associative list with keys has an element that omits key field "name" (and doesn\'t have default value)',
    ],
    [{ items: [null] }, 'element 0: associative list with keys may not have a null element'],
    [{ items: ['x'] }, 'element 0: associative list with keys may not have non-map elements'],
    [{ tags: ['a', {}] }, "element 1: associative list without keys has an element that's a map type"],
    [{ tags: [['a']] }, 'element 0: not supported: associative list with lists as elements'],
    [{ tags: [null] }, "element 0: associative list without keys has an element that's an explicit null"],
  ] as const) {
    it(`refuses ${JSON.stringify(value)}`, () => assert.throws(() => fieldsOf(value, OBJECT), new TypedError(message)));
  }
});

describe('wholeOf()', () => {
  it('has all there is, what holds it included', () => {
    const value = {
      labels: { a: 'x' },
      inner: {},
      items: [{ name: 'x', value: 'y' }],
      args: ['z'],
      tags: ['t'],
      unknown: 1,
    };
    assert.equal(
      JSON.stringify(wholeOf(value, OBJECT)),
      '{".":{},"f:args":{},"f:inner":{},"f:items":{".":{},"k:{\\"name\\":\\"x\\"}":{".":{},"f:name":{},"f:value":{}}},"f:labels":{".":{},"f:a":{}},"f:tags":{".":{},"v:\\"t\\"":{}}}',
    );
  });

  it('is shared by values of one shape, and by those alone', () => {
    const one = wholeOf({ text: 'a', items: [{ name: 'x', value: '1' }] }, OBJECT);
    assert.equal(wholeOf({ text: 'b', items: [{ name: 'x', value: '2' }] }, OBJECT), one);
    const others = [
      { text: 'a', items: [{ name: 'y', value: '1' }] },
      { text: 'a', items: [{ name: 'x' }] },
      { text: 'a', items: [{ name: 'x', value: '1' }, { name: 'y' }] },
      { items: [{ name: 'x', value: '1' }] },
      { labels: { 'a,b': '' } },
      { labels: { a: '', b: '' } },
      { labels: {}, args: [] },
      { selector: {}, text: '' },
    ];
    const texts = new Set([one, ...others.map((other) => wholeOf(other, OBJECT))].map((set) => JSON.stringify(set)));
    assert.equal(texts.size, others.length + 1);
  });
});
