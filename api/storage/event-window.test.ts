import assert from 'node:assert/strict';
import { EventWindow } from './event-window.ts';
import { CachedObject, type CacheEvent } from './watch-cache.ts';

function eventAt(revision: number, size: number): CacheEvent {
  const stored = Buffer.from(JSON.stringify({ metadata: { name: 'a' }, data: 'x'.repeat(size) }));
  return { type: 'put', revision, object: new CachedObject('/registry/a', revision, stored, () => ({})) };
}

describe('EventWindow', () => {
  it('keeps the newest events, up to its limit', () => {
    const window = new EventWindow(10, 0);
    for (let revision = 1; revision <= 100; revision++) {
      window.add([eventAt(revision, 1)]);
      const kept = revision - window.floor;
      assert.ok(kept <= 10 && kept >= Math.min(revision, 9), `${kept} kept at ${revision}`);
      assert.equal(window.since('/registry/', window.floor).length, kept);
    }
  });

  it('keeps fewer when they are large', () => {
    const window = new EventWindow(1_000, 0, 100_000);
    for (let revision = 1; revision <= 100; revision++) {
      window.add([eventAt(revision, 9_900)]);
      const kept = window.since('/registry/', window.floor);
      assert.equal(kept.length, revision - window.floor);
      const bytes = kept.reduce((sum, { object }) => sum + object.bytes.length, 0);
      assert.ok(bytes <= 100_000 && (revision < 10 || bytes > 75_000), `${bytes} bytes kept at ${revision}`);
    }
  });

  it('lets go of an event that is too large by itself', () => {
    const window = new EventWindow(10, 0, 1_000);
    window.add([eventAt(1, 5_000)]);
    assert.equal(window.floor, 1);
    assert.deepEqual(window.since('/registry/', 1), []);
  });

  it('takes in what came before, the newest of it that has room', () => {
    const window = new EventWindow(100, 20, 100_000);
    window.add([eventAt(21, 9_900)]);
    assert.equal(window.hasRoomFor(0), true);
    const past = Array.from({ length: 20 }, (_, i) => eventAt(i + 1, 9_900));
    window.reachBack(past.slice(16), 16);
    assert.equal(window.floor, 16);
    window.reachBack(past.slice(0, 16), 0);
    assert.ok(window.floor > 10 && window.floor < 14, `floor ${window.floor}`);
    assert.equal(window.hasRoomFor(0), false, 'it is not read again');
    assert.deepEqual(
      window.since('/registry/', window.floor).map(({ revision }) => revision),
      Array.from({ length: 21 - window.floor }, (_, i) => window.floor + 1 + i),
    );
  });
});
