import assert from 'node:assert/strict';
import { applyDefaults } from './default.ts';
import { dropNulls, prune } from './prune.ts';
import type { JsonObject, Schema } from './schema.ts';

const TEXT: Schema = { type: 'string' };
const OPEN: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

function object(properties: Record<string, Schema>, more: Schema = {}): Schema {
  return { type: 'object', properties, ...more };
}

describe('prune', () => {
  const cases: [title: string, schema: Schema, value: JsonObject, kept: JsonObject, removed: string[]][] = [
    [
      'leaves type and metadata alone',
      object({}),
      { apiVersion: 'a', kind: 'b', metadata: { c: 1 }, d: 1 },
      { apiVersion: 'a', kind: 'b', metadata: { c: 1 } },
      ['d'],
    ],
    [
      'goes into lists, by index',
      object({ l: { type: 'array', items: object({ a: TEXT }) } }),
      { l: [{ a: 'x' }, { a: 'y', b: 1 }] },
      { l: [{ a: 'x' }, { a: 'y' }] },
      ['l[1].b'],
    ],
    [
      'keeps the keys of maps',
      object({ m: { type: 'object', additionalProperties: object({ a: TEXT }) } }),
      { m: { k: { a: 'x', b: 1 } } },
      { m: { k: { a: 'x' } } },
      ['m.k.b'],
    ],
    [
      'empties what has no schema of its own',
      object({ o: { type: 'object' } }),
      { o: { a: 1, b: [{ c: 1 }] } },
      { o: {} },
      ['o.a', 'o.b'],
    ],
    [
      'stops where unknown fields are preserved, but for what is known there',
      object({ o: { ...OPEN, properties: { k: object({ a: TEXT }) } } }),
      { o: { x: { y: 1 }, k: { a: 'x', b: 1 } } },
      { o: { x: { y: 1 }, k: { a: 'x' } } },
      ['o.k.b'],
    ],
    [
      'leaves the metadata of embedded resources alone',
      object({ e: object({ spec: object({}) }, { 'x-kubernetes-embedded-resource': true }) }),
      { e: { kind: 'K', metadata: { x: 1 }, spec: { a: 1 }, b: 1 } },
      { e: { kind: 'K', metadata: { x: 1 }, spec: {} } },
      ['e.b', 'e.spec.a'],
    ],
    [
      'tells paths in order',
      object({ b: object({}), a: object({}) }),
      { b: { z: 1, y: 1 }, a: { x: 1 } },
      { b: {}, a: {} },
      ['a.x', 'b.y', 'b.z'],
    ],
    [
      'takes names for no more than names',
      object({}),
      JSON.parse('{"__proto__": {"a": 1}, "constructor": 1}'),
      {},
      ['__proto__', 'constructor'],
    ],
  ];
  for (const [title, schema, value, kept, removed] of cases) {
    it(title, () => {
      assert.deepEqual(prune(value, schema), removed);
      assert.deepEqual(value, kept);
    });
  }
});

describe('nulls', () => {
  it('go where they are not allowed and nothing takes their place', () => {
    const schema = object({
      a: TEXT,
      b: { ...TEXT, nullable: true },
      c: { ...TEXT, default: 'x' },
      l: { type: 'array', items: object({ d: TEXT }) },
    });
    const value = { a: null, b: null, c: null, l: [{ d: null }], unknown: null };
    dropNulls(value, schema);
    assert.deepEqual(value, { b: null, c: null, l: [{}], unknown: null });
  });
});

describe('applyDefaults', () => {
  const cases: [title: string, schema: Schema, value: unknown, filled: unknown][] = [
    ['fills in what is absent', object({ a: { ...TEXT, default: 'x' }, b: TEXT }), {}, { a: 'x' }],
    ['leaves what is there', object({ a: { ...TEXT, default: 'x' } }), { a: '' }, { a: '' }],
    ['replaces nulls that are not allowed', object({ a: { ...TEXT, default: 'x' } }), { a: null }, { a: 'x' }],
    ['leaves nulls that are', object({ a: { ...TEXT, default: 'x', nullable: true } }), { a: null }, { a: null }],
    [
      'goes into what it filled in',
      object({ o: object({ a: { ...TEXT, default: 'x' } }, { default: {} }) }),
      {},
      { o: { a: 'x' } },
    ],
    ['does not make what holds a default', object({ o: object({ a: { ...TEXT, default: 'x' } }) }), {}, {}],
    [
      'goes into lists and maps',
      object({
        l: { type: 'array', items: object({ a: { type: 'integer', default: 1 } }) },
        m: { type: 'object', additionalProperties: object({ a: { type: 'integer', default: 2 } }) },
      }),
      { l: [{}], m: { k: {} } },
      { l: [{ a: 1 }], m: { k: { a: 2 } } },
    ],
  ];
  for (const [title, schema, value, filled] of cases) {
    it(title, () => {
      applyDefaults(value, schema);
      assert.deepEqual(value, filled);
    });
  }

  it('shares nothing with the schema', () => {
    const schema = object({ o: { type: 'object', default: { a: [1] } } });
    const value: { o?: { a: number[] } } = {};
    applyDefaults(value, schema);
    value.o?.a.push(2);
    assert.deepEqual(schema.properties?.o?.default, { a: [1] });
  });
});
