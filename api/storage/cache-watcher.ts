/** One watch of the cache: what has come for it and waits to be taken. */
import { StorageError } from './interface.ts';
import { Pull } from './pull.ts';
import type { CacheBatch, CacheEvent } from './watch-cache.ts';

/** What a watcher may leave waiting, in bytes: with large objects it is not their number that takes the memory. */
const QUEUE_MAX_BYTES = 32 << 20;

export class CacheWatcher {
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

/** Of all objects that the events tell of. */
export function bytesOf(events: readonly CacheEvent[]): number {
  return events.reduce((sum, { object }) => sum + object.size, 0);
}
