/**
 * Objects that vanish some time after they were last written, as upstream's events do by leases of etcd. One expiry
 * follows one resource in the watch cache. Nothing of it is stored: after a restart an object's own times say when it
 * was written.
 */
import type { Clock, Timer } from '../../../base/clock.ts';
import { messageOf } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { type Storage, StorageError } from '../../storage/interface.ts';
import type { CachedObject, CacheEvent, WatchCache } from '../../storage/watch-cache.ts';

export interface ExpiringResource {
  /** For example `/registry/events/`. */
  prefix: string;
  ttlSeconds: number;
}

export interface ExpiryOptions {
  storage: Storage;
  cache: WatchCache;
  clock: Clock;
  log: Log;
  resources: readonly ExpiringResource[];
}

/** Deletions under way at a time; they share a commit. */
const BATCH = 100;
/** Looks at what is due are at least this far apart, so that a stream of objects does not mean a stream of looks. */
const PAUSE_MS = 1_000;
const RETRY_MS = 1_000;

/** Deletes what is past its time, from now until `stop`, which resolves when nothing is left running. */
export function startExpiry({ resources, ...dependencies }: ExpiryOptions): { stop(): Promise<void> } {
  const running = resources.map((resource) => new Expiry(dependencies, resource));
  return {
    async stop() {
      await Promise.all(running.map((expiry) => expiry.stop()));
    },
  };
}

class Expiry {
  readonly #dependencies: Omit<ExpiryOptions, 'resources'>;
  readonly #prefix: string;
  readonly #ttlMs: number;
  readonly #abort = new AbortController();
  /** Key → when it is due. In order of time, for what is written again moves to the end. */
  readonly #due = new Map<string, number>();
  readonly #following: Promise<void>;
  #timer: Timer | undefined;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(dependencies: Omit<ExpiryOptions, 'resources'>, { prefix, ttlSeconds }: ExpiringResource) {
    this.#dependencies = dependencies;
    this.#prefix = prefix;
    this.#ttlMs = ttlSeconds * 1000;
    this.#following = this.#follow();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#timer?.cancel();
    await this.#following;
    await this.#sweeping;
  }

  async #follow(): Promise<void> {
    const { cache, clock, log } = this.#dependencies;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        const { items, revision } = cache.list(this.#prefix);
        this.#load(items);
        for await (const { events } of cache.watch(this.#prefix, revision, signal)) this.#note(events);
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ prefix: this.#prefix, error: messageOf(error) }, 'the watch for expiry broke off');
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
    }
  }

  /** What is there already: due by when it was written as far as that can be known, and no later than what is new. */
  #load(items: readonly CachedObject[]): void {
    const now = this.#dependencies.clock.now();
    const due = items.map(({ key, object }): [string, number] => {
      const known = this.#due.get(key);
      return [key, known ?? Math.min(lastWritten(object), now) + this.#ttlMs];
    });
    this.#due.clear();
    for (const [key, at] of due.sort((a, b) => a[1] - b[1])) this.#due.set(key, at);
    this.#schedule();
  }

  #note(events: readonly CacheEvent[]): void {
    const at = this.#dependencies.clock.now() + this.#ttlMs;
    for (const { type, object } of events) {
      this.#due.delete(object.key);
      if (type === 'put') this.#due.set(object.key, at);
    }
    this.#schedule();
  }

  #schedule(afterMs = PAUSE_MS): void {
    const { clock } = this.#dependencies;
    const [first] = this.#due.values();
    if (this.#timer || first === undefined || this.#abort.signal.aborted) return;
    this.#timer = clock.after(Math.max(first - clock.now(), afterMs), () => {
      this.#sweeping = this.#sweep();
    });
  }

  async #sweep(): Promise<void> {
    let pause = PAUSE_MS;
    try {
      for (let batch = this.#dueNow(); batch.length > 0; batch = this.#dueNow()) {
        await Promise.all(batch.map(([key, at]) => this.#expire(key, at)));
        if (this.#abort.signal.aborted) return;
      }
    } catch (error) {
      pause = RETRY_MS;
      const { log } = this.#dependencies;
      log.warn({ prefix: this.#prefix, error: messageOf(error) }, 'deleting what has expired failed');
    } finally {
      this.#timer = undefined;
    }
    this.#schedule(pause);
  }

  #dueNow(): [string, number][] {
    const now = this.#dependencies.clock.now();
    const batch: [string, number][] = [];
    for (const [key, at] of this.#due) {
      if (at > now || batch.length === BATCH) break;
      batch.push([key, at]);
    }
    return batch;
  }

  /** Deletes the object unless it was written meanwhile: then the watch brings its new time. */
  async #expire(key: string, at: number): Promise<void> {
    const { storage, cache } = this.#dependencies;
    const found = cache.get(key);
    try {
      if (found) await storage.delete(key, found.revision);
    } catch (error) {
      if (!(error instanceof StorageError) || (error.code !== 'NotFound' && error.code !== 'Conflict')) throw error;
    }
    if (this.#due.get(key) === at) this.#due.delete(key);
  }
}

/** When the object was last written, as far as it says itself; in ms since the epoch. */
function lastWritten(object: KubeObject): number {
  const { creationTimestamp, managedFields = [] } = object.metadata ?? {};
  // An event that comes again is updated at its `lastTimestamp`.
  const { lastTimestamp } = object as { lastTimestamp?: unknown };
  const times = [creationTimestamp, lastTimestamp, ...managedFields.map(({ time }) => time)];
  return Math.max(0, ...times.map((time) => (typeof time === 'string' ? Date.parse(time) || 0 : 0)));
}
