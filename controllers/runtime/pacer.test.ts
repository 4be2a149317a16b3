import assert from 'node:assert/strict';
import { FakeClock } from '../../base/fake-clock.ts';
import { Pacer } from './pacer.ts';

describe('Pacer', () => {
  const cases: { tookMs: number; expected: number }[] = [
    { tookMs: 0, expected: 0 },
    { tookMs: 2, expected: 0 },
    { tookMs: 15, expected: 150 },
    { tookMs: 500, expected: 1000 },
  ];
  for (const { tookMs, expected } of cases) {
    it(`asks for a pause of ${expected} ms after a look of ${tookMs} ms`, () => {
      let nowMs = 0;
      const pacer = new Pacer(Object.assign(new FakeClock(), { monotonic: () => nowMs }));
      assert.equal(
        pacer.measure('a', () => {
          nowMs += tookMs;
          return 'done';
        }),
        'done',
      );
      assert.deepEqual([pacer.pauseMs('a'), pacer.pauseMs('b')], [expected, 0]);
      pacer.measure('a', () => undefined);
      assert.equal(pacer.pauseMs('a'), 0, 'the last look counts');
    });
  }
});
