import assert from 'node:assert/strict';
import { parseDuration } from './duration.ts';

describe('parseDuration()', () => {
  const cases: [string, number | undefined][] = [
    ['1h', 3_600_000],
    ['1h0m0s', 3_600_000],
    ['1h30m', 5_400_000],
    ['250ms', 250],
    ['1.5s', 1500],
    ['.5s', 500],
    ['-2s', -2000],
    ['0', 0],
    ['', undefined],
    ['5', undefined],
    ['1h5', undefined],
    ['h', undefined],
    ['1 h', undefined],
    ['1d', undefined],
  ];
  for (const [text, ms] of cases)
    it(`reads ${JSON.stringify(text)} as ${ms}`, () => assert.equal(parseDuration(text), ms));
});
