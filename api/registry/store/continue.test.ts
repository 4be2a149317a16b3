import assert from 'node:assert/strict';
import { decodeContinue, encodeContinue } from './continue.ts';

const raw = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('continue tokens', () => {
  it('come back as they went', () => {
    const token = { revision: 42, start: 'default/wéb' };
    assert.deepEqual(decodeContinue(encodeContinue(token)), token);
  });

  const bad: [string, string][] = [
    ['no JSON', 'zzz'],
    ['another version', raw({ v: 'v9', rv: 1, start: 'a' })],
    ['no revision', raw({ v: 'meta.k8s.io/v1', start: 'a' })],
    ['no start', raw({ v: 'meta.k8s.io/v1', rv: 1 })],
    ['a start that climbs out of the resource', raw({ v: 'meta.k8s.io/v1', rv: 1, start: '../secrets/a' })],
    ['a start that is a folder', raw({ v: 'meta.k8s.io/v1', rv: 1, start: 'a/' })],
    ['an empty start', raw({ v: 'meta.k8s.io/v1', rv: 1, start: '' })],
    ['null', raw(null)],
  ];
  for (const [token, message] of [
    ['x', 'illegal base64 data at input byte 0'],
    ['ab?d', 'illegal base64 data at input byte 2'],
    ['abcde', 'illegal base64 data at input byte 4'],
    ['YQ', "invalid character 'a' looking for beginning of value"],
  ] as const) {
    it(`are refused in Go's words: ${token}`, () => {
      const whole = `invalid continue token: continue key is not valid: ${message}`;
      assert.throws(() => decodeContinue(token), { code: 400, message: whole });
    });
  }
  for (const [title, token] of bad) {
    it(`are refused with 400: ${title}`, () => {
      assert.throws(() => decodeContinue(token), { code: 400, message: /^invalid continue token: / });
    });
  }
});
