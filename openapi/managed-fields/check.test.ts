import assert from 'node:assert/strict';
import { configurationError } from './check.ts';
import { OBJECT } from './schemas.fixture.ts';

const CASES: [value: unknown, error: string | undefined][] = [
  [
    { text: 'a', count: 1, flag: true, labels: { a: 'b' }, tags: ['a'], items: [{ name: 'x' }], args: ['a'] },
    undefined,
  ],
  [{ text: null, labels: null, tags: null, inner: null }, undefined],
  [{ text: 1 }, '.text: expected string, got &value.valueUnstructured{Value:1}'],
  [{ text: true }, '.text: expected string, got &value.valueUnstructured{Value:true}'],
  [
    { text: { b: [1, 'x', null], a: {} } },
    '.text: expected string, got &value.valueUnstructured{Value:map[string]interface {}{"a":map[string]interface {}{}, "b":[]interface {}{1, "x", interface {}(nil)}}}',
  ],
  [{ count: '1' }, '.count: expected numeric (int or float), got string'],
  [{ count: [] }, '.count: expected numeric (int or float), got []interface {}'],
  [{ count: false }, '.count: expected numeric (int or float), got bool'],
  [{ flag: 'yes' }, '.flag: expected boolean, got &{yes}'],
  [{ time: {} }, '.time: expected any scalar, got &{map[]}'],
  [{ labels: ['a'] }, '.labels: expected map, got &{[a]}'],
  [{ inner: 'x' }, '.inner: expected map, got &{x}'],
  [{ tags: { a: 1 } }, '.tags: expected list, got &{map[a:1]}'],
  [{ args: 'x' }, '.args: expected list, got &{x}'],
  [{ args: ['a', 1] }, '.args[1]: expected string, got &value.valueUnstructured{Value:1}'],
  [{ selector: { a: 1 } }, '.selector.a: expected string, got &value.valueUnstructured{Value:1}'],
  [{ other: 1 }, '.other: field not declared in schema'],
  [{ inner: { c: 1 } }, '.inner.c: field not declared in schema'],
  [{ items: [{ name: 'x', more: 1 }] }, '.items[name="x"].more: field not declared in schema'],
  [{ tags: ['a', 'a'] }, '.tags: duplicate entries for key [="a"]'],
  [{ ports: [{ port: 1 }, { port: 1, protocol: 'TCP' }] }, '.ports: duplicate entries for key [port=1,protocol="TCP"]'],
  [
    { items: [{ name: 'x' }, {}] },
    '.items: element 1: associative list with keys has an element that omits key field "name" (and doesn\'t have default value)',
  ],
  [{ items: [null] }, '.items: element 0: associative list with keys may not have a null element'],
  [
    { count: 'a', text: 1 },
    'errors:\n  .count: expected numeric (int or float), got string\n  .text: expected string, got &value.valueUnstructured{Value:1}',
  ],
  [[], 'expected map, got &{[]}'],
];

describe('configurationError()', () => {
  for (const [value, error] of CASES) {
    it(`says of ${JSON.stringify(value)}: ${error}`, () => assert.equal(configurationError(value, OBJECT), error));
  }
});
