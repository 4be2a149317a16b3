import assert from 'node:assert/strict';
import { FakeClock } from '../../base/fake-clock.ts';
import { Backoff } from './backoff.ts';
import { goDuration } from './names.ts';

describe('Backoff', () => {
  it('doubles from ten seconds to five minutes', async () => {
    const clock = new FakeClock();
    const backoff = new Backoff({ clock });
    const waits: string[] = [];
    for (let i = 0; i < 7; i++) {
      backoff.next('k', clock.now());
      waits.push(goDuration(backoff.delayMs('k')));
      await clock.advance(backoff.delayMs('k'));
    }
    assert.deepEqual(waits, ['10s', '20s', '40s', '1m20s', '2m40s', '5m0s', '5m0s']);
  });

  it('counts the wait from the end of the container', async () => {
    const clock = new FakeClock();
    const backoff = new Backoff({ clock });
    backoff.next('k', clock.now());
    await clock.advance(3000);
    const endedAt = clock.now();
    await clock.advance(4000);
    assert.equal(backoff.remainingMs('k', endedAt), 6000);
    await clock.advance(6000);
    assert.equal(backoff.remainingMs('k', endedAt), 0);
  });

  it('begins anew after ten minutes without a failure', async () => {
    const clock = new FakeClock();
    const backoff = new Backoff({ clock });
    backoff.next('k', clock.now());
    backoff.next('k', clock.now());
    await clock.advance(600_001);
    assert.equal(backoff.remainingMs('k', clock.now()), 0);
    backoff.next('k', clock.now());
    assert.equal(backoff.delayMs('k'), 10_000);
  });

  it('forgets the keys of a pod that is gone', () => {
    const backoff = new Backoff({ clock: new FakeClock() });
    backoff.next('a_1', 0);
    backoff.next('b_1', 0);
    backoff.forget('a_');
    assert.deepEqual([backoff.delayMs('a_1'), backoff.delayMs('b_1')], [0, 10_000]);
  });
});
