import assert from 'node:assert/strict';
import { settle } from '../../base/fake-clock.ts';
import { StorageError } from './interface.ts';
import { MemoryStorage } from './memory.ts';
import { fails, follow, PODS, pod, podKey, withCache } from './watch-cache.fixture.ts';
import { encodeStored } from './watch-cache.ts';

describe('WatchCache.watch', () => {
  it(
    'delivers what came after a revision, then what comes, under its prefix',
    withCache(async ({ cache, storage, put }) => {
      await put('a');
      await put('b');
      const watch = follow(cache, PODS, 1);
      await storage.create('/registry/nodes/n', encodeStored(pod('n')));
      await put('c');
      await storage.update(podKey('a'), encodeStored(pod('a', { node: 'n1' })), 1);
      await storage.delete(podKey('a'), 5);
      await settle();
      assert.deepEqual(watch.events(), ['put b@2', 'put c@4', 'put a@5', 'delete a@6']);
      const [update, deletion] = watch.batches.flatMap((batch) => batch.events).slice(-2);
      assert.equal(update?.previous?.revision, 1);
      assert.equal(deletion?.previous?.revision, 5);
      assert.equal(deletion?.object.fields['spec.nodeName'], 'n1', 'a deletion tells the last state');
      watch.end();
      await watch.ended;
    }),
  );

  it(
    'gives watchers of one prefix the same batch, and one batch to who comes late',
    withCache(async ({ cache, put }) => {
      const [one, two] = [follow(cache, PODS, 0), follow(cache, PODS, 0)];
      const abort = new AbortController();
      const slow = cache.watch(PODS, 0, abort.signal)[Symbol.asyncIterator]();
      await put('a');
      await settle();
      await put('b');
      await settle();
      assert.equal(one.batches.length, 2);
      assert.ok(one.batches.every((batch, i) => batch === two.batches[i]));
      const late = await slow.next();
      assert.deepEqual([late.value.events.length, late.value.revision], [2, 2]);
      abort.abort();
      one.end();
      two.end();
    }),
  );

  it(
    'delivers, to who asks for the value of a field, what has it or had it',
    withCache(async ({ cache, storage, put }) => {
      await put('a');
      await put('b', { node: 'n1' });
      const abort = new AbortController();
      const on = (node: string) => {
        const fields = [
          { field: 'metadata.namespace', value: 'other', equal: false },
          { field: 'spec.nodeName', value: node, equal: true },
        ];
        const seen: string[] = [];
        const ended = (async () => {
          for await (const { events } of cache.watch(PODS, 0, abort.signal, undefined, fields)) {
            seen.push(
              ...events.map(({ type, object }) => `${type} ${object.key.slice(PODS.length)}@${object.revision}`),
            );
          }
        })();
        return { seen, ended };
      };
      const [none, one, two] = [on(''), on('n1'), on('n2')];
      await storage.update(podKey('a'), encodeStored(pod('a', { node: 'n1' })), 1);
      await storage.update(podKey('a'), encodeStored(pod('a', { node: 'n1', labels: { a: 'b' } })), 3);
      await storage.delete(podKey('b'), 2);
      await put('c', { node: 'n3' });
      await settle();
      assert.deepEqual(none.seen, ['put default/a@1', 'put default/a@3']);
      assert.deepEqual(one.seen, ['put default/b@2', 'put default/a@3', 'put default/a@4', 'delete default/b@5']);
      assert.deepEqual(two.seen, []);
      abort.abort();
      await Promise.all([none.ended, one.ended, two.ended]);
    }),
  );

  it(
    'delivers one event to watchers of everything, of its resource and of its namespace, and to no others',
    withCache(async ({ cache, put }) => {
      const prefixes = ['/registry/', PODS, `${PODS}default/`, `${PODS}defaul/`, '/registry/nodes/'];
      const watches = prefixes.map((prefix) => follow(cache, prefix, 0));
      assert.equal(cache.watchers, 5);
      await put('a');
      await settle();
      assert.deepEqual(
        watches.map((watch) => watch.events().length),
        [1, 1, 1, 0, 0],
      );
      assert.throws(() => cache.watch('/registry/pods', 0, new AbortController().signal), RangeError);
      for (const watch of watches) watch.end();
      await Promise.all(watches.map(({ ended }) => ended));
    }),
  );

  it(
    'gives nothing to who has left already',
    withCache(async ({ cache, put }) => {
      await put('a');
      const watch = cache.watch(PODS, 0, AbortSignal.abort())[Symbol.asyncIterator]();
      assert.equal((await watch.next()).done, true);
      assert.equal(cache.watchers, 0);
    }),
  );

  it(
    'ends a watcher that leaves too many bytes waiting, and says so before it comes for more',
    withCache(async ({ cache, storage }) => {
      let ended = 0;
      const { signal } = new AbortController();
      const slow = cache.watch(PODS, 0, signal, () => ended++)[Symbol.asyncIterator]();
      const quick = follow(cache, PODS, 0);
      const value = encodeStored({
        ...pod('large'),
        metadata: { name: 'large', annotations: { x: 'x'.repeat(4 << 20) } },
      });
      for (let i = 0; i < 7; i++) await storage.create(podKey(`large-${i}`), value);
      assert.equal(ended, 0);
      await storage.create(podKey('large-7'), value);
      assert.equal(ended, 1);
      await assert.rejects(slow.next(), fails('Unavailable'));
      await settle();
      assert.equal(quick.events().length, 8);
      quick.end();
    }),
  );

  it(
    'reports progress now and then while only others are written',
    withCache(async ({ cache, clock, storage }) => {
      const watch = follow(cache, PODS, 0);
      await storage.create('/registry/nodes/a', encodeStored(pod('a')));
      await storage.create('/registry/nodes/b', encodeStored(pod('b')));
      assert.deepEqual(watch.batches, []);
      await clock.advance(1_000);
      assert.deepEqual(watch.batches, [{ events: [], revision: 2 }]);
      await clock.advance(10_000);
      assert.equal(watch.batches.length, 1);
      watch.end();
    }),
  );

  it(
    'refuses a revision that the window no longer reaches',
    withCache(
      async ({ cache, put }) => {
        for (let i = 0; i < 12; i++) await put(`p${i}`);
        const signal = new AbortController().signal;
        assert.throws(() => cache.watch(PODS, 1, signal), fails('Compacted'));
        const watch = follow(cache, PODS, 6);
        await settle();
        assert.equal(watch.events().length, 6);
        watch.end();
      },
      { historyLimit: 10 },
    ),
  );

  it(
    'refuses a revision from before it was loaded',
    withCache(
      async ({ cache }) => assert.throws(() => cache.watch(PODS, 0, new AbortController().signal), fails('Compacted')),
      {},
      (storage) => storage.create(podKey('a'), encodeStored(pod('a'))),
    ),
  );

  it(
    'ends a consumer that lags too far behind, and no other',
    withCache(
      async ({ cache, put }) => {
        const abort = new AbortController();
        const slow = cache.watch(PODS, 0, abort.signal)[Symbol.asyncIterator]();
        const quick = follow(cache, PODS, 0);
        for (let i = 0; i < 6; i++) await put(`p${i}`);
        await settle();
        await assert.rejects(slow.next(), fails('Unavailable'));
        assert.equal((await slow.next()).done, true);
        assert.equal(quick.events().length, 6);
        assert.equal(cache.watchers, 1);
        quick.end();
      },
      { queueLimit: 5 },
    ),
  );

  it(
    'waits for what is after a revision still to come',
    withCache(async ({ cache, put }) => {
      const watch = follow(cache, PODS, 2);
      await Promise.all(['a', 'b', 'c'].map((name) => put(name)));
      await settle();
      assert.deepEqual(watch.events(), ['put c@3']);
      watch.end();
    }),
  );

  it(
    'ends with an error when the cache stops',
    withCache(async ({ cache }) => {
      const watch = follow(cache, PODS, 0);
      const failed = assert.rejects(watch.ended, fails('Unavailable'));
      await cache.stop();
      await failed;
      assert.throws(() => cache.watch(PODS, 0, new AbortController().signal), fails('Unavailable'));
    }),
  );
});

describe('WatchCache after an interruption', () => {
  it('goes on where it was', async () => {
    const storage = new InterruptedStorage();
    await withCache(
      async ({ cache, clock, put }) => {
        const watch = follow(cache, PODS, 0);
        await put('a');
        storage.interrupt();
        await settle();
        await put('b');
        await put('c');
        assert.equal(cache.revision, 1);
        await clock.advance(1_000);
        assert.deepEqual(watch.events(), ['put a@1', 'put b@2', 'put c@3']);
        watch.end();
      },
      { storage },
    )();
  });

  it('loads again when history is gone, and ends the watches that would have a gap', async () => {
    const storage = new InterruptedStorage();
    await withCache(
      async ({ cache, clock, put }) => {
        await put('a');
        await put('b');
        const kept = cache.get(podKey('a'));
        const failed = assert.rejects(follow(cache, PODS, 2).ended, fails('Unavailable'));
        storage.interrupt();
        await settle();
        await storage.delete(podKey('b'), 2);
        await put('c');
        await storage.compact(4);
        await clock.advance(2_000);
        await failed;
        assert.deepEqual(
          cache.list(PODS).items.map((item) => item.key),
          [podKey('a'), podKey('c')],
        );
        assert.equal(cache.get(podKey('a')), kept, 'what did not change is kept');
        assert.throws(() => cache.watch(PODS, 2, new AbortController().signal), fails('Compacted'));
        await put('d');
        await cache.waitFor(5);
      },
      { storage },
    )();
  });
});

/** A store whose watches can be broken off. */
class InterruptedStorage extends MemoryStorage {
  #broken = new AbortController();

  interrupt(): void {
    this.#broken.abort();
    this.#broken = new AbortController();
  }

  override async *watch(prefix: string, after: number, signal: AbortSignal) {
    const broken = this.#broken.signal;
    yield* super.watch(prefix, after, AbortSignal.any([signal, broken]));
    if (!signal.aborted) throw new StorageError('Unavailable', '', 'the connection is lost');
  }
}
