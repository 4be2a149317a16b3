import assert from 'node:assert/strict';
import { FakeClock } from '../../base/fake-clock.ts';
import { seededRandom } from '../../base/random.ts';
import { DueTimes } from './due-times.ts';

describe('Due times', () => {
  let clock: FakeClock;
  let seen: string[];
  let due: DueTimes;

  beforeEach(() => {
    clock = new FakeClock(0);
    seen = [];
    due = new DueTimes(clock, (key) => seen.push(key));
  });

  it('come up in their order, whatever the order they were set in, on one timer', async () => {
    const random = seededRandom(1);
    const times = Array.from({ length: 500 }, () => 1 + Math.floor(random.next() * 1000));
    for (const [index, at] of times.entries()) due.set(`k${index}`, at);
    assert.equal(clock.timers, 1);
    await clock.advance(500);
    const until = times.filter((at) => at <= 500).length;
    assert.equal(seen.length, until);
    await clock.advance(500);
    const order = seen.map((key) => times[Number(key.slice(1))] ?? 0);
    assert.deepEqual(
      order,
      [...times].sort((a, b) => a - b),
    );
    assert.equal(due.size, 0);
    assert.equal(clock.timers, 0);
  });

  it('count once a key: the last time that was set', async () => {
    due.set('later', 10);
    due.set('later', 30);
    due.set('sooner', 40);
    due.set('sooner', 20);
    due.set('never', 15);
    due.delete('never');
    await clock.advance(25);
    assert.deepEqual(seen, ['sooner']);
    await clock.advance(100);
    assert.deepEqual(seen, ['sooner', 'later']);
  });

  it('may be set again while they come up', async () => {
    due = new DueTimes(clock, (key) => {
      seen.push(key);
      if (seen.length < 3) due.set(key, clock.now() + 10);
    });
    due.set('again', 10);
    await clock.advance(100);
    assert.deepEqual(seen, ['again', 'again', 'again']);
  });

  it('come up together where they need not be on the dot', async () => {
    due = new DueTimes(clock, (key) => seen.push(`${key} at ${clock.now()}`), 100);
    for (const at of [110, 150, 200, 201]) due.set(String(at), at);
    await clock.advance(1000);
    assert.deepEqual(seen, ['110 at 200', '150 at 200', '200 at 200', '201 at 300']);
  });

  it('may be months away', async () => {
    const waits: number[] = [];
    const after = clock.after.bind(clock);
    clock.after = (ms, callback) => {
      waits.push(ms);
      return after(ms, callback);
    };
    due.set('far', 5e9);
    await clock.advance(5e9 - 1);
    assert.deepEqual(seen, []);
    await clock.advance(1);
    assert.deepEqual(seen, ['far']);
    assert.ok(Math.max(...waits) < 2 ** 31, 'no timer can wait longer');
  });

  it('leave no timer when they are closed', () => {
    due.set('a', 10);
    due.close();
    due.set('b', 10);
    assert.equal(clock.timers, 0);
  });
});
