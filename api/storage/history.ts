/**
 * The past, worked out from the present and the changes since, newest first: each change tells what it replaced. So
 * history costs the disk one copy of a value, not two.
 */
import type { Change, View } from './backend.ts';
import { type KeyValue, type ListOptions, type ListResult, StorageError, type StorageEvent } from './interface.ts';
import { compareKeys } from './keys.ts';

/** The events under the prefix with a revision greater than `after`, in order. Throws `Compacted`. */
export function eventsSince(view: View, prefix: string, after: number): StorageEvent[] {
  requireHistory(view, after);
  const later = new Map<string, KeyValue | undefined>();
  const events: StorageEvent[] = [];
  for (const change of view.changes(after)) {
    if (!change.key.startsWith(prefix)) continue;
    const written = later.has(change.key) ? later.get(change.key) : view.get(change.key);
    later.set(change.key, change.previous);
    events.push(complete(change, written));
  }
  return events.reverse();
}

function complete(change: Change, written: KeyValue | undefined): StorageEvent {
  if (change.type === 'delete') return { ...change, value: Buffer.alloc(0) };
  if (written?.modRevision !== change.revision) {
    throw new StorageError('Damaged', change.key, `history of ${change.key} has a gap at revision ${change.revision}`);
  }
  return { ...change, value: written.value };
}

/** What `Storage.list` promises. Throws `Compacted`, and `Unavailable` for a revision that is still to come. */
export function listAt(view: View, prefix: string, options: ListOptions): ListResult {
  const { from = prefix, limit = 0, revision = view.revision, uncounted = false } = options;
  if (!from.startsWith(prefix)) throw new RangeError(`cannot list ${prefix} from ${from}: not below it`);
  requireHistory(view, revision);
  if (revision > view.revision) {
    throw new StorageError('Unavailable', prefix, `revision ${revision} is not written yet`, view.revision);
  }
  const past = pastOf(view, prefix, revision);
  const items: KeyValue[] = [];
  for (const item of restore(view.scan(prefix, from), past, from)) {
    if (limit > 0 && items.length === limit) {
      const remaining = uncounted ? 0 : countFrom(view, prefix, item.key, past);
      return { items, revision, next: item.key, remaining };
    }
    items.push(item);
  }
  return { items, revision, remaining: 0 };
}

function requireHistory(view: View, revision: number): void {
  if (revision >= view.compacted) return;
  const message = `revision ${revision} is compacted, the oldest kept is ${view.compacted}`;
  throw new StorageError('Compacted', '', message, view.compacted);
}

/** What stood at `revision` under every key that was written since; `undefined` where nothing did. */
function pastOf(view: View, prefix: string, revision: number): Map<string, KeyValue | undefined> {
  const past = new Map<string, KeyValue | undefined>();
  if (revision === view.revision) return past;
  for (const change of view.changes(revision)) {
    if (change.key.startsWith(prefix)) past.set(change.key, change.previous);
  }
  return past;
}

function* restore(current: Iterable<KeyValue>, past: Map<string, KeyValue | undefined>, from: string) {
  const restored = [...past.values()]
    .filter((item) => item !== undefined && compareKeys(item.key, from) >= 0)
    .map((item) => item!)
    .sort((a, b) => compareKeys(a.key, b.key));
  let position = 0;
  for (const item of current) {
    for (let then = restored[position]; then && compareKeys(then.key, item.key) <= 0; then = restored[++position]) {
      yield then;
    }
    if (!past.has(item.key)) yield item;
  }
  yield* restored.slice(position);
}

function countFrom(view: View, prefix: string, from: string, past: Map<string, KeyValue | undefined>): number {
  let count = view.count(prefix, from);
  for (const [key, then] of past) {
    if (compareKeys(key, from) >= 0) count += (then ? 1 : 0) - (view.get(key) ? 1 : 0);
  }
  return count;
}
