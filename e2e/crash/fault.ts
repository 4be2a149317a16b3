/** Ways in which a store may betray its clients, each done to a good history. */
import type { Random } from '../../base/random.ts';
import type { Entry, History, Operation, State } from './history.ts';

export type Draft<T> = T extends object ? { -readonly [K in keyof T]: Draft<T[K]> } : T;
type Operations = Draft<Operation>[];

export interface Fault {
  name: string;
  /** What the checker must say, among other things. */
  says: RegExp;
  /** Breaks the draft; false when there is nothing in it to break that way. */
  inflict(draft: Draft<History>, pick: <T>(from: readonly T[]) => T | undefined): boolean;
}

/** A copy of `good` with the fault in it; undefined when the fault finds nothing to break. */
export function broken(good: History, fault: Fault, random: Random): History | undefined {
  const draft = copied(good) as Draft<History>;
  const done = fault.inflict(draft, (from) => from[Math.floor(random.next() * from.length)]);
  return done ? (draft as History) : undefined;
}

/** Unlike `structuredClone`, it makes two of what stands in two places. */
function copied<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copied) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, copied(part)])) as T;
}

export const isEvent = (entry: Entry): entry is Exclude<Entry, { type: 'BOOKMARK' }> => entry.type !== 'BOOKMARK';
export const isWrite = ({ call }: Operation) => call.type !== 'get' && call.type !== 'list' && call.type !== 'delete';
export const sessions = (draft: Draft<History>) => draft.watchers.flatMap((watcher) => watcher.sessions);
/** Sessions with events that later entries follow: what goes wrong at the very end is only late. */
export const busy = (draft: Draft<History>) =>
  sessions(draft).filter(({ entries }) => entries.filter(isEvent).length > 1 && entries.length > 2);
export const acknowledged = (draft: Draft<History>) =>
  (draft.operations as Operations).filter((operation) => isWrite(operation) && operation.outcome.kind === 'object');

/** Every place where the history shows a state. */
export function* everywhere(draft: Draft<History>): Generator<Draft<State>> {
  for (const { outcome } of draft.operations) {
    if (outcome.kind === 'object') yield outcome.state;
    if (outcome.kind === 'items') yield* outcome.items;
  }
  for (const { base, entries } of sessions(draft)) {
    yield* base?.items ?? [];
    for (const entry of entries) if (entry.type !== 'BOOKMARK') yield entry.state;
  }
  yield* draft.final.items;
}

/** Forgets that any watcher was told of a revision. */
export function untold(draft: Draft<History>, revision: number): void {
  for (const session of sessions(draft)) {
    session.entries = session.entries.filter((entry) => !isEvent(entry) || entry.state.revision !== revision);
  }
}

export function shownLast(draft: Draft<History>, outcome: Operation['outcome']): boolean {
  if (outcome.kind !== 'object') return false;
  return draft.final.items.some(({ revision }) => revision === outcome.state.revision);
}

export function olderThan(draft: Draft<History>, outcome: Operation['outcome']): boolean {
  const revision = outcome.kind === 'object' ? outcome.state.revision : outcome.kind === 'items' ? outcome.revision : 0;
  return revision > 0 && revision < draft.final.revision;
}
