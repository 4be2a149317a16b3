/** What a server does once it answers: storing the objects that every cluster has, without anybody waiting. */
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import type { ResourceStore, WriteContext } from '../registry/store/store.ts';

/** The server's own name when it writes. */
export const SYSTEM: WriteContext = { user: 'system:apiserver', groups: ['system:masters'], dryRun: false };

/** Stores an object unless there is one of its name. Whether it did. */
export async function ensureStored(store: ResourceStore, object: KubeObject): Promise<boolean> {
  const { namespace = '', name = '' } = object.metadata ?? {};
  if (store.cache.get(store.key(namespace, name))) return false;
  // Requests come first: each object waits for what is under way.
  await new Promise((resolve) => setImmediate(resolve));
  try {
    await store.create(namespace, structuredClone(object), SYSTEM);
    return true;
  } catch (error) {
    if (!isStatus(error, 'AlreadyExists')) throw error;
    return false;
  }
}

/** Ends what a hook has left running; resolves when nothing of it is. */
export type Finish = () => Promise<void>;

export interface Hook {
  name: string;
  /** Resolves when its work is done, with how to end what goes on after it. */
  run(signal: AbortSignal): Promise<Finish | undefined>;
}

/**
 * Runs hooks in order, after what is under way has had its turn. A hook that fails is logged and holds nothing up.
 * Resolves with how to end what they have left running.
 */
export async function runHooks(hooks: readonly Hook[], log: Log, signal: AbortSignal): Promise<Finish> {
  const finishers: Finish[] = [];
  await new Promise((resolve) => setImmediate(resolve));
  for (const { name, run } of hooks) {
    if (signal.aborted) break;
    try {
      const finish = await run(signal);
      if (finish) finishers.push(finish);
    } catch (error) {
      if (!signal.aborted) log.error({ hook: name, error: messageOf(error) }, 'api: a post-start hook failed');
    }
  }
  return async () => {
    await Promise.all(finishers.map((finish) => finish()));
  };
}
