import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { settle } from '../../base/fake-clock.ts';
import { silentLog } from '../../base/log.ts';
import { parseFieldSelector, parseLabelSelector } from '../../openapi/selectors.ts';
import { fails, follow, PODS, type Pod, pod, podKey, pods, withCache } from './watch-cache.fixture.ts';
import { encodeStored } from './watch-cache.ts';

describe('WatchCache', () => {
  it(
    'loads what is stored before it starts, with many objects in several pages',
    withCache(
      async ({ cache }) => {
        assert.equal(cache.list(PODS).items.length, 2_500);
        assert.equal(cache.revision, 2_500);
        assert.equal(cache.get(podKey('web-0007'))?.object.metadata?.resourceVersion, '8');
      },
      {},
      async (storage) => {
        const names = Array.from({ length: 2_500 }, (_, i) => `web-${String(i).padStart(4, '0')}`);
        await Promise.all(names.map((name) => storage.create(podKey(name), encodeStored(pod(name)))));
      },
    ),
  );

  it(
    'has a write before the write is acknowledged, as the bytes that are served',
    withCache(async ({ cache, storage, put }) => {
      const created = await put('web');
      assert.equal(cache.revision, created);
      assert.equal(
        cache.get(podKey('web'))?.bytes.toString(),
        '{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"1","name":"web","namespace":"default"},"spec":{}}',
      );
      await storage.update(podKey('web'), encodeStored(pod('web', { node: 'a' })), created);
      assert.equal(cache.get(podKey('web'))?.revision, 2);
      await storage.delete(podKey('web'), 2);
      assert.equal(cache.get(podKey('web')), undefined);
    }),
  );

  it(
    'lists in key order, a namespace without its neighbours, page by page',
    withCache(async ({ cache, storage }) => {
      const keys = [podKey('a'), podKey('b'), podKey('c'), podKey('a', 'default-2'), '/registry/nodes/a'];
      await Promise.all(keys.toReversed().map((key) => storage.create(key, encodeStored(pod('x')))));
      const names = (prefix: string) => cache.list(prefix).items.map((item) => item.key);
      assert.deepEqual(names(`${PODS}default/`), keys.slice(0, 3));
      assert.deepEqual(names(PODS), [keys[3], ...keys.slice(0, 3)]);
      const page = cache.list(`${PODS}default/`, { limit: 2 });
      assert.deepEqual([page.items.length, page.next, page.remaining, page.revision], [2, keys[2], 1, 5]);
      const rest = cache.list(`${PODS}default/`, { limit: 2, from: keys[2]! });
      assert.deepEqual([rest.items.map((item) => item.key), rest.next, rest.remaining], [[keys[2]], undefined, 0]);
    }),
  );

  it(
    'selects by labels and fields, also across pages',
    withCache(async ({ cache, put }) => {
      for (let i = 0; i < 6; i++) await put(`p${i}`, { labels: { odd: String(i % 2) }, node: i < 4 ? 'n1' : 'n2' });
      const select = (labels: string, fields: string, limit = 0) =>
        cache.list(PODS, { labels: parseLabelSelector(labels), fields: parseFieldSelector(fields), limit });
      const names = (...args: Parameters<typeof select>) => select(...args).items.map((item) => item.key.at(-1));
      assert.deepEqual(names('odd=1', ''), ['1', '3', '5']);
      assert.deepEqual(names('odd=1', 'spec.nodeName=n1'), ['1', '3']);
      assert.deepEqual(names('', 'metadata.name=p2'), ['2']);
      assert.deepEqual(names('', 'metadata.namespace!=default'), []);
      assert.equal(select('odd=1', '', 2).next, podKey('p5'));
      assert.equal(select('odd=1', '', 3).next, undefined);
    }),
  );

  it(
    'indexes the fields of a resource that is added later',
    withCache(
      async ({ cache, put }) => {
        await put('web', { node: 'n1' });
        const fields = parseFieldSelector('spec.nodeName=n1');
        assert.equal(cache.list(PODS, { fields }).items.length, 0);
        await cache.addResource(pods);
        assert.equal(cache.list(PODS, { fields }).items.length, 1);
        await put('db', { node: 'n1' });
        assert.equal(cache.list(PODS, { fields }).items.length, 2);
        const watch = follow(cache, PODS, cache.revision);
        cache.removeResource(PODS);
        await watch.ended;
        await put('other', { node: 'n1' });
        assert.equal(cache.list(PODS, { fields }).items.length, 2);
      },
      { resources: [] },
    ),
  );
});

describe('WatchCache objects', () => {
  it(
    'are not held as objects once nobody uses them',
    withCache(
      async ({ cache, put }) => {
        await put('written');
        for (const name of ['loaded', 'written']) {
          const use = () => new WeakRef(cache.get(podKey(name))?.object ?? {});
          const used = use();
          for (let i = 0; used.deref() && i < 20; i++) {
            await settle();
            collectGarbage();
          }
          assert.equal(used.deref(), undefined, name);
          assert.equal(cache.get(podKey(name))?.object.metadata?.name, name);
        }
      },
      {},
      (storage) => storage.create(podKey('loaded'), encodeStored(pod('loaded'))),
    ),
  );

  it(
    'are not parsed to be written, selected or served when the writer hands them over',
    withCache(async ({ cache, storage }) => {
      const mine = pod('web', { node: 'n1', labels: { a: 'b' } });
      const parsed = await countParses(async () => {
        const stored = encodeStored(mine);
        cache.remember(stored, mine);
        await storage.create(podKey('web'), stored);
        const fields = parseFieldSelector('spec.nodeName=n1');
        const { items } = cache.list(PODS, { labels: parseLabelSelector('a=b'), fields });
        assert.equal(items.length, 1);
        assert.ok(items[0]?.bytes);
        assert.ok(items[0]?.object);
      });
      assert.equal(parsed, 0);
    }),
  );

  it(
    'are parsed once for all readers, as long as one holds them',
    withCache(
      async ({ cache }) => {
        const item = cache.get(podKey('web'));
        const object = item?.object;
        assert.ok(object);
        assert.equal(item?.object, object);
      },
      {},
      (storage) => storage.create(podKey('web'), encodeStored(pod('web'))),
    ),
  );

  it(
    'are the writer’s own where it hands them over, with the resourceVersion in a copy',
    withCache(async ({ cache, storage }) => {
      const mine = pod('web', { node: 'n1' });
      const stored = encodeStored(mine);
      cache.remember(stored, mine);
      await storage.create(podKey('web'), stored);
      const object = cache.get(podKey('web'))?.object as Pod;
      assert.equal(object.spec, mine.spec);
      assert.equal(object.metadata?.resourceVersion, '1');
      assert.equal(mine.metadata?.resourceVersion, undefined);
    }),
  );

  it(
    'are frozen to the bottom when asked, whether parsed or handed over',
    withCache(
      async ({ cache, storage, put }) => {
        await put('parsed', { labels: { a: 'b' }, node: 'n1' });
        const mine = pod('handed-over', { node: 'n1' });
        const stored = encodeStored(mine);
        cache.remember(stored, mine);
        await storage.create(podKey('handed-over'), stored);
        for (const { object } of cache.list(PODS).items) {
          assert.throws(() => Object.assign(object, { kind: 'x' }), TypeError);
          assert.throws(() => Object.assign((object as Pod).spec ?? {}, { nodeName: 'x' }), TypeError);
        }
        const labels = cache.get(podKey('parsed'))?.object.metadata?.labels ?? {};
        assert.throws(() => Object.assign(labels, { a: 'x' }), TypeError);
      },
      { freeze: true },
    ),
  );

  it(
    'that nobody can read are left out and said to the log, and do not stop the others',
    (() => {
      const errors: object[] = [];
      const log = { ...silentLog, error: (fields: object) => void errors.push(fields) };
      return withCache(
        async ({ cache, storage, put }) => {
          assert.equal(errors.length, 1);
          assert.match(JSON.stringify(errors[0]), /default\/bad.*not JSON/);
          await put('web');
          const watch = follow(cache, PODS, cache.revision);
          await storage.update(podKey('web'), Buffer.from('worse'), 2);
          await put('next');
          await settle();
          assert.equal(cache.get(podKey('web')), undefined);
          assert.deepEqual(watch.events(), ['delete web@3', 'put next@4']);
          assert.equal(errors.length, 2);
          watch.end();
        },
        { log },
        (storage) => storage.create(podKey('bad'), Buffer.from('k8s\0')),
      );
    })(),
  );
});

describe('WatchCache.waitFor', () => {
  it(
    'resolves when the revision is in the cache, at once when it is already',
    withCache(async ({ cache, put }) => {
      let reached = false;
      const waiting = cache.waitFor(2).then(() => {
        reached = true;
      });
      await put('a');
      await settle();
      assert.equal(reached, false);
      await put('b');
      await waiting;
      await cache.waitFor(1);
    }),
  );

  it(
    'rejects when the signal aborts, and when the cache stops',
    withCache(async ({ cache }) => {
      const reason = new Error('enough');
      const abort = new AbortController();
      const waiting = cache.waitFor(5, abort.signal);
      abort.abort(reason);
      await assert.rejects(waiting, reason);
      const stopped = assert.rejects(cache.waitFor(5), fails('Unavailable'));
      await cache.stop();
      await stopped;
      await assert.rejects(cache.waitFor(5), fails('Unavailable'));
    }),
  );
});

/** How often JSON was parsed meanwhile. */
async function countParses(during: () => Promise<void>): Promise<number> {
  const { parse } = JSON;
  let count = 0;
  JSON.parse = (...args) => {
    count++;
    return parse(...args);
  };
  try {
    await during();
  } finally {
    JSON.parse = parse;
  }
  return count;
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}
