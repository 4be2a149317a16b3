/** The log of a store put together again from what its clients saw: for each key, what stood there when. */
import { type History, type Operation, revisionOf, type State } from './history.ts';

/** One committed write. `state` is undefined for a deletion. */
export interface Version {
  key: string;
  revision: number;
  state: State | undefined;
  /** Of a deletion: the object that it removed, where somebody was shown it. */
  last: State | undefined;
  /** Who saw it, for messages. */
  witness: string;
}

export class Timeline {
  readonly #byRevision = new Map<number, Version>();
  readonly #byKey = new Map<string, Version[]>();
  readonly #ordered: readonly Version[];
  readonly #deletions = new Map<string, number>();
  readonly problems: string[] = [];

  /** Every write that anybody in `history` saw; contradictions between witnesses are in `problems`. */
  constructor(history: History) {
    for (const { state, witness } of statesIn(history)) {
      this.#add({ key: state.key, revision: state.revision, state, last: undefined, witness });
    }
    for (const watcher of history.watchers) {
      for (const entry of watcher.sessions.flatMap((session) => session.entries)) {
        if (entry.type === 'BOOKMARK') continue;
        const { key, revision } = entry.state;
        const witness = `${entry.type} to watcher ${watcher.name}`;
        const [state, last] = entry.type === 'DELETED' ? [undefined, entry.state] : [entry.state, undefined];
        this.#add({ key, revision, state, last, witness });
      }
    }
    this.#ordered = [...this.#byRevision.values()].sort((a, b) => a.revision - b.revision);
    for (const version of this.#ordered) {
      const versions = this.#byKey.get(version.key) ?? [];
      const before = versions.at(-1)?.state;
      if (before && !version.state) this.#deletions.set(before.uid, version.revision);
      versions.push(version);
      this.#byKey.set(version.key, versions);
    }
  }

  get keys(): Iterable<string> {
    return this.#byKey.keys();
  }

  /** Of one key, in order. */
  versions(key: string): readonly Version[] {
    return this.#byKey.get(key) ?? [];
  }

  /** All, in order, of the keys that `matches` takes, after one revision, up to and including another. */
  between(after: number, upTo: number, matches: (key: string) => boolean): Version[] {
    const first = indexAt(this.#ordered, after) + 1;
    return this.#ordered.slice(first, indexAt(this.#ordered, upTo) + 1).filter(({ key }) => matches(key));
  }

  /** The revision at which the object with this uid was deleted; undefined if nobody saw that. */
  deletionOf(uid: string): number | undefined {
    return this.#deletions.get(uid);
  }

  /** What the key's last write was as of `revision`. */
  at(key: string, revision: number): Version | undefined {
    return this.versions(key)[indexAt(this.versions(key), revision)];
  }

  /**
   * The first revision from `from` on at which the key stood as `suits` wants it; undefined if there is none up to
   * and including `upTo`.
   */
  first(key: string, from: number, upTo: number, suits: (state: State | undefined) => boolean): number | undefined {
    const versions = this.versions(key);
    for (let index = indexAt(versions, from); index < versions.length; index++) {
      const begins = Math.max(from, versions[index]?.revision ?? 0);
      if (begins > upTo) return undefined;
      if (suits(versions[index]?.state)) return begins;
    }
    return undefined;
  }

  #add(version: Version): void {
    const known = this.#byRevision.get(version.revision);
    if (!known) {
      this.#byRevision.set(version.revision, version);
      return;
    }
    if (same(known, version)) return;
    this.problems.push(
      `revision ${version.revision} is used twice: ${told(known)} (${known.witness}), ${told(version)} (${version.witness})`,
    );
  }
}

/** Index of the last version up to and including `revision`; -1 when there is none. */
function indexAt(versions: readonly Version[], revision: number): number {
  let low = 0;
  let high = versions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (versions[middle]!.revision <= revision) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function same(a: Version, b: Version): boolean {
  if (a.key !== b.key || (a.state === undefined) !== (b.state === undefined)) return false;
  return a.state && b.state ? sameState(a.state, b.state) : a.last?.uid === b.last?.uid;
}

export function sameState(a: State, b: State): boolean {
  return a.key === b.key && a.uid === b.uid && a.revision === b.revision && sameData(a.data, b.data);
}

export function sameData(a: State['data'], b: State['data']): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** One version in words. */
export function told({ key, revision, state }: Version): string {
  return state ? `operation ${state.data.op} on ${key} at ${revision}` : `the deletion of ${key} at ${revision}`;
}

function* statesIn({ operations, watchers, final }: History): Generator<{ state: State; witness: string }> {
  for (const operation of operations) {
    const witness = `answer to ${named(operation)}`;
    const { outcome } = operation;
    if (outcome.kind === 'object') yield { state: outcome.state, witness };
    if (outcome.kind === 'items') for (const state of outcome.items) yield { state, witness };
  }
  for (const { name, sessions } of watchers) {
    for (const { base } of sessions) {
      for (const state of base?.items ?? []) yield { state, witness: `list of watcher ${name}` };
    }
  }
  for (const state of final.items) yield { state, witness: 'final list' };
}

/** An operation in words. */
export function named({ id, client, key, call }: Operation): string {
  return `${call.type} ${id}${key === '' ? '' : ` of ${key}`} by ${client}`;
}

/** How far a session came. */
export function reached({ after, entries }: History['watchers'][number]['sessions'][number]): number {
  const last = entries.at(-1);
  return last ? revisionOf(last) : after;
}
