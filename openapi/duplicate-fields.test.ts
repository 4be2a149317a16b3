import assert from 'node:assert/strict';
import { duplicateFields } from './duplicate-fields.ts';

describe('duplicateFields', () => {
  const cases: [string, string[]][] = [
    ['{}', []],
    ['[1,"a",{}]', []],
    ['{"a":1,"b":{"a":1}}', []],
    ['{"a":"{\\"a\\":1,\\"a\\":2}"}', []],
    ['{"a":"x","b":"a","c":["a","a"]}', []],
    ['{"a":1,"a":2,"a":3}', ['duplicate field "a"']],
    ['{"a":1,"\\u0061":2}', ['duplicate field "a"']],
    ['{"spec":{"containers":[{"name":"a"},{"name":"b","name":"c"}]}}', ['duplicate field "spec.containers[1].name"']],
    ['{"l":[[{"x":1}],[{"y":{"z":1,"z":1}}]]}', ['duplicate field "l[1][0].y.z"']],
    ['{"a":{"b":1},"a":{"b":1,"b":2}}', ['duplicate field "a"', 'duplicate field "a.b"']],
    ['{"b":1,"a":2,"a":1,"b":1}', ['duplicate field "a"', 'duplicate field "b"']],
  ];
  for (const [text, expected] of cases) {
    it(`finds ${expected.length} in ${text}`, () => assert.deepEqual(duplicateFields(text), expected));
  }

  it('stops at a hundred', () => {
    const fields = Array.from({ length: 300 }, (_, i) => `"f${i}":1,"f${i}":1`);
    assert.equal(duplicateFields(`{${fields}}`).length, 100);
  });

  it('copes with any depth and length', () => {
    assert.deepEqual(duplicateFields(`${'['.repeat(200_000)}${']'.repeat(200_000)}`), []);
    assert.deepEqual(duplicateFields(`{"a":"${'x'.repeat(3_000_000)}"}`), []);
  });
});
