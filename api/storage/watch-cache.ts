/**
 * One cache over the whole store: it loads everything once, then follows one watch. Reads and watches of the API are
 * answered from here; nobody else watches storage.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { KubeObject } from '../../openapi/object.ts';
import type { FieldTerm, Requirement } from '../../openapi/selectors.ts';
import { Broadcast, watchedOf } from './broadcast.ts';
import { CachedObject, type SelectFields } from './cached-object.ts';
import { EventWindow } from './event-window.ts';
import { type KeyValue, type Storage, StorageError, type StorageEvent, type WatchBatch } from './interface.ts';
import { readHistory } from './read-history.ts';
import { SortedItems } from './sorted-items.ts';
import { parseObject } from './stored.ts';
import { Waiters } from './waiters.ts';

export { CachedObject, type CachedObjectOptions, type SelectFields } from './cached-object.ts';
export { encodeStored, served } from './stored.ts';

export interface CacheEvent {
  type: 'put' | 'delete';
  revision: number;
  /** For a deletion the last state, with the revision of the deletion as its resourceVersion. */
  object: CachedObject;
  /** What stood there before: absent for a creation. */
  previous?: CachedObject;
}

/** Events in revision order. Shared by watchers: not to be changed. None: only progress. */
export interface CacheBatch {
  events: readonly CacheEvent[];
  /** Every event under the prefix up to here has been delivered. */
  revision: number;
}

export interface ResourceIndex {
  /** For example `/registry/pods/`. */
  prefix: string;
  /** Selectable fields beside `metadata.name` and `metadata.namespace`, which the cache adds itself. */
  fields: SelectFields;
}

export interface WatchCacheOptions {
  storage: Storage;
  clock: Clock;
  log: Log;
  resources: readonly ResourceIndex[];
  /** Events kept for watches that begin in the past. */
  historyLimit?: number;
  /** Events a watcher may lag behind. */
  queueLimit?: number;
  /** Time between reports of progress to watchers, in ms. */
  progressMs?: number;
  /** Freezes every object handed out; for tests. */
  freeze?: boolean;
  /** Stops the cache. */
  signal?: AbortSignal;
}

export interface CacheListOptions {
  labels?: readonly Requirement[];
  fields?: readonly FieldTerm[];
  limit?: number;
  /** First key, inclusive. */
  from?: string;
}

export interface CacheList {
  items: CachedObject[];
  /** The first key left out because of `limit`; with selectors, the first that matches. */
  next?: string;
  /** Items from `next` on, whether selectors match them or not. */
  remaining: number;
  revision: number;
}

const ROOT = '/registry/';
const PAGE = 1_000;
const RETRY_MS = 500;
/** A watch that history cannot be read for in this time has to begin anew. */
const REACH_BACK_MS = 5_000;
/** Longer than another member of storage needs to take over. */
const CATCH_UP_MS = 5_000;
const NO_FIELDS: SelectFields = () => ({});

export class WatchCache {
  readonly #options: WatchCacheOptions;
  readonly #resources = new Map<string, ResourceIndex>();
  readonly #broadcast: Broadcast;
  readonly #waiters = new Waiters();
  readonly #abort = new AbortController();
  /** Objects that writers encoded themselves, found again by the very buffer they gave to storage. */
  readonly #remembered = new WeakMap<Buffer, KubeObject>();
  #items = new SortedItems<CachedObject>();
  #window = new EventWindow(0, 0);
  #revision = 0;
  #progress: Timer | undefined;
  #following: Promise<void> = Promise.resolve();
  /** History is read by one at a time: the next may find that there is nothing left to read. */
  #reaching: Promise<void> = Promise.resolve();

  /** Resolves when everything is loaded; rejects with storage's error. */
  static async start(options: WatchCacheOptions): Promise<WatchCache> {
    const cache = new WatchCache(options);
    await cache.#load();
    cache.#following = cache.#follow();
    return cache;
  }

  private constructor(options: WatchCacheOptions) {
    this.#options = options;
    this.#broadcast = new Broadcast(options.queueLimit ?? 10_000);
    for (const resource of options.resources) this.#resources.set(resource.prefix, resource);
    const { signal } = options;
    if (signal?.aborted) this.#abort.abort();
    signal?.addEventListener('abort', () => void this.stop(), { signal: this.#abort.signal });
  }

  /** Every event up to here is in the cache. */
  get revision(): number {
    return this.#revision;
  }

  /** Watches being served. */
  get watchers(): number {
    return this.#broadcast.size;
  }

  /** Objects held. */
  get size(): number {
    return this.#items.size;
  }

  /** Indexes a further resource, and again what is there of it. */
  async addResource(resource: ResourceIndex): Promise<void> {
    this.#resources.set(resource.prefix, resource);
    for (const item of [...this.#items.scan(resource.prefix)]) {
      this.#items.set(this.#cached(item.key, item.revision, item.bytes, item.object));
    }
  }

  /** Forgets a resource's fields and ends its watches. Its objects stay until they are deleted from storage. */
  removeResource(prefix: string): void {
    this.#resources.delete(prefix);
    this.#broadcast.end(prefix);
  }

  /**
   * Saves a parse: when `stored`, this very buffer, comes back as an event, `object` is what it says. The writer must
   * not change the object any more.
   */
  remember(stored: Buffer, object: KubeObject): void {
    this.#remembered.set(stored, object);
  }

  /** Resolves once the cache has `revision`; rejects with the signal's reason, `Unavailable` when the cache stops. */
  waitFor(revision: number, signal?: AbortSignal): Promise<void> {
    if (revision <= this.#revision) return Promise.resolve();
    if (this.#abort.signal.aborted) return Promise.reject(stoppedError());
    return this.#waiters.wait(revision, signal);
  }

  /**
   * Resolves once the cache has all that was committed before the call, by whichever process: what a read of the latest
   * waits for. `undefined` where it always has. Rejects as `waitFor`, and with `Unavailable` when that takes too long.
   * The signal of `request` is looked at only where there is something to wait for.
   */
  caughtUp(request?: { readonly signal: AbortSignal }): Promise<void> | undefined {
    return this.#options.storage.shared ? this.#catchUp(request) : undefined;
  }

  async #catchUp(request?: { readonly signal: AbortSignal }): Promise<void> {
    const { storage, clock } = this.#options;
    const revision = await storage.revision();
    if (revision <= this.#revision) return;
    const late = new AbortController();
    const timer = clock.after(CATCH_UP_MS, () => {
      const message = `the cache is at revision ${this.#revision}, and does not see what storage has up to ${revision}`;
      late.abort(new StorageError('Unavailable', '', message));
    });
    try {
      await this.waitFor(revision, request ? AbortSignal.any([request.signal, late.signal]) : late.signal);
    } finally {
      timer.cancel();
    }
  }

  get(key: string): CachedObject | undefined {
    return this.#items.get(key);
  }

  /** The objects right below a path that ends in a slash, in key order: cheap to ask for again and again. */
  directory(path: string): readonly CachedObject[] {
    return this.#items.directory(path);
  }

  /** In key order. */
  list(prefix: string, options: CacheListOptions = {}): CacheList {
    const { labels = [], fields = [], limit = 0, from = prefix } = options;
    const isAll = labels.length === 0 && fields.length === 0;
    const wanted = isAll ? () => true : (item: CachedObject) => item.matches(labels, fields);
    const items = this.#items.filter(prefix, from, limit > 0 ? limit + 1 : 0, wanted);
    const next = limit > 0 && items.length > limit ? items.pop()?.key : undefined;
    if (next === undefined) return { items, remaining: 0, revision: this.#revision };
    return { items, next, remaining: this.#items.count(prefix, next), revision: this.#revision };
  }

  /**
   * Events under the prefix after the revision `after`, from now on, until the signal aborts. Throws `Compacted` when
   * the window no longer reaches there. A consumer that lags too far behind is ended with `Unavailable`. `onEnd` is
   * called when it is over, which a consumer that does not come for more would not see. `fields` spare a consumer
   * that looks for them anyway what cannot concern it: events of objects that neither have nor had one of the values.
   */
  watch(
    prefix: string,
    after: number,
    signal: AbortSignal,
    onEnd?: () => void,
    fields: readonly FieldTerm[] = [],
  ): AsyncIterable<CacheBatch> {
    if (this.#abort.signal.aborted) throw stoppedError();
    if (after < this.#window.floor) {
      const message = `revision ${after} is too old, the oldest kept is ${this.#window.floor}`;
      throw new StorageError('Compacted', prefix, message, this.#window.floor);
    }
    const events = this.#window.since(prefix, after);
    return this.#broadcast.watch(watchedOf(prefix, fields), events, Math.max(after, this.#revision), signal, onEnd);
  }

  /**
   * Resolves once `watch` can begin after the revision `after`, or never will. What was committed before this process
   * began is read from storage's history when the first watch asks for it, so that a watch outlives a restart.
   */
  reachBack(after: number): Promise<void> | undefined {
    const isWithin = () => after >= this.#window.floor || !this.#window.hasRoomFor(after);
    if (isWithin()) return undefined;
    this.#reaching = this.#reaching.then(() => (isWithin() ? undefined : this.#extend(after)));
    return this.#reaching;
  }

  async #extend(after: number): Promise<void> {
    const { storage, clock, log } = this.#options;
    const window = this.#window;
    const { floor } = window;
    const late = new AbortController();
    const timer = clock.after(REACH_BACK_MS, () => late.abort());
    const signal = AbortSignal.any([late.signal, this.#abort.signal]);
    try {
      const events = await readHistory(storage, ROOT, { after, upTo: floor }, signal);
      // Meanwhile it may have been loaded again, or have grown too long.
      const isPresent = window === this.#window && window.floor === floor;
      if (events && isPresent) {
        const past = events.flatMap((event) => this.#past(event));
        window.reachBack(past, after);
      }
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'reading the history of storage failed');
    } finally {
      timer.cancel();
    }
  }

  /** As `#applied`, of an event of history: what stood there before is only in the event itself. */
  #past(event: StorageEvent): CacheEvent[] {
    const { type, key, revision, value, previous } = event;
    const before = previous && this.#tried(key, () => this.#cached(key, previous.modRevision, previous.value));
    const object = type === 'put' ? this.#tried(key, () => this.#cached(key, revision, value)) : undefined;
    if (object) return [{ type: 'put', revision, object, ...(before ? { previous: before } : {}) }];
    return before ? [{ type: 'delete', revision, object: this.#deleted(before, event), previous: before }] : [];
  }

  /** Ends every watch; resolves when nothing is left running. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#progress?.cancel();
    this.#waiters.fail(stoppedError());
    this.#broadcast.end('', stoppedError());
    await this.#following;
    await this.#reaching;
  }

  async #load(): Promise<void> {
    const { storage, historyLimit = 10_000 } = this.#options;
    const items = new SortedItems<CachedObject>();
    let page = await storage.list(ROOT, { limit: PAGE, uncounted: true });
    const { revision } = page;
    for (;;) {
      for (const item of page.items) {
        const cached = this.#loaded(item);
        if (cached) items.set(cached);
      }
      if (page.next === undefined) break;
      page = await storage.list(ROOT, { limit: PAGE, from: page.next, revision, uncounted: true });
    }
    // Whoever watches by now has a gap before what was just loaded.
    this.#broadcast.end('', new StorageError('Unavailable', '', 'the cache has missed events and was loaded again'));
    this.#items = items;
    this.#window = new EventWindow(historyLimit, revision);
    this.#advance(revision);
  }

  #loaded({ key, value, modRevision }: KeyValue): CachedObject | undefined {
    const known = this.#items.get(key);
    if (known?.revision === modRevision) return known;
    return this.#tried(key, () => this.#cached(key, modRevision, value));
  }

  async #follow(): Promise<void> {
    const { storage, clock, log } = this.#options;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        for await (const batch of storage.watch(ROOT, this.#revision, signal)) this.#apply(batch);
        if (!signal.aborted) throw new StorageError('Unavailable', ROOT, 'it ended');
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ error: messageOf(error) }, 'the watch of storage broke off');
        await this.#recover(error).catch((failure) =>
          log.warn({ error: messageOf(failure) }, 'loading from storage failed'),
        );
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
    }
  }

  /** After an interruption the watch goes on where it was. Where history no longer allows that, all begins anew. */
  async #recover(error: unknown): Promise<void> {
    if (!(error instanceof StorageError && error.code === 'Compacted')) return;
    await this.#load();
  }

  #apply(batch: WatchBatch): void {
    const events = batch.events.flatMap((event) => this.#applied(event) ?? []);
    this.#window.add(events);
    this.#broadcast.publish(events, batch.revision);
    this.#advance(batch.revision);
  }

  #applied(event: StorageEvent): CacheEvent | undefined {
    const { key, revision } = event;
    const previous = this.#items.get(key);
    const object = event.type === 'put' ? this.#tried(key, () => this.#written(event)) : undefined;
    if (object) {
      this.#items.set(object);
      return { type: 'put', revision, object, ...(previous ? { previous } : {}) };
    }
    // Deleted; or overwritten by something nobody can read, which then is not there either.
    if (!previous) return undefined;
    this.#items.delete(key);
    return { type: 'delete', revision, object: this.#deleted(previous, event), previous };
  }

  #written({ key, revision, value }: StorageEvent): CachedObject {
    return this.#cached(key, revision, value, this.#remembered.get(value) ?? parseObject(value));
  }

  #deleted(last: CachedObject, { key, revision, previous }: StorageEvent): CachedObject {
    const { freeze = false } = this.#options;
    return new CachedObject(key, revision, previous?.value ?? last.bytes, this.#fieldsOf(key), { like: last, freeze });
  }

  #cached(key: string, revision: number, stored: Buffer, written?: KubeObject): CachedObject {
    const { freeze = false } = this.#options;
    return new CachedObject(key, revision, stored, this.#fieldsOf(key), { written, freeze });
  }

  /** Those of the resource with the longest prefix of the key. */
  #fieldsOf(key: string): SelectFields {
    for (let slash = key.lastIndexOf('/'); slash > 0; slash = key.lastIndexOf('/', slash - 1)) {
      const resource = this.#resources.get(key.slice(0, slash + 1));
      if (resource) return resource.fields;
    }
    return NO_FIELDS;
  }

  /** A value nobody can read must not stop the rest; it is left out, loudly. */
  #tried<T>(key: string, make: () => T): T | undefined {
    try {
      return make();
    } catch (error) {
      this.#options.log.error({ key, error: messageOf(error) }, 'cannot read a stored object');
      return undefined;
    }
  }

  #advance(revision: number): void {
    this.#revision = revision;
    this.#waiters.reached(revision);
    if (this.#broadcast.size === 0) return;
    this.#progress ??= this.#options.clock.after(this.#options.progressMs ?? 1_000, () => {
      this.#progress = undefined;
      this.#broadcast.progress(this.#revision);
    });
  }
}

function stoppedError(): StorageError {
  return new StorageError('Unavailable', '', 'the watch cache has stopped');
}
