/** What an embedded engine has to bring; `EmbeddedStorage` makes a `Storage` of it. */
import type { KeyValue, StorageEvent } from './interface.ts';

/** One write as history keeps it: what it replaced, from which every older state can be had. */
export type Change = Omit<StorageEvent, 'value'>;

/** Everything as it was at one revision. */
export interface View {
  readonly revision: number;
  /** History up to and including this revision is forgotten. */
  readonly compacted: number;
  get(key: string): KeyValue | undefined;
  /** Items under the prefix in key order, the first one at or after `from`. */
  scan(prefix: string, from: string): Iterable<KeyValue>;
  /** How many items `scan` would give. */
  count(prefix: string, from: string): number;
  /** Changes with a revision greater than `after`, newest first. */
  changes(after: number): Iterable<Change>;
}

/** One transaction: all of it is committed, or nothing. */
export interface Commit {
  /** In revision order, without gaps; may be empty. */
  events: readonly StorageEvent[];
  /** The store's revision afterwards. */
  revision: number;
  /** History up to and including this revision can go. */
  compacted: number;
}

export interface Backend {
  /** The longest key, in bytes. */
  readonly keyLimit: number;
  /** Bytes of the history there was when it was opened. */
  readonly historyBytes: number;
  /** Calls `use` at once with the last committed state, which is good until `use` returns. */
  read<T>(use: (view: View) => T): T;
  /** Resolves when the writes that are just arriving have arrived, so that they share a commit. */
  gather(): Promise<void>;
  /**
   * Resolves once all is durable; when it rejects, the objects are as before. It may forget more than `compacted` says,
   * also then. Never called before the last one ended.
   */
  commit(commit: Commit): Promise<void>;
  close(): Promise<void>;
}
