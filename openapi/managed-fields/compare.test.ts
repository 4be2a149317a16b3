import assert from 'node:assert/strict';
import { type ApplySchema, DEDUCED } from './apply-schema.ts';
import { compare, isSame } from './compare.ts';
import { OBJECT } from './schemas.fixture.ts';

const X = 'k:{"name":"x"}';

interface Case {
  what: string;
  old: unknown;
  now: unknown;
  added?: object;
  modified?: object;
  removed?: object;
  schema?: ApplySchema;
}

const CASES: Case[] = [
  { what: 'nothing', old: { text: 'a', tags: ['t'] }, now: { tags: ['t'], text: 'a' } },
  { what: 'a field that is set', old: {}, now: { text: 'a' }, added: { 'f:text': {} } },
  { what: 'a field that is unset', old: { text: 'a' }, now: {}, removed: { 'f:text': {} } },
  { what: 'a field that changes', old: { text: 'a' }, now: { text: 'b' }, modified: { 'f:text': {} } },
  {
    what: 'a map that comes with its keys',
    old: {},
    now: { labels: { a: '1', b: '2' } },
    added: { 'f:labels': { '.': {}, 'f:a': {}, 'f:b': {} } },
  },
  {
    what: 'a map that was null',
    old: { labels: null },
    now: { labels: { a: '1' } },
    added: { 'f:labels': { 'f:a': {} } },
  },
  { what: 'an empty map that was null', old: { labels: null }, now: { labels: {} }, modified: { 'f:labels': {} } },
  {
    what: 'keys of a map',
    old: { labels: { a: '1', b: '2' } },
    now: { labels: { b: '3', constructor: '4' } },
    added: { 'f:labels': { 'f:constructor': {} } },
    modified: { 'f:labels': { 'f:b': {} } },
    removed: { 'f:labels': { 'f:a': {} } },
  },
  { what: 'an atomic list', old: { args: ['a', 'b'] }, now: { args: ['b', 'a'] }, modified: { 'f:args': {} } },
  {
    what: 'an atomic map',
    old: { selector: { a: '1' } },
    now: { selector: { b: '1' } },
    modified: { 'f:selector': {} },
  },
  { what: 'the order of a set', old: { tags: ['a', 'b'] }, now: { tags: ['b', 'a'] } },
  {
    what: 'values of a set',
    old: { tags: ['a'] },
    now: { tags: ['b'] },
    added: { 'f:tags': { 'v:"b"': {} } },
    removed: { 'f:tags': { 'v:"a"': {} } },
  },
  {
    what: 'the last of a set',
    old: { tags: ['a'] },
    now: { tags: [] },
    removed: { 'f:tags': { 'v:"a"': {} } },
  },
  {
    what: 'an item, its fields, and the order',
    old: { items: [{ name: 'x', value: '1' }, { name: 'y' }] },
    now: { items: [{ name: 'z' }, { name: 'x', value: '2' }] },
    added: { 'f:items': { 'k:{"name":"z"}': { '.': {}, 'f:name': {} } } },
    modified: { 'f:items': { [X]: { 'f:value': {} } } },
    removed: { 'f:items': { 'k:{"name":"y"}': { '.': {}, 'f:name': {} } } },
  },
  {
    what: 'an item that comes a second time',
    old: { items: [{ name: 'x', value: '1' }] },
    now: { items: [{ name: 'x', value: '1' }, { name: 'x' }] },
    added: { 'f:items': { [X]: {} } },
    removed: { 'f:items': { [X]: { '.': {}, 'f:name': {}, 'f:value': {} } } },
  },
  {
    what: 'items that were there twice',
    old: { items: [{ name: 'x' }, { name: 'x' }] },
    now: { items: [{ name: 'x' }] },
    added: { 'f:items': { [X]: { '.': {}, 'f:name': {} } } },
    removed: { 'f:items': { [X]: {} } },
  },
  {
    what: 'items that are there twice and change',
    old: { items: [{ name: 'x' }, { name: 'x', value: '1' }] },
    now: { items: [{ name: 'x' }, { name: 'x', value: '2' }] },
    modified: { 'f:items': { [X]: {} } },
  },
  { what: 'what the schema does not know', old: { unknown: 1 }, now: { unknown: 2 } },
  {
    what: 'a map without schema that becomes a scalar',
    old: { a: { b: 1 } },
    now: { a: 'x' },
    modified: { 'f:a': {} },
    removed: { 'f:a': { 'f:b': {} } },
    schema: DEDUCED,
  },
  {
    what: 'a scalar without schema that becomes a map',
    old: { a: 'x' },
    now: { a: { b: 1 } },
    modified: { 'f:a': {} },
    added: { 'f:a': { 'f:b': {} } },
    schema: DEDUCED,
  },
  { what: 'a list without schema', old: { a: [1] }, now: { a: [1, 2] }, modified: { 'f:a': {} }, schema: DEDUCED },
];

describe('compare()', () => {
  for (const { what, old, now, added = {}, modified = {}, removed = {}, schema = OBJECT } of CASES) {
    it(`finds ${what}`, () => {
      const found = compare(old, now, schema);
      assert.deepEqual(found, { added, modified, removed });
      assert.equal(isSame(found), JSON.stringify([added, modified, removed]) === '[{},{},{}]');
    });
  }
});
