import assert from 'node:assert/strict';
import { bytes, failsWith, fill, fillAtOnce, type OpenStorage, withStorage } from './suite-support.ts';

export function describeWrites(open: OpenStorage): void {
  describeOutcomes(open);
  describeConcurrency(open);
  describeContents(open);
}

function describeOutcomes(open: OpenStorage): void {
  it(
    'starts empty, at revision 0',
    withStorage(open, async (storage) => {
      assert.equal(await storage.revision(), 0);
      assert.deepEqual(await storage.get('/a'), { item: undefined, revision: 0 });
    }),
  );

  it(
    'gives every write the next revision of one counter, whatever the key',
    withStorage(open, async (storage) => {
      assert.equal(await storage.create('/a', bytes('1')), 1);
      assert.equal(await storage.create('/b', bytes('1')), 2);
      assert.equal(await storage.update('/a', bytes('2'), 1), 3);
      assert.equal(await storage.delete('/b', 2), 4);
      assert.equal(await storage.create('/b', bytes('2')), 5);
      assert.equal(await storage.revision(), 5);
    }),
  );

  it(
    'reads back what was written last, with its revision and the revision of the store',
    withStorage(open, async (storage) => {
      await storage.create('/a', bytes('1'));
      await storage.update('/a', bytes('2'), 1);
      await storage.create('/b', bytes('1'));
      const item = { key: '/a', value: bytes('2'), modRevision: 2 };
      assert.deepEqual(await storage.get('/a'), { item, revision: 3 });
      await storage.delete('/a', 2);
      assert.deepEqual(await storage.get('/a'), { item: undefined, revision: 4 });
    }),
  );

  it(
    'refuses to create a key that exists, and to change one that does not',
    withStorage(open, async (storage) => {
      await storage.create('/a', bytes('1'));
      assert.equal((await failsWith('Exists', storage.create('/a', bytes('2')))).key, '/a');
      assert.equal((await failsWith('NotFound', storage.update('/b', bytes('2'), 1))).key, '/b');
      await failsWith('NotFound', storage.delete('/b', 1));
      assert.deepEqual(await storage.get('/a'), {
        item: { key: '/a', value: bytes('1'), modRevision: 1 },
        revision: 1,
      });
    }),
  );

  it(
    'refuses to change a key that another write changed first, and tells the revision that stands there',
    withStorage(open, async (storage) => {
      await storage.create('/a', bytes('1'));
      await storage.update('/a', bytes('2'), 1);
      assert.equal((await failsWith('Conflict', storage.update('/a', bytes('3'), 1))).revision, 2);
      assert.equal((await failsWith('Conflict', storage.delete('/a', 1))).revision, 2);
      assert.equal(await storage.revision(), 2, 'a refused write takes no revision');
    }),
  );
}

function describeConcurrency(open: OpenStorage): void {
  it(
    'lets exactly one of many writers of one key win',
    withStorage(open, async (storage) => {
      const created = await Promise.allSettled(
        Array.from({ length: 50 }, (_, i) => storage.create('/a', bytes(`${i}`))),
      );
      assert.equal(created.filter((result) => result.status === 'fulfilled').length, 1);
      const { item } = await storage.get('/a');
      const updated = await Promise.allSettled(
        Array.from({ length: 50 }, (_, i) => storage.update('/a', bytes(`${i}`), item?.modRevision ?? 0)),
      );
      const winners = updated.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []));
      assert.equal(winners.length, 1);
      assert.equal((await storage.get('/a')).item?.value.toString(), `${winners[0]}`);
    }),
  );

  it(
    'decides concurrent writes in the order they were asked for',
    withStorage(open, async (storage) => {
      const results = await Promise.allSettled([
        storage.create('/a', bytes('1')),
        storage.update('/a', bytes('2'), 1),
        storage.delete('/a', 2),
        storage.update('/a', bytes('3'), 2),
        storage.create('/a', bytes('4')),
      ]);
      const seen = results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason.code));
      assert.deepEqual(seen, [1, 2, 3, 'NotFound', 4]);
    }),
  );

  it(
    'commits thousands of writes at once, each under its own revision',
    withStorage(open, async (storage) => {
      const keys = Array.from({ length: 3000 }, (_, i) => `/many/${i}`);
      const revisions = await fillAtOnce(storage, keys);
      assert.equal(new Set(revisions).size, keys.length);
      assert.equal(Math.max(...revisions), keys.length);
      const { items, revision } = await storage.list('/many/');
      assert.equal(revision, keys.length);
      const written = new Map(keys.map((key, i) => [key, revisions[i]]));
      assert.deepEqual(new Map(items.map((item) => [item.key, item.modRevision])), written);
    }),
  );

  it(
    'waits for writes under way when it is closed, and refuses everything afterwards',
    withStorage(open, async (storage) => {
      const writes = fillAtOnce(storage, ['/a', '/b', '/c']);
      const closed = storage.close();
      assert.deepEqual((await writes).toSorted(), [1, 2, 3]);
      await closed;
      await storage.close();
      await failsWith('Unavailable', storage.create('/d', bytes('1')));
      await failsWith('Unavailable', storage.get('/a'));
      await failsWith('Unavailable', storage.list('/'));
    }),
  );
}

function describeContents(open: OpenStorage): void {
  it(
    'keeps values of any bytes and of any size',
    withStorage(open, async (storage) => {
      const values = [
        Buffer.alloc(0),
        Buffer.from([0]),
        Buffer.from(Array.from({ length: 256 }, (_, i) => 255 - i)),
        Buffer.alloc(5_000, 0xff),
        Buffer.alloc(1_500_000, 'kubets'),
      ];
      for (const [i, value] of values.entries()) await storage.create(`/${i}`, value);
      for (const [i, value] of values.entries()) {
        const { item } = await storage.get(`/${i}`);
        assert.ok(item?.value.equals(value), `value ${i}`);
      }
      const { items } = await storage.list('/');
      assert.ok(items.every((item, i) => item.value.equals(values[i]!)));
    }),
  );

  it(
    'keeps keys of any characters apart',
    withStorage(open, async (storage) => {
      const keys = ['/é', '/e\u0301', '/日本', '/🚢', '/\uffee', '/a b', '/%2F', '/a:b', `/${'x'.repeat(500)}`];
      await fill(storage, keys);
      for (const key of keys) assert.equal((await storage.get(key)).item?.value.toString(), key);
      assert.deepEqual(new Set((await storage.list('/')).items.map((item) => item.key)), new Set(keys));
    }),
  );

  it(
    'refuses a key that is empty or too long, without harm to other writes',
    withStorage(open, async (storage) => {
      const fine = storage.create('/a', bytes('1'));
      await assert.rejects(storage.create('', bytes('1')), RangeError);
      await assert.rejects(storage.create('/'.repeat(10_000), bytes('1')), RangeError);
      assert.equal(await fine, 1);
    }),
  );
}
