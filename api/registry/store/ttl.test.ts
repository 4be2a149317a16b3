import assert from 'node:assert/strict';
import { rfc3339 } from '../../../base/clock.ts';
import { settle } from '../../../base/fake-clock.ts';
import { silentLog } from '../../../base/log.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { encodeStored } from '../../storage/watch-cache.ts';
import { configMap, copyOf, type Fixture, NAMESPACE, until, WRITE, withRegistry } from './store.fixture.ts';
import { startExpiry } from './ttl.ts';

const PREFIX = '/registry/configmaps/';
const TTL_SECONDS = 60;

interface Expiring extends Fixture {
  start(): { stop(): Promise<void> };
  names(): string[];
  create(name: string): Promise<void>;
}

/** A test in which config maps live for a minute. */
const withExpiry = (test: (fixture: Expiring) => Promise<void>) =>
  withRegistry(async (fixture) => {
    const { storage, cache, clock, store } = fixture;
    const running: { stop(): Promise<void> }[] = [];
    const start = () => {
      const resources = [{ prefix: PREFIX, ttlSeconds: TTL_SECONDS }];
      const expiry = startExpiry({ storage, cache, clock, log: silentLog, resources });
      running.push(expiry);
      return expiry;
    };
    const names = () => cache.list(PREFIX).items.map(({ object }) => object.metadata?.name ?? '');
    const create = async (name: string) => void (await store('configmaps').create(NAMESPACE, configMap(name), WRITE));
    try {
      await test({ ...fixture, start, names, create });
    } finally {
      await Promise.all(running.map((expiry) => expiry.stop()));
    }
  });

describe('expiry', () => {
  it(
    'deletes what was written long enough ago, and nothing before',
    withExpiry(async ({ start, clock, names, create }) => {
      start();
      await create('a');
      await clock.advance(30_000);
      await create('b');
      await clock.advance(29_000);
      assert.deepEqual(names(), ['a', 'b']);
      await clock.advance(2_000);
      assert.deepEqual(names(), ['b']);
      await clock.advance(30_000);
      assert.deepEqual(names(), []);
    }),
  );

  it(
    'counts from the last write',
    withExpiry(async ({ start, clock, names, create, store }) => {
      start();
      await create('a');
      await clock.advance(50_000);
      await store('configmaps').update(
        NAMESPACE,
        'a',
        (old) => ({ ...copyOf(old ?? {}), data: { changed: 'yes' } }) as KubeObject,
        WRITE,
      );
      await clock.advance(50_000);
      assert.deepEqual(names(), ['a']);
      await clock.advance(11_000);
      assert.deepEqual(names(), []);
    }),
  );

  it(
    'leaves other resources alone',
    withExpiry(async ({ start, clock, store, cache }) => {
      start();
      await store('secrets').create(NAMESPACE, { metadata: { name: 's' } }, WRITE);
      await clock.advance(1_000_000);
      assert.equal(cache.list('/registry/secrets/').items.length, 1);
    }),
  );

  it(
    'goes on after a restart where it was, by the times that objects carry',
    withExpiry(async ({ start, clock, names, create }) => {
      await create('old');
      await clock.advance(40_000);
      await create('young');
      const first = start();
      await settle();
      await first.stop();
      start();
      await clock.advance(19_000);
      assert.deepEqual(names(), ['old', 'young']);
      await clock.advance(2_000);
      assert.deepEqual(names(), ['young']);
      await clock.advance(40_000);
      assert.deepEqual(names(), []);
    }),
  );

  it(
    'takes an event’s own time for its last write, but not one to come',
    withExpiry(async ({ start, clock, names, storage }) => {
      const stored = (name: string, lastTimestamp: string) => {
        const creationTimestamp = rfc3339(clock.now() - 50_000);
        const object = { metadata: { name, namespace: NAMESPACE, creationTimestamp }, lastTimestamp };
        return storage.create(`${PREFIX}${NAMESPACE}/${name}`, encodeStored(object));
      };
      await stored('again', rfc3339(clock.now() - 20_000));
      await stored('once', '');
      await stored('future', '2999-01-01T00:00:00Z');
      await settle();
      start();
      await clock.advance(11_000);
      assert.deepEqual(names(), ['again', 'future']);
      await clock.advance(30_000);
      assert.deepEqual(names(), ['future']);
      await clock.advance(20_000);
      assert.deepEqual(names(), []);
    }),
  );

  it(
    'deletes thousands, a batch at a time',
    withExpiry(async ({ start, clock, names, create, storage }) => {
      start();
      for (let i = 0; i < 250; i++) await create(`c${i}`);
      let underWay = 0;
      let most = 0;
      storage.gate = async () => {
        most = Math.max(most, ++underWay);
        await settle();
        underWay--;
      };
      await clock.advance(61_000);
      await until(() => names().length === 0, 'all are deleted');
      assert.equal(most, 100);
    }),
  );

  it(
    'tries again when the store could not write',
    withExpiry(async ({ start, clock, names, create, storage }) => {
      start();
      await create('a');
      const repair = storage.broken();
      await clock.advance(70_000);
      assert.deepEqual(names(), ['a']);
      repair();
      await clock.advance(2_000);
      assert.deepEqual(names(), []);
    }),
  );

  it(
    'lets go of nothing that was written at the last moment',
    withExpiry(async ({ start, clock, names, create, store, storage }) => {
      start();
      await create('a');
      let raced: Promise<unknown> | undefined;
      storage.gate = async (operation) => {
        if (operation !== 'delete' || raced) return;
        raced = store('configmaps').update(
          NAMESPACE,
          'a',
          (old) => ({ ...copyOf(old ?? {}), data: { changed: 'yes' } }) as KubeObject,
          WRITE,
        );
        await raced;
      };
      await clock.advance(62_000);
      assert.ok(raced);
      assert.deepEqual(names(), ['a']);
      await clock.advance(61_000);
      assert.deepEqual(names(), []);
    }),
  );

  it(
    'leaves no timer when it stops',
    withExpiry(async ({ start, create, clock }) => {
      const expiry = start();
      await create('a');
      await settle();
      assert.ok(clock.timers > 0);
      await expiry.stop();
      // That of the cache's reports of progress may still be set.
      await clock.advance(10_000);
      assert.equal(clock.timers, 0);
    }),
  );
});
