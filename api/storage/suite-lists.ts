import assert from 'node:assert/strict';
import type { ListResult, Storage } from './interface.ts';
import { bytes, failsWith, fill, first, type OpenStorage, withStorage } from './suite-support.ts';

export function describeLists(open: OpenStorage): void {
  describeOrder(open);
  describePages(open);
}

const keysOf = (result: ListResult) => result.items.map((item) => item.key);

function describeOrder(open: OpenStorage): void {
  it(
    'lists in the byte order of keys',
    withStorage(open, async (storage) => {
      // U+1F6A2 comes after U+FFEE in UTF-8, and before it in UTF-16.
      const ordered = ['/A', '/a', '/a-b', '/a/b', '/a0', '/aa', '/b', '/é', '/日', '/\uffee', '/🚢'];
      await fill(storage, ordered.toReversed());
      const result = await storage.list('/');
      assert.deepEqual(keysOf(result), ordered);
      assert.equal(result.revision, ordered.length);
      assert.equal(result.next, undefined);
      assert.equal(result.remaining, 0);
    }),
  );

  it(
    'lists what has the prefix and nothing beside it',
    withStorage(open, async (storage) => {
      await fill(storage, ['/pods', '/pods/a', '/pods/b/c', '/pods0', '/podsx/a', '/pod/a', '/q', '/🚢a', '/🚢b']);
      assert.deepEqual(keysOf(await storage.list('/pods/')), ['/pods/a', '/pods/b/c']);
      assert.deepEqual(keysOf(await storage.list('/pods')), ['/pods', '/pods/a', '/pods/b/c', '/pods0', '/podsx/a']);
      assert.deepEqual(keysOf(await storage.list('/🚢')), ['/🚢a', '/🚢b']);
      assert.deepEqual(keysOf(await storage.list('/none/')), []);
      assert.equal((await storage.list('')).items.length, 9);
    }),
  );
}

function describePages(open: OpenStorage): void {
  const keys = Array.from({ length: 10 }, (_, i) => `/p/${i}`);

  it(
    'pages through a list by limit and from, and tells what remains',
    withStorage(open, async (storage) => {
      await fill(storage, [...keys, '/a', '/z']);
      const page = await storage.list('/p/', { limit: 4 });
      assert.deepEqual(keysOf(page), keys.slice(0, 4));
      assert.deepEqual([page.next, page.remaining], [keys[4], 6]);
      assert.deepEqual(await storage.list('/p/', { limit: 4, uncounted: true }), { ...page, remaining: 0 });
      const second = await storage.list('/p/', { limit: 4, from: keys[4]! });
      assert.deepEqual(keysOf(second), keys.slice(4, 8));
      assert.deepEqual([second.next, second.remaining], [keys[8], 2]);
      const last = await storage.list('/p/', { limit: 4, from: keys[8]! });
      assert.deepEqual(keysOf(last), keys.slice(8));
      assert.deepEqual([last.next, last.remaining], [undefined, 0]);
    }),
  );

  it(
    'has no next page when the limit is just met, and no limit when it is 0',
    withStorage(open, async (storage) => {
      await fill(storage, keys);
      for (const limit of [keys.length, 0]) {
        const page = await storage.list('/p/', { limit });
        assert.deepEqual([page.items.length, page.next, page.remaining], [10, undefined, 0]);
      }
    }),
  );

  it(
    'begins at the next key when from has gone',
    withStorage(open, async (storage) => {
      await fill(storage, keys);
      assert.deepEqual(keysOf(await storage.list('/p/', { from: '/p/44', limit: 2 })), ['/p/5', '/p/6']);
    }),
  );

  it(
    'lists as of an old revision, after later puts and deletions',
    withStorage(open, async (storage) => {
      await fill(storage, ['/p/a', '/p/c', '/p/e', '/q/a']);
      const before = await storage.list('/p/');
      await churn(storage);
      assert.deepEqual(await storage.list('/p/', { revision: before.revision }), before);
      assert.deepEqual(keysOf(await storage.list('/p/')), ['/p/b', '/p/c', '/p/e', '/p/f']);
      assert.deepEqual(keysOf(await storage.list('/p/', { revision: 0 })), []);
      assert.deepEqual(keysOf(await storage.list('/p/', { revision: 1 })).length, 1);
    }),
  );

  it(
    'pages through an old revision as if nothing had happened since',
    withStorage(open, async (storage) => {
      await fill(storage, ['/p/a', '/p/c', '/p/e', '/q/a']);
      const before = await storage.list('/p/');
      const page = await storage.list('/p/', { limit: 1 });
      await churn(storage);
      const seen = [...page.items];
      for (let next = page.next, left = page.remaining; next; ) {
        const more = await storage.list('/p/', { limit: 1, from: next, revision: page.revision });
        seen.push(first(more.items));
        assert.deepEqual([more.revision, more.remaining], [page.revision, --left]);
        next = more.next;
      }
      assert.deepEqual(seen, before.items);
    }),
  );

  it(
    'refuses to list a revision that is still to come',
    withStorage(open, async (storage) => {
      await fill(storage, keys);
      await failsWith('Unavailable', storage.list('/p/', { revision: 11 }));
    }),
  );
}

/** Changes one key, removes one, removes and makes again another, adds two. */
async function churn(storage: Storage): Promise<void> {
  const revision = async (key: string) => (await storage.get(key)).item?.modRevision ?? 0;
  await storage.update('/p/c', bytes('changed'), await revision('/p/c'));
  await storage.update('/p/c', bytes('changed again'), await revision('/p/c'));
  await storage.delete('/p/a', await revision('/p/a'));
  await storage.delete('/p/e', await revision('/p/e'));
  await storage.create('/p/e', bytes('new'));
  await fill(storage, ['/p/b', '/p/f', '/q/b']);
}
