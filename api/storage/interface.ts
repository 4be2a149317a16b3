/**
 * Storage is an ordered map with revisions. Every committed write takes the next revision of one global, strictly
 * increasing counter; that revision is the object's `resourceVersion`. Engines promise what is written here, and
 * `suite.ts` holds them to it.
 *
 * Keys are strings in byte order, for example `/registry/pods/default/web`. Values are bytes that engines never look
 * into. An engine belongs to one process at a time unless it says otherwise (etcd).
 */

export interface KeyValue {
  key: string;
  value: Buffer;
  /** Revision of the last write to this key. */
  modRevision: number;
}

export interface ListOptions {
  /** At most this many items; all when absent or 0. */
  limit?: number;
  /** First key to return (inclusive): how a further page begins. Must have the prefix. */
  from?: string;
  /** For who does not ask how many items remain: counting takes time that grows with their number. */
  uncounted?: boolean;
  /**
   * List as of this revision, the latest when absent. `Compacted` when history no longer reaches there, `Unavailable`
   * when it is still to come.
   */
  revision?: number;
}

export interface ListResult {
  items: KeyValue[];
  /** Revision at which the list is consistent. */
  revision: number;
  /** The first key that was left out because of `limit`. */
  next?: string;
  /** How many items remain from `next` on; 0 where they were not to be counted. */
  remaining: number;
}

/** One committed write. */
export interface StorageEvent {
  type: 'put' | 'delete';
  key: string;
  /** The write's own revision, also for deletions. */
  revision: number;
  /** What was written; empty for a deletion. */
  value: Buffer;
  /** What stood there before: absent for a creation. */
  previous?: KeyValue;
}

/** Events of a watch in revision order, none missing, none twice. An empty batch only reports progress. */
export interface WatchBatch {
  events: StorageEvent[];
  /** Every event up to and including this revision has been delivered. */
  revision: number;
}

export interface Storage {
  /** Other processes write here, too: whoever wants the latest asks for `revision()` and waits until it knows that. */
  readonly shared?: boolean;

  /** Latest committed state of one key, with the revision of the store it was read at. */
  get(key: string): Promise<{ item: KeyValue | undefined; revision: number }>;

  list(prefix: string, options?: ListOptions): Promise<ListResult>;

  /**
   * Writes a key that must not exist; resolves with the write's revision once it is durable. `Exists` otherwise.
   *
   * Of all writes: `Unavailable` when it could not be committed, and then nothing has changed; `Timeout` when nobody
   * can tell in time whether it was; `RangeError` for a key that is empty or too long (an engine takes at least 1,900
   * bytes); `TooLarge` for a value that the engine has no room for (it takes at least 1.5 MB). The engine keeps the
   * buffer: it must not be changed any more. Engines in this process hand the very same buffer to their watchers.
   */
  create(key: string, value: Buffer): Promise<number>;

  /**
   * Replaces the value if the key's modRevision still is `expected`; resolves with the write's revision once durable.
   * `NotFound` when the key is gone, `Conflict` when another write came first.
   */
  update(key: string, value: Buffer, expected: number): Promise<number>;

  /** Removes the key under the same condition; resolves with the revision of the deletion once durable. */
  delete(key: string, expected: number): Promise<number>;

  /**
   * Delivers every event with a revision greater than `after`, in batches, until the signal aborts (the iteration then
   * ends without error). `Compacted` when history no longer reaches there. `after` may be still to come. A consumer may
   * be slow: it is served from history, and gets `Compacted` if that has gone meanwhile. For writes of this process a
   * batch is delivered no later than the write's promise resolves, to a consumer that waits for it.
   */
  watch(prefix: string, after: number, signal: AbortSignal): AsyncIterable<WatchBatch>;

  /** The revision of the last committed write, 0 for an empty store. */
  revision(): Promise<number>;

  /**
   * Forgets history up to and including `revision`, or what there is of it: events up to there, and states before it.
   * What is current stays. Engines may also do this by themselves.
   */
  compact(revision: number): Promise<void>;

  /** Waits for writes under way, ends watches with `Unavailable`, then frees everything. Idempotent. */
  close(): Promise<void>;
}

export type StorageErrorCode =
  | 'Exists'
  | 'NotFound'
  | 'Conflict'
  | 'Compacted'
  | 'Unavailable'
  | 'Timeout'
  | 'TooLarge'
  | 'Damaged';

/** What an engine throws; the registry translates it into a `Status`. */
export class StorageError extends Error {
  readonly code: StorageErrorCode;
  readonly key: string;
  /** For `Conflict`: the revision that stands there now. For `Compacted`: the oldest that can be asked for. */
  readonly revision: number;

  constructor(code: StorageErrorCode, key: string, message: string, revision = 0, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StorageError';
    this.code = code;
    this.key = key;
    this.revision = revision;
  }
}
