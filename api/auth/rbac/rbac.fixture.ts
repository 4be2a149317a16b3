/** For tests: an RBAC authorizer over a store of its own. */
import { FakeClock } from '../../../base/fake-clock.ts';
import { silentLog } from '../../../base/log.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { MemoryStorage } from '../../storage/memory.ts';
import { encodeStored, WatchCache } from '../../storage/watch-cache.ts';
import { Rbac } from './rbac.ts';

export interface RbacFixture {
  rbac: Rbac;
  /** Stores an object under `/registry/KEY`, and resolves once the cache has it. */
  put(key: string, object: KubeObject): Promise<void>;
  remove(key: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startRbac(): Promise<RbacFixture> {
  const storage = new MemoryStorage();
  const cache = await WatchCache.start({ storage, clock: new FakeClock(), log: silentLog, resources: [] });
  const rbac = new Rbac(cache, silentLog);
  const settle = async (revision: number) => {
    await cache.waitFor(revision);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    rbac,
    async put(key, object) {
      const path = `/registry/${key}`;
      const bytes = encodeStored(object);
      const known = cache.get(path);
      await settle(await (known ? storage.update(path, bytes, known.revision) : storage.create(path, bytes)));
    },
    async remove(key) {
      const path = `/registry/${key}`;
      await settle(await storage.delete(path, cache.get(path)?.revision ?? 0));
    },
    async stop() {
      await rbac.stop();
      await cache.stop();
      await storage.close();
    },
  };
}
