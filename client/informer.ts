/**
 * A local, eventually consistent copy of one resource, kept by list and watch, as client-go's SharedIndexInformer.
 * Objects in it are shared: never mutate them.
 */
import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { type KubeObject, keyOf } from '../openapi/object.ts';
import { isStatus, type Status, StatusError } from '../openapi/status.ts';
import type { WatchEvent } from '../openapi/transport.ts';
import type { ResourceClient } from './client.ts';

/** Called after the copy has changed, in order, synchronously; must not throw and must not block. */
export interface InformerHandler<T> {
  added?(object: T): void;
  updated?(object: T, old: T): void;
  /** `object` is the last state that was seen; a deletion missed while the watch was down is found by the next list. */
  deleted?(object: T): void;
}

export interface InformerOptions {
  clock: Clock;
  random: Random;
  log: Log;
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

type IndexFunction<T> = (object: T) => readonly string[];

const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 30_000;
/** Watches end by themselves after 5 to 10 minutes, so that no server keeps one for ever. */
const WATCH_SECONDS_MIN = 300;
/** A watch that ends sooner without an event is taken for a failure. */
const WATCH_SHORT_MS = 1000;
/** Answers that say nothing against the resourceVersion: Too Many Requests, Service Unavailable. */
const OVERLOADED: ReadonlySet<number> = new Set([429, 503]);

export class Informer<T extends KubeObject> {
  readonly #client: ResourceClient<T>;
  readonly #options: InformerOptions;
  readonly #objects = new Map<string, T>();
  readonly #handlers: InformerHandler<T>[] = [];
  readonly #indexes = new Map<string, { of: IndexFunction<T>; keys: Map<string, Set<string>> }>();
  #resourceVersion = '';
  #resolveSynced: () => void = () => undefined;
  #hasSynced = false;
  readonly #synced: Promise<void>;

  constructor(client: ResourceClient<T>, options: InformerOptions) {
    this.#client = client;
    this.#options = options;
    this.#synced = new Promise((resolve) => {
      this.#resolveSynced = resolve;
    });
  }

  /** Adds an index over what is here and what comes. */
  addIndex(name: string, of: IndexFunction<T>): this {
    const index = { of, keys: new Map<string, Set<string>>() };
    this.#indexes.set(name, index);
    for (const [key, object] of this.#objects) enter(index.keys, key, of(object));
    return this;
  }

  /** Adds a handler; it is told of all that is already here as added. */
  addHandler(handler: InformerHandler<T>): this {
    this.#handlers.push(handler);
    for (const object of this.#objects.values()) handler.added?.(object);
    return this;
  }

  /** `namespace/name`, or `name` for cluster-scoped resources. */
  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Objects for which the index function gave `value`. */
  byIndex(name: string, value: string): T[] {
    const index = this.#indexes.get(name);
    if (!index) throw new Error(`bug: informer of ${this.#client.ref.resource} has no index ${name}`);
    const found: T[] = [];
    for (const key of index.keys.get(value) ?? []) {
      const object = this.#objects.get(key);
      if (object) found.push(object);
    }
    return found;
  }

  /** How many objects `byIndex` would give. */
  countByIndex(name: string, value: string): number {
    return this.#indexes.get(name)?.keys.get(value)?.size ?? 0;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Resolves once the first list is in and the handlers have been told. */
  synced(): Promise<void> {
    return this.#synced;
  }

  /** Lists and watches until the signal aborts; then resolves. Failures are logged and retried with back-off. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#options;
    let backoff = BACKOFF_FIRST_MS;
    let expiredBefore = false;
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === '') await this.#list(signal);
        if (await this.#watch(signal)) {
          backoff = BACKOFF_FIRST_MS;
          expiredBefore = false;
          continue;
        }
      } catch (error) {
        if (signal.aborted) return;
        // Whatever the server says against our version (expired, too large after it lost its store): list again.
        if (isStatus(error) && !OVERLOADED.has(error.code)) this.#resourceVersion = '';
        if (isStatus(error) && error.code === 404 && !this.#hasSynced) this.#takeForNone();
        const expired = isStatus(error) && error.code === 410;
        const fields = { resource: this.#client.ref.resource, error: messageOf(error), retryMs: backoff };
        if (expired) log.debug(fields, 'informer: the watch expired, listing again');
        else log.warn(fields, 'informer: list or watch failed, trying again');
        // At once the first time; a server whose every watch expires is not to be asked without end.
        if (expired && !expiredBefore) {
          expiredBefore = true;
          continue;
        }
      }
      await clock.sleep(backoff * (1 + random.next()), signal).catch(() => undefined);
      backoff = Math.min(backoff * 2, BACKOFF_MAX_MS);
    }
  }

  /** A server that does not serve the resource, or not yet, has none of it: nobody need wait for that. */
  #takeForNone(): void {
    this.#hasSynced = true;
    this.#resolveSynced();
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    const list = await this.#client.list({ ...defined({ namespace, labelSelector, fieldSelector }), signal });
    const gone = new Set(this.#objects.keys());
    for (const item of list.items) {
      gone.delete(keyOf(item));
      this.#store(item);
    }
    for (const key of gone) this.#remove(key);
    this.#resourceVersion = list.metadata?.resourceVersion ?? '';
    this.#hasSynced = true;
    this.#resolveSynced();
  }

  /** Whether the watch was of use: it delivered something, or lasted. One that ends at once calls for a pause. */
  async #watch(signal: AbortSignal): Promise<boolean> {
    const { namespace, labelSelector, fieldSelector, random, clock } = this.#options;
    const begun = clock.monotonic();
    let delivered = false;
    const events = this.#client.watch({
      ...defined({ namespace, labelSelector, fieldSelector }),
      resourceVersion: this.#resourceVersion,
      allowWatchBookmarks: true,
      timeoutSeconds: Math.floor(WATCH_SECONDS_MIN * (1 + random.next())),
      signal,
    });
    for await (const event of events) {
      if (signal.aborted) break;
      this.#apply(event);
      delivered = true;
    }
    return delivered || clock.monotonic() - begun >= WATCH_SHORT_MS;
  }

  #apply(event: WatchEvent<T>): void {
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED':
        this.#store(event.object);
        break;
      case 'DELETED':
        this.#remove(keyOf(event.object), event.object);
        break;
      case 'BOOKMARK':
        break;
      case 'ERROR':
        throw new StatusError(event.object as unknown as Status);
    }
    this.#resourceVersion = event.object.metadata?.resourceVersion ?? this.#resourceVersion;
  }

  #store(object: T): void {
    const key = keyOf(object);
    const old = this.#objects.get(key);
    if (old && old.metadata?.uid !== object.metadata?.uid) {
      // Deleted and made again while nobody watched: two objects, so the handlers hear of both.
      this.#remove(key);
      this.#store(object);
      return;
    }
    if (old && old.metadata?.resourceVersion === object.metadata?.resourceVersion) return;
    this.#objects.set(key, object);
    this.#reindex(key, old, object);
    for (const handler of this.#handlers) {
      if (old) handler.updated?.(object, old);
      else handler.added?.(object);
    }
  }

  #remove(key: string, last?: T): void {
    const old = this.#objects.get(key);
    if (!old) return;
    this.#objects.delete(key);
    this.#reindex(key, old, undefined);
    for (const handler of this.#handlers) handler.deleted?.(last ?? old);
  }

  #reindex(key: string, old: T | undefined, object: T | undefined): void {
    for (const { of, keys } of this.#indexes.values()) {
      const before = old ? of(old) : [];
      const after = object ? of(object) : [];
      for (const value of before) {
        if (after.includes(value)) continue;
        const set = keys.get(value);
        set?.delete(key);
        if (set?.size === 0) keys.delete(value);
      }
      enter(keys, key, after);
    }
  }
}

function enter(keys: Map<string, Set<string>>, key: string, values: readonly string[]): void {
  for (const value of values) {
    const set = keys.get(value);
    if (set) set.add(key);
    else keys.set(value, new Set([key]));
  }
}

function defined<O extends object>(options: O): { [K in keyof O]?: Exclude<O[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof O]?: Exclude<O[K], undefined>;
  };
}
