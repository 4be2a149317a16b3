import assert from 'node:assert/strict';
import { compareKeys } from './keys.ts';

describe('compareKeys', () => {
  it('orders as the bytes of UTF-8 do', () => {
    const keys = [
      '',
      '/',
      '/a',
      '/a-b',
      '/a/b',
      '/a0',
      '/aé',
      '/b',
      '/\u07ff',
      '/\ud7ff',
      '/\ue000',
      '/\uffff',
      '/🚢',
      '/🚢a',
    ];
    for (const [i, a] of keys.entries()) {
      for (const [j, b] of keys.entries()) {
        assert.equal(Math.sign(compareKeys(a, b)), Math.sign(i - j), `${a} and ${b}`);
        assert.equal(Math.sign(compareKeys(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }
    }
  });
});
