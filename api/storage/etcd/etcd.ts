/**
 * Storage in an etcd, which several API servers may share. An object's revision is etcd's own, keys and values are laid
 * out as the real server lays them out: JSON under `/registry/`.
 */
import type { IEvent, IKeyValue, IRangeResponse, IWatchResponse } from 'etcd3';
import type { Clock } from '../../../base/clock.ts';
import { type Random, systemRandom } from '../../../base/random.ts';
import {
  type KeyValue,
  type ListOptions,
  type ListResult,
  type Storage,
  StorageError,
  type StorageEvent,
  type WatchBatch,
} from '../interface.ts';
import { Batched } from './batched.ts';
import { Compactor } from './compactor.ts';
import { asStorageError, compacted, unavailable } from './errors.ts';
import { failureOf } from './failure.ts';
import { History } from './history.ts';
import { Limit } from './limit.ts';
import { Members, type MembersOptions } from './members.ts';
import { EVERYTHING, KeyNames } from './names.ts';
import { Turns } from './turns.ts';
import { EtcdWatch } from './watch.ts';
import { type EtcdWrite, FENCE, Writer } from './writes.ts';

export interface EtcdOptions extends MembersOptions {
  /** Of all keys; upstream's `/registry` when absent. */
  prefix?: string;
  /** Tells this server's writes from those of others; the machine's when absent. */
  random?: Random;
  /** Time between compactions, in ms; as upstream each forgets what was there at the one before. 0: never. */
  compactionMs?: number;
  /** Told what went wrong in the background. */
  onWarning?(error: unknown, message: string): void;
  /** Makes JSON of values in other encodings, which other programs may have written. */
  decode?(value: Buffer): Buffer;
}

const PAGE = 2_000;
const SETTLE_MS = 10_000;
/** etcd commits what comes together together; more at once would only wait there, and use up their time. */
const WRITES_AT_ONCE = 256;

/** Connects to an etcd. Throws `Unavailable` when it does not answer. */
export async function openEtcd(options: EtcdOptions): Promise<EtcdStorage> {
  const names = new KeyNames(options.prefix);
  const storage = new EtcdStorage(await Members.open(options), names, options);
  try {
    await storage.revision();
    return storage;
  } catch (error) {
    await storage.close();
    throw error;
  }
}

export class EtcdStorage implements Storage {
  readonly shared = true;
  readonly #members: Members;
  readonly #names: KeyNames;
  readonly #clock: Clock;
  readonly #decode: (value: Buffer) => Buffer;
  readonly #writer: Writer;
  readonly #compactor: Compactor | undefined;
  readonly #turns = new Turns();
  readonly #limit = new Limit(WRITES_AT_ONCE);
  readonly #history = new History((after) => this.#past(after));
  readonly #watches = new Set<EtcdWatch>();
  readonly #latest = new Batched(() => this.#askRevision());
  /** What writes under way write, so that watchers here get the very same buffer. */
  readonly #written = new Map<string, Buffer>();
  #seen = 0;
  #closed: Promise<void> | undefined;

  constructor(members: Members, names: KeyNames, options: EtcdOptions) {
    this.#members = members;
    this.#names = names;
    this.#clock = options.clock;
    this.#decode = options.decode ?? ((value) => value);
    this.#writer = new Writer({
      members,
      names,
      random: options.random ?? systemRandom,
      seen: () => this.#seen,
      saw: (revision) => this.#saw(revision),
      history: (key, after, until) => this.#history.of(key, after, until),
    });
    const { compactionMs = 0, clock, onWarning = () => undefined } = options;
    if (compactionMs > 0) this.#compactor = new Compactor({ members, clock, everyMs: compactionMs, onWarning });
  }

  /** Watches being served. */
  get watchers(): number {
    return this.#watches.size;
  }

  async get(key: string): Promise<{ item: KeyValue | undefined; revision: number }> {
    const { kvs, header } = await this.#range({ key: this.#names.toEtcd(key) }, key);
    const found = kvs[0];
    return { item: found && this.#item(key, found), revision: this.#saw(header.revision) };
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListResult> {
    const { limit = 0, revision } = options;
    if (limit > 0) {
      const page = await this.#page(prefix, limit, options.from, revision);
      return options.uncounted ? { ...page, remaining: 0 } : page;
    }
    const page = await this.#page(prefix, PAGE, options.from, revision);
    const { items } = page;
    for (let next = page.next; next !== undefined; ) {
      const more = await this.#page(prefix, PAGE, next, page.revision);
      items.push(...more.items);
      next = more.next;
    }
    return { items, revision: page.revision, remaining: 0 };
  }

  create(key: string, value: Buffer): Promise<number> {
    return this.#submit({ type: 'create', key, value });
  }

  update(key: string, value: Buffer, expected: number): Promise<number> {
    return this.#submit({ type: 'update', key, value, expected });
  }

  delete(key: string, expected: number): Promise<number> {
    return this.#submit({ type: 'delete', key, expected });
  }

  watch(prefix: string, after: number, signal: AbortSignal): AsyncIterable<WatchBatch> {
    this.#requireOpen();
    return this.#watch(prefix, after, signal).pull;
  }

  async revision(): Promise<number> {
    this.#requireOpen();
    return this.#latest.ask();
  }

  async compact(revision: number): Promise<void> {
    const latest = await this.revision();
    try {
      await this.#members.call('compact', { revision: String(Math.min(revision, latest)) });
    } catch (error) {
      // Somebody has compacted further.
      if (failureOf(error).kind !== 'compacted') throw asStorageError(error, '');
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#turns.idle();
    await this.#compactor?.stop();
    for (const watch of [...this.#watches]) watch.pull.fail(closedError());
    this.#members.close();
  }

  #requireOpen(): void {
    if (this.#closed) throw closedError();
  }

  /** Writes of one key follow each other as they were asked for; those of different keys go side by side. */
  async #submit(write: EtcdWrite): Promise<number> {
    this.#requireOpen();
    // Before its turn, so that it is refused at once.
    this.#names.toEtcd(write.key);
    return this.#turns.take(write.key, () => this.#limit.run(() => this.#commit(write)));
  }

  async #commit(write: EtcdWrite): Promise<number> {
    if (write.type !== 'delete') this.#written.set(write.key, write.value);
    try {
      const revision = await this.#writer.commit(write);
      const behind = [...this.#watches].flatMap((watch) => watch.reached(revision) ?? []);
      if (behind.length > 0) await Promise.all(behind);
      return revision;
    } finally {
      this.#written.delete(write.key);
    }
  }

  #watch(prefix: string, after: number, signal: AbortSignal): EtcdWatch {
    const watch = new EtcdWatch({
      members: this.#members,
      clock: this.#clock,
      prefix,
      after,
      signal,
      eventOf: (event) => this.#event(event),
      onEnd: (ended) => this.#watches.delete(ended),
    });
    if (!signal.aborted) this.#watches.add(watch);
    return watch;
  }

  /** For a write that waits to learn what became of it: other writes do not wait for this watch. */
  async *#past(after: number): AsyncGenerator<WatchBatch> {
    const abort = new AbortController();
    const timer = this.#clock.after(SETTLE_MS, () => abort.abort());
    try {
      const watch = this.#watch('', after, abort.signal);
      this.#watches.delete(watch);
      yield* watch.pull;
    } finally {
      timer.cancel();
      abort.abort();
    }
  }

  async #page(
    prefix: string,
    limit: number,
    from: string | undefined,
    revision: number | undefined,
  ): Promise<ListResult> {
    const range = this.#names.range(prefix, from);
    // etcd takes 0 for the latest; its first revision is 1, of an empty store.
    const at = revision === undefined ? {} : { revision: String(Math.max(revision, 1)) };
    const { kvs, count, header } = await this.#range({ ...range, ...at, limit: String(limit + 1) }, prefix, revision);
    const latest = this.#saw(header.revision);
    const items = kvs.slice(0, limit).flatMap((kv) => {
      const key = this.#names.fromEtcd(kv.key);
      return key === undefined ? [] : this.#item(key, kv);
    });
    const next = kvs[limit] && this.#names.fromEtcd(kvs[limit].key);
    return {
      items,
      revision: revision ?? latest,
      ...(next === undefined ? {} : { next }),
      remaining: next === undefined ? 0 : Number(count) - items.length,
    };
  }

  async #range(request: object, key: string, revision = 0): Promise<IRangeResponse> {
    this.#requireOpen();
    try {
      return await this.#members.call<IRangeResponse>('range', request);
    } catch (error) {
      const { kind } = failureOf(error);
      if (kind === 'compacted') throw compacted(key, revision, await this.#oldest());
      if (kind === 'future') throw unavailable(key, `revision ${revision} is still to come`);
      throw asStorageError(error, key);
    }
  }

  /** The revision of the last compaction, which etcd tells only those who begin to watch before it. */
  async #oldest(): Promise<number> {
    const stream = await this.#members.watchStream(this.#members.current);
    try {
      return await new Promise((resolve, reject) => {
        stream.on('data', (response: IWatchResponse) => {
          if (!response.created || response.canceled) resolve(Number(response.compact_revision));
        });
        stream.on('error', reject);
        stream.write({ create_request: { ...EVERYTHING, start_revision: 1 } });
      });
    } catch (error) {
      throw asStorageError(failureOf(error), '');
    } finally {
      stream.cancel();
    }
  }

  async #askRevision(): Promise<number> {
    // Whatever key it is asked for, etcd answers with its revision, after asking its peers.
    const { header, kvs } = await this.#range({ key: FENCE, keys_only: true }, '');
    this.#writer.fenceAt(Number(kvs[0]?.mod_revision ?? 0));
    return this.#saw(header.revision);
  }

  #saw(text: string): number {
    const revision = Number(text);
    if (revision > this.#seen) this.#seen = revision;
    return revision;
  }

  #item(key: string, { value, mod_revision }: IKeyValue): KeyValue {
    return { key, value: this.#decode(value), modRevision: Number(mod_revision) };
  }

  #event({ type, kv, prev_kv }: IEvent): StorageEvent | undefined {
    const revision = this.#saw(kv.mod_revision);
    const key = this.#names.fromEtcd(kv.key);
    if (key === undefined) return undefined;
    const isPut = type.toLowerCase() === 'put';
    const previous = prev_kv ? { previous: this.#item(key, prev_kv) } : {};
    return { type: isPut ? 'put' : 'delete', key, revision, value: this.#valueOf(key, kv.value), ...previous };
  }

  #valueOf(key: string, value: Buffer): Buffer {
    const own = this.#written.get(key);
    return own?.equals(value) ? own : this.#decode(value);
  }
}

function closedError(): StorageError {
  return new StorageError('Unavailable', '', 'the store is closed');
}
