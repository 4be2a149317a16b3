import assert from 'node:assert/strict';
import { bytes, collectUntil, describeEvent, failsWith, fill, type OpenStorage, withStorage } from './suite-support.ts';

export function describeHistory(open: OpenStorage): void {
  it(
    'forgets history up to a compaction, and says so to watches and lists from before',
    withStorage(open, async (storage) => {
      await fill(storage, ['/a', '/b', '/c', '/d']);
      await storage.compact(2);
      for (const revision of [0, 1]) {
        assert.equal((await failsWith('Compacted', collectUntil(storage, '/', revision, 4))).revision, 2);
        assert.equal((await failsWith('Compacted', storage.list('/', { revision }))).revision, 2);
      }
    }),
  );

  it(
    'keeps what is current, and history after the compaction',
    withStorage(open, async (storage) => {
      await fill(storage, ['/a', '/b']);
      await storage.update('/a', bytes('2'), 1);
      await storage.delete('/b', 2);
      await storage.compact(3);
      assert.equal((await storage.get('/a')).item?.modRevision, 3);
      assert.deepEqual(
        (await storage.list('/', { revision: 3 })).items.map((item) => `${item.key}=${item.value}`),
        ['/a=2', '/b=/b'],
      );
      assert.deepEqual((await collectUntil(storage, '/', 3, 4)).map(describeEvent), ['delete /b@4</b@2']);
    }),
  );

  it(
    'takes a compaction again or of the future for one of what there is, and goes on counting',
    withStorage(open, async (storage) => {
      await fill(storage, ['/a', '/b', '/c']);
      await storage.compact(2);
      await storage.compact(1);
      assert.equal((await storage.list('/', { revision: 2 })).items.length, 2);
      await storage.compact(1_000);
      assert.equal((await failsWith('Compacted', storage.list('/', { revision: 2 }))).revision, 3);
      assert.equal(await storage.create('/d', bytes('1')), 4);
      assert.equal((await collectUntil(storage, '/', 3, 4)).length, 1);
    }),
  );

  it(
    'does not disturb a watch that is up to date',
    withStorage(open, async (storage) => {
      const events = collectUntil(storage, '/', 0, 3);
      await fill(storage, ['/a', '/b']);
      await storage.compact(2);
      await storage.create('/c', bytes('1'));
      assert.equal((await events).length, 3);
    }),
  );
}
