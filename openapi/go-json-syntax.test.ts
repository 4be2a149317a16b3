import assert from 'node:assert/strict';
import { goJsonSyntaxError } from './go-json-syntax.ts';

const END = 'unexpected end of JSON input';

describe('goJsonSyntaxError()', () => {
  const cases: [text: string, message: string | undefined][] = [
    ['', END],
    ['{', END],
    ['{"a":', END],
    ['{"a":"b', END],
    ['[1,', END],
    ['-', END],
    ['{a: 1}', "invalid character 'a' looking for beginning of object key string"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
    ['[1 2]', "invalid character '2' after array element"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['{"a":1} trailing', "invalid character 't' after top-level value"],
    ['metadata: x', "invalid character 'm' looking for beginning of value"],
    ["'a'", "invalid character '\\'' looking for beginning of value"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['trve', "invalid character 'v' in literal true (expecting 'u')"],
    ['-a', "invalid character 'a' in numeric literal"],
    ['1.a', "invalid character 'a' after decimal point in numeric literal"],
    ['1ex', "invalid character 'x' in exponent of numeric literal"],
    ['01', "invalid character '1' after top-level value"],
    ['\u00e9', "invalid character 'Ã' looking for beginning of value"],
    ['{"a":[1,-2.5e+3,true,false,null,"\\u00e9\\n",{},[]]} ', undefined],
  ];
  for (const [text, message] of cases) {
    it(`says of ${JSON.stringify(text)}: ${message ?? 'nothing'}`, () =>
      assert.equal(goJsonSyntaxError(Buffer.from(text)), message));
  }

  it('is not brought down by nesting', () => {
    assert.equal(goJsonSyntaxError(Buffer.from('{"a":['.repeat(100_000))), END);
  });
});
