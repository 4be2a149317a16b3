/**
 * Storage inside this process. Writes queue up; whatever waits when a commit ends is decided in one go, committed in
 * one transaction, then shown to the watchers and only then acknowledged.
 */
import { type Clock, systemClock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Backend, View } from './backend.ts';
import { decide, type Write } from './decide.ts';
import { listAt } from './history.ts';
import {
  type KeyValue,
  type ListOptions,
  type ListResult,
  type Storage,
  StorageError,
  type WatchBatch,
} from './interface.ts';
import { HISTORY_LIMITS, type HistoryLimits, Retention } from './retention.ts';
import { WatchHub } from './watch-hub.ts';

export interface EmbeddedOptions {
  /** What is kept for watches and lists that begin in the past; older events are forgotten. */
  history?: Partial<HistoryLimits>;
  clock?: Pick<Clock, 'monotonic'>;
}

interface Waiting {
  /** `undefined`: a compaction. */
  write: Write | undefined;
  compacted: number;
  resolve(revision: number): void;
  reject(error: unknown): void;
}

export class EmbeddedStorage implements Storage {
  readonly #backend: Backend;
  readonly #hub: WatchHub;
  readonly #retention: Retention;
  #queue: Waiting[] = [];
  #draining: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(backend: Backend, options: EmbeddedOptions = {}) {
    this.#backend = backend;
    const limits = { ...HISTORY_LIMITS, ...options.history };
    const revision = backend.read((view) => view.revision);
    this.#retention = new Retention(limits, options.clock ?? systemClock, revision, backend.historyBytes);
    this.#hub = new WatchHub((use) => backend.read(use));
  }

  /** Watches being served. */
  get watchers(): number {
    return this.#hub.size;
  }

  async get(key: string): Promise<{ item: KeyValue | undefined; revision: number }> {
    return this.#read((view) => ({ item: view.get(key), revision: view.revision }));
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListResult> {
    return this.#read((view) => listAt(view, prefix, options));
  }

  create(key: string, value: Buffer): Promise<number> {
    return this.#submit({ type: 'create', key, value });
  }

  update(key: string, value: Buffer, expected: number): Promise<number> {
    return this.#submit({ type: 'update', key, value, expected });
  }

  delete(key: string, expected: number): Promise<number> {
    return this.#submit({ type: 'delete', key, expected });
  }

  watch(prefix: string, after: number, signal: AbortSignal): AsyncIterable<WatchBatch> {
    this.#requireOpen();
    return this.#hub.watch(prefix, after, signal);
  }

  async revision(): Promise<number> {
    return this.#read((view) => view.revision);
  }

  async compact(revision: number): Promise<void> {
    await this.#submit(undefined, revision);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#draining;
    this.#hub.close(closedError());
    await this.#backend.close();
  }

  #requireOpen(): void {
    if (this.#closed) throw closedError();
  }

  #read<T>(use: (view: View) => T): T {
    this.#requireOpen();
    return this.#backend.read(use);
  }

  /** The promise is handed out as it is: every further `then` would be a step in which a watcher is still behind. */
  #submit(write: Write | undefined, compacted = 0): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#requireOpen();
      if (write) requireKey(write.key, this.#backend.keyLimit);
      this.#queue.push({ write, compacted, resolve, reject });
      this.#draining ??= this.#drain();
    });
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      await this.#backend.gather();
      const batch = this.#queue;
      this.#queue = [];
      await this.#commitOrReject(batch);
    }
    this.#draining = undefined;
  }

  /** Where a commit fails the deletions in it are tried again by themselves: on a full disk they are the way out. */
  async #commitOrReject(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#commit(batch);
    } catch (cause) {
      const deletions = batch.filter((waiting) => waiting.write?.type === 'delete');
      const others = batch.filter((waiting) => waiting.write?.type !== 'delete');
      const tried = others.length === 0 ? batch : others;
      const error = unavailable(cause);
      for (const waiting of tried) waiting.reject(error);
      if (others.length > 0 && deletions.length > 0) await this.#commitOrReject(deletions);
    }
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const writes = batch.flatMap((waiting) => waiting.write ?? []);
    const [before, decision] = this.#backend.read((view) => [
      { revision: view.revision, compacted: view.compacted },
      decide(writes, view.revision, (key) => view.get(key)),
    ]);
    const { events, revision } = decision;
    const asked = Math.max(before.compacted, ...batch.map((waiting) => waiting.compacted));
    const compacted = this.#retention.compactedAfter(events, revision, Math.min(asked, revision));
    if (events.length > 0 || compacted > before.compacted) {
      await this.#backend.commit({ events, revision, compacted });
      this.#retention.committed(events, revision, compacted);
    }
    if (events.length > 0) this.#hub.publish(events, revision);
    const outcomes = decision.outcomes.values();
    for (const waiting of batch) settle(waiting, waiting.write ? outcomes.next().value : revision);
  }
}

/** What a backend throws says what to do about it, if it is a `StorageError`. */
function unavailable(cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause;
  return new StorageError('Unavailable', '', `cannot write to the store: ${messageOf(cause)}`, 0, { cause });
}

function settle(waiting: Waiting, outcome: number | StorageError | undefined): void {
  if (typeof outcome === 'number') waiting.resolve(outcome);
  else waiting.reject(outcome);
}

function requireKey(key: string, limit: number): void {
  const length = Buffer.byteLength(key);
  if (length === 0 || length > limit) throw new RangeError(`key of ${length} bytes: 1 to ${limit} are allowed`);
}

function closedError(): StorageError {
  return new StorageError('Unavailable', '', 'the store is closed');
}
