/** What the tests of the watch cache share. */
import assert from 'node:assert/strict';
import { FakeClock } from '../../base/fake-clock.ts';
import { silentLog } from '../../base/log.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { type Storage, StorageError, type StorageErrorCode } from './interface.ts';
import { MemoryStorage } from './memory.ts';
import { type CacheBatch, type CacheEvent, encodeStored, WatchCache, type WatchCacheOptions } from './watch-cache.ts';

export interface Pod extends KubeObject {
  spec?: { nodeName?: string };
}

export const PODS = '/registry/pods/';
export const podKey = (name: string, namespace = 'default') => `${PODS}${namespace}/${name}`;

export function pod(name: string, { labels, node }: { labels?: Record<string, string>; node?: string } = {}): Pod {
  const metadata = { name, namespace: 'default', ...(labels ? { labels } : {}) };
  return { kind: 'Pod', apiVersion: 'v1', metadata, spec: node ? { nodeName: node } : {} };
}

export const pods = {
  prefix: PODS,
  fields: (object: KubeObject): Record<string, string> => ({ 'spec.nodeName': (object as Pod).spec?.nodeName ?? '' }),
};

export interface Fixture {
  storage: Storage;
  clock: FakeClock;
  cache: WatchCache;
  put(name: string, options?: Parameters<typeof pod>[1]): Promise<number>;
}

/** A test with a cache over a memory store, which is filled by `before`. */
export function withCache(
  test: (fixture: Fixture) => Promise<void>,
  options: Partial<WatchCacheOptions> = {},
  before: (storage: Storage) => Promise<unknown> = async () => undefined,
) {
  return async () => {
    const storage = options.storage ?? new MemoryStorage();
    const clock = new FakeClock();
    await before(storage);
    const cache = await WatchCache.start({ storage, clock, log: silentLog, resources: [pods], ...options });
    const put = (name: string, as: Parameters<typeof pod>[1] = {}) =>
      storage.create(podKey(name), encodeStored(pod(name, as)));
    try {
      await test({ storage, clock, cache, put });
    } finally {
      await cache.stop();
      assert.equal(clock.timers, 0, 'no timer is left');
      assert.equal(cache.watchers, 0, 'no watcher is left');
      await storage.close();
    }
  };
}

export const fails = (code: StorageErrorCode) => (error: unknown) =>
  error instanceof StorageError && error.code === code;

const describeEvents = (events: readonly CacheEvent[]) =>
  events.map(
    (event) => `${event.type} ${event.object.object.metadata?.name}@${event.object.object.metadata?.resourceVersion}`,
  );

/** Follows a watch in the background. */
export function follow(cache: WatchCache, prefix: string, after: number) {
  const abort = new AbortController();
  const batches: CacheBatch[] = [];
  const ended = (async () => {
    for await (const batch of cache.watch(prefix, after, abort.signal)) batches.push(batch);
  })();
  const events = () => describeEvents(batches.flatMap((batch) => batch.events));
  return { batches, events, ended, end: () => abort.abort() };
}
