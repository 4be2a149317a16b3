/** The tables of an lmdb store, read through snapshots and written in transactions. */
import type { Database, RootDatabase, Transaction } from 'lmdb';
import type { Backend, Change, Commit, View } from '../backend.ts';
import { type KeyValue, StorageError } from '../interface.ts';
import {
  decodeChange,
  decodeObject,
  decodeState,
  encodeChange,
  encodeObject,
  encodeState,
  readRevision,
  revisionKey,
  type State,
} from './records.ts';

type Table = Database<Buffer, Buffer>;

export interface Tables {
  root: RootDatabase<Buffer, Buffer>;
  objects: Table;
  changes: Table;
  meta: Table;
}

const STATE = Buffer.from('state');
/** MDB_PAGE_NOTFOUND, MDB_CORRUPTED, MDB_VERSION_MISMATCH, MDB_INVALID. */
const DAMAGED = new Set([-30797, -30796, -30794, -30793]);

export class LmdbBackend implements Backend {
  /** lmdb's own limit for pages of 4 KiB. */
  readonly keyLimit = 1978;
  readonly #tables: Tables;
  readonly #onClosed: () => Promise<void>;
  /** Set once lmdb has said that it cannot go on: asked again, it would never answer. */
  #broken: StorageError | undefined;

  constructor(tables: Tables, onClosed: () => Promise<void>) {
    this.#tables = tables;
    this.#onClosed = onClosed;
  }

  read<T>(use: (view: View) => T): T {
    const transaction = this.#tables.root.useReadTransaction();
    try {
      return use(new Snapshot(this.#tables, transaction));
    } catch (error) {
      throw translate(error);
    } finally {
      transaction.done();
    }
  }

  /** Requests that are just being read off their sockets are served before this resolves. */
  gather(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  async commit({ events, revision, compacted }: Commit): Promise<void> {
    if (this.#broken) throw this.#broken;
    const { root, objects, changes, meta } = this.#tables;
    const before = this.read((view) => view.compacted);
    // Encoded first: an exception inside the batch would commit half of it.
    const writes = events.map((event) => ({
      key: Buffer.from(event.key),
      object: event.type === 'put' ? encodeObject(event.value, event.revision) : undefined,
      changeKey: revisionKey(event.revision),
      change: encodeChange(event),
    }));
    const state = encodeState({ revision, compacted });
    try {
      await root.batch(() => {
        for (const { key, object, changeKey, change } of writes) {
          void (object ? objects.put(key, object) : objects.remove(key));
          void changes.put(changeKey, change);
        }
        for (let old = before + 1; old <= Math.min(compacted, revision); old++) void changes.remove(revisionKey(old));
        void meta.put(STATE, state);
      });
    } catch (error) {
      throw await this.#explain(error);
    }
  }

  async close(): Promise<void> {
    await this.#tables.root.close();
    await this.#onClosed();
  }

  /** The reason behind lmdb's "commit failed", and whether it still works at all. */
  async #explain(error: unknown): Promise<unknown> {
    const reason = await reasonOf(error);
    try {
      this.#tables.root.transactionSync(() => undefined);
    } catch (broken) {
      const message = 'lmdb has stopped after a failed write, start again';
      this.#broken = new StorageError('Unavailable', '', message, 0, { cause: broken });
    }
    return reason;
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

export function readState(tables: Tables): State {
  const record = tables.meta.getBinary(STATE);
  return record ? decodeState(record) : { revision: 0, compacted: 0 };
}

/** lmdb's errors as ours. */
export function translate(error: unknown): unknown {
  if (error instanceof StorageError || error instanceof RangeError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const damaged = typeof code === 'number' && DAMAGED.has(code);
  const message = damaged ? 'the store is damaged: restore it from a backup or delete it' : 'cannot read the store';
  return new StorageError(damaged ? 'Damaged' : 'Unavailable', '', message, 0, { cause: error });
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
    const state = record ? decodeState(record) : { revision: 0, compacted: 0 };
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
