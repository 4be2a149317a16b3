import assert from 'node:assert/strict';
import { settle } from '../base/fake-clock.ts';
import { Slots } from './slots.ts';

describe('slots', () => {
  it('let so many work at a time, the others in order, and say when nobody waits any more', async () => {
    let eased = 0;
    const slots = new Slots(2, () => eased++);
    const finish: (() => void)[] = [];
    const done: number[] = [];
    const results = [0, 1, 2, 3].map((i) =>
      slots.run(async () => {
        await new Promise<void>((resolve) => finish.push(resolve));
        done.push(i);
        if (i === 2) throw new Error('no');
        return i;
      }),
    );
    const settled = Promise.allSettled(results);
    await settle();
    assert.equal(finish.length, 2);
    assert.equal(slots.crowded, true);
    for (let i = 0; i < 4; i++) {
      finish[i]?.();
      await settle();
      assert.equal(eased, i < 1 ? 0 : 1);
    }
    assert.deepEqual(done, [0, 1, 2, 3]);
    assert.deepEqual(
      (await settled).map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
    );
    assert.equal(slots.crowded, false);
  });
});
