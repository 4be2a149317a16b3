/** What the tests of the store and of the verbs share: a registry of the core kinds over a memory store. */
import assert from 'node:assert/strict';
import { FakeClock, settle } from '../../../base/fake-clock.ts';
import { silentLog } from '../../../base/log.ts';
import { seededRandom } from '../../../base/random.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { isStatus } from '../../../openapi/status.ts';
import { type Storage, StorageError } from '../../storage/interface.ts';
import { MemoryStorage } from '../../storage/memory.ts';
import { CachedObject, WatchCache } from '../../storage/watch-cache.ts';
import type { Admission } from '../admission/admission.ts';
import { namespaceLifecycle } from '../admission/namespace-lifecycle.ts';
import { ipAllocator } from '../allocators/ip-allocator.ts';
import { portAllocator } from '../allocators/port-allocator.ts';
import { coreResources } from '../core/index.ts';
import { Registry } from '../registry.ts';
import { type ResourceStore, type Stored, storagePrefix } from './store.ts';

export const WRITE = { user: 'tester', dryRun: false };
export const DRY_RUN = { user: 'tester', dryRun: true };
export const NAMESPACE = 'test';

/** As loose as what comes over the wire. */
export interface Loose extends KubeObject {
  spec?: unknown;
  status?: unknown;
  data?: Record<string, string>;
}

type Operation = 'create' | 'update' | 'delete';

/** A memory store whose writes a test can hold up, or let fail. */
export class GatedStorage extends MemoryStorage {
  /** Asked before each write goes on to the store; what it throws is what the writer gets. */
  gate: (operation: Operation, key: string) => void | Promise<void> = () => undefined;

  override async create(key: string, value: Buffer): Promise<number> {
    await this.gate('create', key);
    return super.create(key, value);
  }

  override async update(key: string, value: Buffer, expected: number): Promise<number> {
    await this.gate('update', key);
    return super.update(key, value, expected);
  }

  override async delete(key: string, expected: number): Promise<number> {
    await this.gate('delete', key);
    return super.delete(key, expected);
  }

  /** Makes the writes fail, as when the disk is full, until the function that comes back is called. */
  broken(): () => void {
    this.gate = () => {
      throw new StorageError('Unavailable', '', 'cannot write to the store');
    };
    return () => {
      this.gate = () => undefined;
    };
  }
}

export interface Fixture {
  registry: Registry;
  storage: GatedStorage;
  cache: WatchCache;
  clock: FakeClock;
  /** The store of a core resource. */
  store(plural: string): ResourceStore;
}

export interface FixtureOptions {
  clusterIpRange?: string;
  nodePortRange?: string;
  /** Of the cache's window. */
  historyLimit?: number;
  /** Events a watcher may lag behind. */
  queueLimit?: number;
  admission?: (cache: WatchCache, clock: FakeClock) => Admission[];
}

/** A test with a registry, and a namespace `test` in it. Checks that nothing is left behind. */
export function withRegistry(test: (fixture: Fixture) => Promise<void>, options: FixtureOptions = {}) {
  return async () => {
    const clock = new FakeClock();
    const storage = new GatedStorage();
    const random = seededRandom(1);
    const declarations = coreResources({
      clusterIPs: ipAllocator(options.clusterIpRange ?? '10.96.0.0/24', random),
      nodePorts: portAllocator(options.nodePortRange ?? '30000-30099', random),
      describe: () => '',
    });
    const cache = await WatchCache.start({
      storage,
      clock,
      log: silentLog,
      freeze: true,
      ...(options.historyLimit ? { historyLimit: options.historyLimit } : {}),
      ...(options.queueLimit ? { queueLimit: options.queueLimit } : {}),
      resources: declarations.map((each) => ({ prefix: storagePrefix(each), fields: each.fields ?? (() => ({})) })),
    });
    const admission = options.admission?.(cache, clock) ?? [namespaceLifecycle(cache)];
    const registry = new Registry({ storage, cache, clock, random, admission }, declarations);
    const store = (plural: string): ResourceStore => registry.store('', 'v1', plural);
    try {
      await store('namespaces').create('', { metadata: { name: NAMESPACE } }, WRITE);
      await test({ registry, storage, cache, clock, store });
    } finally {
      await cache.stop();
      assert.equal(clock.timers, 0, 'no timer is left');
      assert.equal(cache.watchers, 0, 'no watcher is left');
      await (storage as Storage).close();
    }
  };
}

/** The object in either form. */
export function plain(stored: Stored): Loose {
  return stored instanceof CachedObject ? stored.object : stored;
}

/** A copy that a test may change. */
export function copyOf(stored: Stored): Loose {
  return structuredClone(plain(stored));
}

export const configMap = (name: string, data: Record<string, string> = {}): Loose => ({ metadata: { name }, data });

/** Whether an error is the `Status` that is expected. */
export const refusedAs = (reason: string, message?: RegExp) => (error: unknown) => {
  assert.ok(isStatus(error, reason), `not ${reason}: ${error}`);
  if (message) assert.match(error.message, message);
  return true;
};

/** Waits until `condition` holds, letting everything else run meanwhile. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 1_000; i++) {
    if (condition()) return;
    await settle();
  }
  assert.fail(`never happened: ${what}`);
}
