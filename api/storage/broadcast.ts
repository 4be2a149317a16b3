/** Hands the cache's events to its watchers. Those of one prefix share the very same batches. */
import { StorageError } from './interface.ts';
import { Pull } from './pull.ts';
import type { CacheBatch, CacheEvent } from './watch-cache.ts';

/** What a watcher may leave waiting, in bytes: with large objects it is not their number that takes the memory. */
const QUEUE_MAX_BYTES = 32 << 20;

export class Broadcast {
  readonly #queueLimit: number;
  readonly #groups = new Map<string, Set<CacheWatcher>>();

  constructor(queueLimit: number) {
    this.#queueLimit = queueLimit;
  }

  get size(): number {
    let size = 0;
    for (const group of this.#groups.values()) size += group.size;
    return size;
  }

  /** A watch that begins with `events`, which reach up to `revision`. It counts from now on, not from its first step. */
  watch(
    prefix: string,
    events: CacheEvent[],
    revision: number,
    signal: AbortSignal,
    onEnd?: () => void,
  ): AsyncIterable<CacheBatch> {
    // A signal that has aborted already ends the watcher before there is one to remove.
    let joined: CacheWatcher | undefined;
    const watcher = new CacheWatcher(prefix, this.#queueLimit, signal, () => {
      if (joined) this.#remove(joined);
      onEnd?.();
    });
    if (signal.aborted) return watcher.pull;
    joined = watcher;
    const group = this.#groups.get(prefix);
    if (group) group.add(watcher);
    else this.#groups.set(prefix, new Set([watcher]));
    watcher.begin(events, revision);
    return watcher.pull;
  }

  publish(events: readonly CacheEvent[], revision: number): void {
    for (const [prefix, group] of this.#groups) {
      const selected = events.filter((event) => event.object.key.startsWith(prefix));
      if (selected.length === 0) continue;
      const batch = { events: selected, revision };
      const bytes = bytesOf(selected);
      for (const watcher of group) watcher.offer(batch, bytes);
    }
  }

  /** Tells every watcher that it has seen everything up to `revision`. */
  progress(revision: number): void {
    for (const group of this.#groups.values()) {
      for (const watcher of group) watcher.progress(revision);
    }
  }

  /** Ends the watches whose prefix begins with `prefix`, with `error` where there is one. */
  end(prefix: string, error?: Error): void {
    for (const [watched, group] of [...this.#groups]) {
      if (!watched.startsWith(prefix)) continue;
      for (const watcher of [...group]) {
        if (error) watcher.pull.fail(error);
        else watcher.pull.end();
      }
    }
  }

  #remove(watcher: CacheWatcher): void {
    const group = this.#groups.get(watcher.prefix);
    group?.delete(watcher);
    if (group?.size === 0) this.#groups.delete(watcher.prefix);
  }
}

class CacheWatcher {
  readonly prefix: string;
  readonly pull: Pull<CacheBatch>;
  readonly #queueLimit: number;
  #queue: CacheBatch[] = [];
  #queued = 0;
  #queuedBytes = 0;
  /** What the consumer has been told, or will be by what is queued. */
  #revision = 0;

  constructor(prefix: string, queueLimit: number, signal: AbortSignal, onEnd: () => void) {
    this.prefix = prefix;
    this.#queueLimit = queueLimit;
    this.pull = new Pull(
      () => this.#take(),
      signal,
      () => {
        this.#queue = [];
        onEnd();
      },
    );
  }

  /** What came before is not held against the consumer: it may be more than may queue up later. */
  begin(events: CacheEvent[], revision: number): void {
    this.#revision = revision;
    if (events.length > 0) this.#queue.push({ events, revision });
  }

  /** `bytes`: of all its objects. */
  offer(batch: CacheBatch, bytes: number): void {
    const fresh = batch.revision > this.#revision ? after(batch, this.#revision) : undefined;
    if (!fresh) return;
    this.#revision = fresh.revision;
    this.#queue.push(fresh);
    this.#queued += fresh.events.length;
    this.#queuedBytes += fresh === batch ? bytes : bytesOf(fresh.events);
    this.pull.wake();
    if (this.#queued <= this.#queueLimit && this.#queuedBytes <= QUEUE_MAX_BYTES) return;
    const message = `a watch of ${this.prefix} has fallen ${this.#queued} events behind`;
    this.pull.fail(new StorageError('Unavailable', this.prefix, message));
  }

  progress(revision: number): void {
    if (revision <= this.#revision) return;
    // For a consumer that takes nothing only the last report counts.
    if (this.#queue.at(-1)?.events.length === 0) this.#queue.pop();
    this.offer({ events: [], revision }, 0);
  }

  #take(): CacheBatch | undefined {
    const queue = this.#queue;
    this.#queue = [];
    this.#queued = 0;
    this.#queuedBytes = 0;
    if (queue.length <= 1) return queue[0];
    return { events: queue.flatMap((batch) => batch.events), revision: queue.at(-1)!.revision };
  }
}

/** The batch without what is at or before `revision`; itself, to be shared, when there is nothing of the kind. */
function after(batch: CacheBatch, revision: number): CacheBatch {
  const first = batch.events[0];
  if (!first || first.revision > revision) return batch;
  return { events: batch.events.filter((event) => event.revision > revision), revision: batch.revision };
}

function bytesOf(events: readonly CacheEvent[]): number {
  return events.reduce((sum, { object }) => sum + object.bytes.length, 0);
}
