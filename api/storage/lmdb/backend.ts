/** The tables of an lmdb store, read through snapshots and written in transactions. */
import type { Database, RootDatabase, Transaction } from 'lmdb';
import type { Backend, Change, Commit, View } from '../backend.ts';
import { type KeyValue, StorageError } from '../interface.ts';
import { damaged } from './damage.ts';
import { fullError, needOf, Room, writeError } from './disk-full.ts';
import { untilResumed } from './pause.ts';
import {
  decodeChange,
  decodeObject,
  decodeState,
  encodeChange,
  encodeObject,
  encodeState,
  OBJECT_HEAD,
  readRevision,
  revisionKey,
  type State,
} from './records.ts';
import { after } from './summary.ts';

type Table = Database<Buffer, Buffer>;

export interface Tables {
  root: RootDatabase<Buffer, Buffer>;
  objects: Table;
  changes: Table;
  meta: Table;
}

export const STATE = Buffer.from('state');
/** MDB_PAGE_NOTFOUND, MDB_CORRUPTED, MDB_VERSION_MISMATCH, MDB_INVALID. */
const DAMAGED = new Set([-30797, -30796, -30794, -30793]);

export interface LmdbBackendOptions {
  directory: string;
  /** What is in the tables. */
  state: Required<State>;
  historyBytes: number;
  /** Opens the tables again after they were closed. */
  reopen(): Tables;
  onClosed(): Promise<void>;
}

export class LmdbBackend implements Backend {
  /** lmdb's own limit for pages of 4 KiB. */
  readonly keyLimit = 1978;
  readonly historyBytes: number;
  readonly #options: LmdbBackendOptions;
  #tables: Tables;
  #state: Required<State>;
  #isOpen = true;
  readonly #room: Room;

  constructor(tables: Tables, options: LmdbBackendOptions) {
    this.#tables = tables;
    this.#options = options;
    this.#state = options.state;
    this.#room = new Room(options.directory);
    this.historyBytes = options.historyBytes;
  }

  read<T>(use: (view: View) => T): T {
    this.#requireOpen();
    const transaction = this.#tables.root.useReadTransaction();
    try {
      return use(new Snapshot(this.#tables, transaction));
    } catch (error) {
      throw translate(error, this.#options.directory);
    } finally {
      transaction.done();
    }
  }

  /** Requests that are just being read off their sockets are served before this resolves. */
  gather(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** On a full disk all history is given up for the sake of the write; if even that is not enough it is refused. */
  async commit(commit: Commit): Promise<void> {
    if (!this.#isOpen) this.#reopen();
    const { directory } = this.#options;
    await untilResumed(directory);
    try {
      await this.#write(this.#hasRoom(commit) ? commit : await this.#fitted(commit));
    } catch (error) {
      throw writeError(error, directory);
    }
  }

  async close(): Promise<void> {
    if (this.#isOpen) await this.#tables.root.close();
    this.#isOpen = false;
    await this.#options.onClosed();
  }

  #hasRoom({ events, revision, compacted }: Commit): boolean {
    const records: number[] = [];
    for (const { key, value, type, previous, revision: at } of events) {
      if (type === 'put') records.push(value.length + OBJECT_HEAD);
      if (at > compacted) records.push(key.length + (previous?.value.length ?? 0));
    }
    const removals = events.length + Math.max(Math.min(compacted, revision) - this.#state.compacted, 0) / 100;
    const frees = events.every(({ type }) => type === 'delete');
    return this.#room.has(needOf(records, removals, frees), this.#tables);
  }

  /** The commit in a form that has room now. Throws when there is none. */
  async #fitted(commit: Commit): Promise<Commit> {
    await this.#forgetAll();
    const whole = { ...commit, compacted: Math.max(commit.compacted, this.#state.compacted) };
    if (this.#hasRoom(whole)) return whole;
    const lean = { ...commit, compacted: commit.revision };
    if (this.#hasRoom(lean)) return lean;
    throw fullError(this.#options.directory);
  }

  /** What is freed can be used from the transaction after the next on. */
  async #forgetAll(): Promise<void> {
    const { revision, compacted } = this.#state;
    if (compacted === revision) return;
    const nothing = { events: [], revision, compacted: revision };
    if (!this.#hasRoom(nothing)) return;
    for (let i = 0; i < 2; i++) await this.#write(nothing);
  }

  async #write({ events, revision, compacted }: Commit): Promise<void> {
    const { root, objects, changes, meta } = this.#tables;
    // Encoded first: an exception inside the batch would commit half of it.
    const writes = events.map((event) => ({
      key: Buffer.from(event.key),
      object: event.type === 'put' ? encodeObject(event.value, event.revision) : undefined,
      changeKey: revisionKey(event.revision),
      change: event.revision > compacted ? encodeChange(event) : undefined,
    }));
    const forgotten = Math.min(compacted, this.#state.revision);
    const state = { revision, compacted, summary: after(this.#state.summary, events) };
    const record = encodeState(state);
    try {
      await root.batch(() => {
        for (const { key, object, changeKey, change } of writes) {
          void (object ? objects.put(key, object) : objects.remove(key));
          if (change) void changes.put(changeKey, change);
        }
        for (let old = this.#state.compacted + 1; old <= forgotten; old++) void changes.remove(revisionKey(old));
        void meta.put(STATE, record);
      });
    } catch (error) {
      const reason = await reasonOf(error);
      await this.#closeIfStuck();
      throw reason;
    }
    this.#state = state;
  }

  /** After some failures lmdb cannot go on, and would leave further commits unanswered. Opened again it can. */
  async #closeIfStuck(): Promise<void> {
    try {
      this.#tables.root.transactionSync(() => undefined);
    } catch {
      this.#isOpen = false;
      await this.#tables.root.close();
      this.#reopen();
    }
  }

  #reopen(): void {
    try {
      this.#tables = this.#options.reopen();
      this.#isOpen = true;
    } catch (error) {
      throw translate(error, this.#options.directory);
    }
  }

  #requireOpen(): void {
    if (this.#isOpen) return;
    throw new StorageError('Unavailable', '', `the store in ${this.#options.directory} cannot be opened again`);
  }
}

/** lmdb rejects a commit with an error that carries a promise of its cause, which must not stay unhandled. */
async function reasonOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error;
  const asked = Promise.resolve(error.commitError).then(
    () => error,
    (reason: unknown) => reason,
  );
  return Promise.race([asked, new Promise((resolve) => setImmediate(() => resolve(error)))]);
}

/** lmdb's errors as ours. */
export function translate(error: unknown, directory: string): unknown {
  if (error instanceof StorageError || error instanceof RangeError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'number' && DAMAGED.has(code)) return damaged(directory, 'lmdb cannot read it', { cause: error });
  return new StorageError('Unavailable', '', `cannot read the store in ${directory}`, 0, { cause: error });
}

class Snapshot implements View {
  readonly revision: number;
  readonly compacted: number;
  readonly #tables: Tables;
  readonly #transaction: Transaction;

  constructor(tables: Tables, transaction: Transaction) {
    this.#tables = tables;
    this.#transaction = transaction;
    const record = tables.meta.get(STATE, { transaction });
    const state: State = record ? decodeState(record) : { revision: 0, compacted: 0 };
    this.revision = state.revision;
    this.compacted = state.compacted;
  }

  get(key: string): KeyValue | undefined {
    const record = this.#tables.objects.get(Buffer.from(key), { transaction: this.#transaction });
    return record && decodeObject(key, record);
  }

  *scan(prefix: string, from: string): Generator<KeyValue, void, void> {
    for (const { key, value } of this.#tables.objects.getRange(this.#range(prefix, from))) {
      yield decodeObject(key.toString(), value);
    }
  }

  count(prefix: string, from: string): number {
    return this.#tables.objects.getKeysCount(this.#range(prefix, from));
  }

  *changes(after: number): Generator<Change, void, void> {
    const options = { reverse: true, end: revisionKey(after), transaction: this.#transaction };
    for (const { key, value } of this.#tables.changes.getRange(options)) yield decodeChange(readRevision(key), value);
  }

  #range(prefix: string, from: string) {
    const start = from === '' ? Buffer.from([0]) : Buffer.from(from);
    const end = endOf(prefix);
    return { start, ...(end ? { end } : {}), transaction: this.#transaction };
  }
}

/** The first key after all that have the prefix. UTF-8 has no byte 0xff, so adding one never carries. */
function endOf(prefix: string): Buffer | undefined {
  if (prefix === '') return undefined;
  const end = Buffer.from(prefix);
  end[end.length - 1]! += 1;
  return end;
}
