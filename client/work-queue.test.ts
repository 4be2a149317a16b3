import assert from 'node:assert/strict';
import { FakeClock } from '../base/fake-clock.ts';
import { WorkQueue } from './work-queue.ts';

describe('WorkQueue', () => {
  let clock: FakeClock;
  let queue: WorkQueue;
  beforeEach(() => {
    clock = new FakeClock();
    queue = new WorkQueue({ clock });
  });

  it('hands out keys in the order in which they were added', async () => {
    for (const key of ['a', 'b', 'c']) queue.add(key);
    assert.deepEqual([await queue.get(), await queue.get(), await queue.get()], ['a', 'b', 'c']);
  });

  it('holds a key once however often it is added before it comes out', async () => {
    queue.add('a');
    queue.add('a');
    assert.equal(queue.length, 1);
    assert.equal(await queue.get(), 'a');
    assert.equal(queue.length, 0);
  });

  it('keeps a key that a worker has from other workers until it is done', async () => {
    queue.add('a');
    await queue.get();
    queue.add('a');
    queue.add('a');
    assert.equal(queue.length, 0);
    queue.done('a');
    assert.equal(queue.length, 1);
    assert.equal(await queue.get(), 'a');
    queue.done('a');
    assert.equal(queue.length, 0);
  });

  it('gives a key to a worker that already waits', async () => {
    const waiting = queue.get();
    queue.add('a');
    assert.equal(await waiting, 'a');
    assert.equal(queue.length, 0);
  });

  it('adds a key after its delay, the shortest of several', async () => {
    queue.addAfter('a', 1000);
    queue.addAfter('a', 100);
    queue.addAfter('a', 500);
    await clock.advance(99);
    assert.equal(queue.length, 0);
    await clock.advance(1);
    assert.equal(queue.length, 1);
    await queue.get();
    queue.done('a');
    await clock.advance(2000);
    assert.equal(queue.length, 0, 'the longer delays were given up');
  });

  it('adds a key at once when the delay is not positive', () => {
    queue.addAfter('a', 0);
    assert.equal(queue.length, 1);
    assert.equal(clock.timers, 0);
  });

  it('doubles the delay of each retry up to the greatest, until the key is forgotten', () => {
    const limited = new WorkQueue({ clock, baseDelayMs: 10, maxDelayMs: 50 });
    assert.deepEqual(
      [1, 2, 3, 4, 5].map(() => limited.addRateLimited('a')),
      [10, 20, 40, 50, 50],
    );
    assert.equal(limited.failures('a'), 5);
    assert.equal(limited.addRateLimited('b'), 10, 'keys do not share delays');
    limited.forget('a');
    assert.equal(limited.addRateLimited('a'), 10);
    limited.close();
  });

  it('starts retries at 5 ms and stops growing at 1000 s', () => {
    assert.equal(queue.addRateLimited('a'), 5);
    for (let i = 0; i < 40; i++) queue.addRateLimited('a');
    assert.equal(queue.addRateLimited('a'), 1_000_000);
  });

  it('is idle only when nothing waits, is worked on, or is delayed', async () => {
    assert.equal(queue.idle, true);
    queue.add('a');
    assert.equal(queue.idle, false);
    await queue.get();
    assert.equal(queue.idle, false);
    queue.done('a');
    assert.equal(queue.idle, true);
    queue.addAfter('a', 10);
    assert.equal(queue.idle, false);
    queue.close();
    assert.equal(queue.idle, true);
  });

  it('lets waiting workers go, takes no more keys and leaves no timer when it closes', async () => {
    const waiting = [queue.get(), queue.get()];
    queue.addAfter('a', 10);
    queue.close();
    assert.deepEqual(await Promise.all(waiting), [undefined, undefined]);
    queue.add('b');
    queue.addAfter('c', 10);
    queue.addRateLimited('d');
    assert.equal(queue.length, 0);
    assert.equal(clock.timers, 0);
    assert.equal(await queue.get(), undefined);
  });

  it('does not bring back a key that was added while a worker had it when it closed', async () => {
    queue.add('a');
    await queue.get();
    queue.add('a');
    queue.close();
    queue.done('a');
    assert.equal(queue.length, 0);
  });
});
