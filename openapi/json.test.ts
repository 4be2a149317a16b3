import assert from 'node:assert/strict';
import { cloneJson, jsonText } from './json.ts';

describe('cloneJson()', () => {
  it('shares nothing with what it copies, whatever its keys are called', () => {
    const original = JSON.parse('{"a":[1,{"b":null}],"__proto__":{"c":true},"toString":"x"}');
    const copy = cloneJson(original);
    assert.deepEqual(JSON.stringify(copy), JSON.stringify(original));
    copy.a[1].b = 2;
    assert.equal(original.a[1].b, null);
    assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  });
});

describe('JSON as Go reads it', () => {
  it('has the limits of int64 to the last digit, and nothing else changed', () => {
    const text =
      '{"a":9223372036854775807,"b":[-9223372036854775808,1.5],"c":"9223372036854776000 \\" 9223372036854776000"}';
    assert.equal(jsonText(JSON.parse(text)), text);
    assert.equal(jsonText({ a: 9007199254740991, b: 'x' }), '{"a":9007199254740991,"b":"x"}');
    assert.equal(jsonText({ a: 2 ** 63 }, 1), '{\n "a": 9223372036854775807\n}');
  });
});
