import assert from 'node:assert/strict';
import { utf8Text, withoutLoneSurrogates } from './utf8.ts';

describe('text from bytes', () => {
  const cases: [title: string, bytes: string, text: string][] = [
    ['nothing', '', ''],
    ['good UTF-8', Buffer.from('aé☃🙂').toString('hex'), 'aé☃🙂'],
    ['a byte order mark', 'efbbbf61', '\ufeffa'],
    ['bytes that never occur', '61fffe62', 'a\ufffd\ufffdb'],
    ['an overlong form', 'c080', '\ufffd\ufffd'],
    ['a surrogate', '61eda08062', 'a\ufffd\ufffd\ufffdb'],
    ['what is beyond Unicode', 'f490808061', '\ufffd\ufffd\ufffd\ufffda'],
    ['a character that is cut off', '61e282', 'a\ufffd\ufffd'],
    ['a character that is cut short', 'e28261', '\ufffd\ufffda'],
    ['a good one after a bad one', '80e29883', '\ufffd☃'],
  ];
  for (const [title, bytes, text] of cases) {
    it(`has U+FFFD for each byte too many: ${title}`, () => assert.equal(utf8Text(Buffer.from(bytes, 'hex')), text));
  }
});

describe('JSON without lone surrogates', () => {
  const cases: [title: string, json: string, value: string][] = [
    ['none', '"a\\n\\u00e9"', 'a\né'],
    ['a pair', '"\\ud83d\\ude42"', '🙂'],
    ['a high one alone', '"a\\uD800b"', 'a\ufffdb'],
    ['a low one alone', '"\\udc00"', '\ufffd'],
    ['two high ones', '"\\ud83d\\ud83d\\ude42"', '\ufffd🙂'],
    ['the wrong way round', '"\\ude42\\ud83d"', '\ufffd\ufffd'],
    ['no escape at all', '"\\\\ud800"', '\\ud800'],
  ];
  for (const [title, json, value] of cases) {
    it(`reads ${title}`, () => assert.equal(JSON.parse(withoutLoneSurrogates(json)), value));
  }
});
