import assert from 'node:assert/strict';
import { settle } from '../../base/fake-clock.ts';
import { type Storage, StorageError } from './interface.ts';
import { MemoryStorage } from './memory.ts';
import { readHistory } from './read-history.ts';
import { fails, follow, PODS, pod, podKey, withCache } from './watch-cache.fixture.ts';
import { encodeStored, type WatchCache } from './watch-cache.ts';

/** Revisions 1 to 5, all before there is a cache. */
async function past(storage: Storage): Promise<void> {
  await storage.create(podKey('a'), encodeStored(pod('a', { node: 'n1' })));
  await storage.create(podKey('b'), encodeStored(pod('b')));
  await storage.create('/registry/nodes/n', encodeStored(pod('n')));
  await storage.update(podKey('a'), encodeStored(pod('a', { node: 'n2' })), 1);
  await storage.delete(podKey('a'), 4);
}

async function follows(cache: WatchCache, after: number, events: string[]): Promise<void> {
  const watch = follow(cache, PODS, after);
  await settle();
  assert.deepEqual(watch.events(), events);
  watch.end();
  await watch.ended;
}

describe('WatchCache.reachBack', () => {
  it(
    'lets a watch go on after a revision from before the process began',
    withCache(
      async ({ cache, put }) => {
        assert.throws(() => cache.watch(PODS, 1, new AbortController().signal), fails('Compacted'));
        await cache.reachBack(1);
        const watch = follow(cache, PODS, 1);
        await put('c');
        await settle();
        assert.deepEqual(watch.events(), ['put b@2', 'put a@4', 'delete a@5', 'put c@6']);
        const [, update, deletion] = watch.batches.flatMap((batch) => batch.events);
        assert.equal(update?.previous?.revision, 1);
        assert.equal(update?.previous?.fields['spec.nodeName'], 'n1');
        assert.equal(deletion?.previous?.revision, 4);
        assert.equal(deletion?.object.fields['spec.nodeName'], 'n2', 'a deletion tells the last state');
        watch.end();
        await watch.ended;
      },
      {},
      past,
    ),
  );

  it(
    'tells of what was overwritten by something unreadable as gone',
    withCache(
      async ({ cache }) => {
        await cache.reachBack(5);
        await follows(cache, 5, ['delete b@6']);
      },
      {},
      async (storage) => {
        await past(storage);
        await storage.update(podKey('b'), Buffer.from('{'), 2);
      },
    ),
  );

  it(
    'reads nothing twice, whoever asks at once',
    withCache(
      async ({ cache }) => {
        await Promise.all([cache.reachBack(3), cache.reachBack(0), cache.reachBack(2), cache.reachBack(3)]);
        assert.equal(cache.reachBack(0), undefined, 'it is there');
        const [all, some] = [follow(cache, PODS, 0), follow(cache, PODS, 3)];
        await settle();
        assert.deepEqual(all.events(), ['put a@1', 'put b@2', 'put a@4', 'delete a@5']);
        assert.deepEqual(some.events(), ['put a@4', 'delete a@5']);
        all.end();
        some.end();
      },
      {},
      past,
    ),
  );

  it(
    'gives up where history has been compacted',
    withCache(
      async ({ cache }) => {
        await cache.reachBack(1);
        assert.throws(() => cache.watch(PODS, 1, new AbortController().signal), fails('Compacted'));
        await cache.reachBack(3);
        await follows(cache, 3, ['put a@4', 'delete a@5']);
      },
      {},
      async (storage) => {
        await past(storage);
        await storage.compact(3);
      },
    ),
  );

  it(
    'keeps no more events than it may',
    withCache(
      async ({ cache }) => {
        assert.equal(cache.reachBack(1), undefined);
        assert.throws(() => cache.watch(PODS, 1, new AbortController().signal), fails('Compacted'));
        await cache.reachBack(2);
        await follows(cache, 2, ['put a@4', 'delete a@5']);
      },
      { historyLimit: 3 },
      past,
    ),
  );
});

describe('readHistory', () => {
  const signal = new AbortController().signal;

  it('stops where it is told', async () => {
    const storage = new MemoryStorage();
    await past(storage);
    const events = await readHistory(storage, PODS, { after: 1, upTo: 4 }, signal);
    assert.deepEqual(
      events?.map(({ revision }) => revision),
      [2, 4],
    );
    await storage.close();
  });

  it('says nothing rather than half of it when the signal aborts', async () => {
    const storage = new MemoryStorage();
    await past(storage);
    const abort = new AbortController();
    const reading = readHistory(storage, PODS, { after: 1, upTo: 9 }, abort.signal);
    await settle();
    abort.abort();
    assert.equal(await reading, undefined);
    await storage.close();
  });

  it('passes on what storage throws', async () => {
    const storage = new MemoryStorage();
    await storage.close();
    const reading = readHistory(storage, PODS, { after: 0, upTo: 1 }, signal);
    await assert.rejects(reading, (error) => error instanceof StorageError && error.code === 'Unavailable');
  });
});
