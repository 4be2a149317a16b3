/**
 * What clients saw of a server that was killed again and again: every operation with what came of it, and every event
 * of every watch. Times are ticks of one counter in the process of all the clients: only their order means something.
 */

/** The data of one object. `op` is the id of the operation that wrote it. */
export type Data = Readonly<Record<string, string>>;

/** One object as somebody was shown it. */
export interface State {
  key: string;
  uid: string;
  /** Its resourceVersion. */
  revision: number;
  data: Data;
}

/** `expected`: only if that is the revision that stands there. `data` of a patch is merged into what is there. */
export type Call =
  | { type: 'create'; data: Data }
  | { type: 'update'; data: Data; expected: number }
  | { type: 'patch'; data: Data; expected?: number }
  | { type: 'delete'; expected?: number; uid?: string }
  | { type: 'get' }
  | { type: 'list' };

export type Refusal = 'AlreadyExists' | 'NotFound' | 'Conflict';

export type Outcome =
  /** The connection broke or the server did not know either: it may have happened, or may yet. */
  | { kind: 'unknown' }
  /** It has not happened and never will. */
  | { kind: 'refused'; reason: Refusal }
  | { kind: 'object'; state: State }
  /** An answer to a deletion tells the uid, no revision. */
  | { kind: 'deleted'; uid: string }
  | { kind: 'items'; revision: number; items: readonly State[] };

export interface Operation {
  id: number;
  client: string;
  /** Empty for a list: it is of all keys. */
  key: string;
  call: Call;
  /** When the request left, when its answer was there. */
  invoked: number;
  answered: number;
  outcome: Outcome;
}

export type Entry =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; state: State; at: number }
  | { type: 'BOOKMARK'; revision: number; at: number };

/** One connection's worth of watching. */
export interface Session {
  /** It asked for what came after this revision. */
  after: number;
  /** It had to begin anew, with this list, because history did not reach back. */
  base?: { items: readonly State[]; invoked: number; at: number };
  entries: readonly Entry[];
}

export interface Watcher {
  name: string;
  /** The keys that its selector matches; all when absent. */
  keys?: readonly string[];
  sessions: readonly Session[];
}

export interface History {
  operations: readonly Operation[];
  /** One of them, at least, of all keys: nothing else tells the revisions of deletions. */
  watchers: readonly Watcher[];
  /** What a list said when everything was quiet, after every watcher had come so far. */
  final: { revision: number; items: readonly State[]; invoked: number; answered: number };
}

export function revisionOf(entry: Entry): number {
  return entry.type === 'BOOKMARK' ? entry.revision : entry.state.revision;
}
