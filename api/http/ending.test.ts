import assert from 'node:assert/strict';
import { Ending } from './ending.ts';

describe('the end of a request', () => {
  it('is told once to each who waits for it, and to nobody who has taken himself back', () => {
    const ending = new Ending();
    const told: string[] = [];
    ending.once(() => told.push('first'));
    ending.once(() => told.push('second'))();
    ending.end('reason');
    ending.end('another');
    assert.deepEqual(told, ['first']);
    assert.equal(ending.reason, 'reason');
    assert.throws(
      () => ending.throwIfOver(),
      (thrown) => thrown === 'reason',
    );
  });

  it('is a signal for who asks before it, and for who asks after', () => {
    const before = new Ending();
    const { signal } = before;
    assert.equal(signal.aborted, false);
    before.end('reason');
    assert.equal(signal.reason, 'reason');
    const after = new Ending();
    after.end('reason');
    assert.equal(after.signal.aborted, true);
    assert.equal(after.signal, after.signal);
  });
});
