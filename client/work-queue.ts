/**
 * A queue of keys, with client-go's promises:
 * - Fair: keys come out in the order in which they were added.
 * - Stingy: a key is handed to one worker at a time, and adding it again before it comes out changes nothing.
 * - A key that is added while a worker has it comes out once more after `done`.
 * - Retries of one key are spaced exponentially until `forget`.
 */
import type { Clock, Timer } from '../base/clock.ts';

export interface WorkQueueOptions {
  clock: Clock;
  /** First retry after this long, doubled each time. 5 ms as upstream. */
  baseDelayMs?: number;
  /** 1000 s as upstream. */
  maxDelayMs?: number;
}

export class WorkQueue {
  readonly #clock: Clock;
  readonly #baseDelayMs: number;
  readonly #maxDelayMs: number;
  /** In order; each key is also in `#dirty`. */
  readonly #order: string[] = [];
  /** Keys that need work: waiting in `#order`, or in a worker's hands and added again. */
  readonly #dirty = new Set<string>();
  readonly #processing = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #delayed = new Map<string, { at: number; timer: Timer }>();
  readonly #waiting: ((key: string | undefined) => void)[] = [];
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#baseDelayMs = options.baseDelayMs ?? 5;
    this.#maxDelayMs = options.maxDelayMs ?? 1_000_000;
  }

  add(key: string): void {
    if (this.#closed || this.#dirty.has(key)) return;
    this.#dirty.add(key);
    if (!this.#processing.has(key)) this.#push(key);
  }

  /** Adds the key after `ms`; of several delays the shortest counts. */
  addAfter(key: string, ms: number): void {
    if (this.#closed) return;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const at = this.#clock.monotonic() + ms;
    const earlier = this.#delayed.get(key);
    if (earlier && earlier.at <= at) return;
    earlier?.timer.cancel();
    const timer = this.#clock.after(ms, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { at, timer });
  }

  /** Adds the key after a delay that doubles with each call since the last `forget`. Returns the delay. */
  addRateLimited(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const ms = Math.min(this.#baseDelayMs * 2 ** failures, this.#maxDelayMs);
    this.addAfter(key, ms);
    return ms;
  }

  /** The key succeeded, or is given up: its next failure counts as the first. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Resolves with the next key, or `undefined` once the queue is closed. The caller must call `done` with it. */
  get(): Promise<string | undefined> {
    const key = this.#order.shift();
    if (key !== undefined) {
      this.#hand(key);
      return Promise.resolve(key);
    }
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  done(key: string): void {
    this.#processing.delete(key);
    if (this.#dirty.has(key)) this.#push(key);
  }

  /** Keys that wait for a worker. */
  get length(): number {
    return this.#order.length;
  }

  /** No key waits, none is being worked on, none is delayed. */
  get idle(): boolean {
    return this.#order.length === 0 && this.#processing.size === 0 && this.#delayed.size === 0;
  }

  /** Takes no more keys, forgets those that wait, and lets waiting workers go. */
  close(): void {
    this.#closed = true;
    this.#order.length = 0;
    this.#dirty.clear();
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }

  #push(key: string): void {
    const resolve = this.#waiting.shift();
    if (resolve) {
      this.#hand(key);
      resolve(key);
    } else {
      this.#order.push(key);
    }
  }

  #hand(key: string): void {
    this.#processing.add(key);
    this.#dirty.delete(key);
  }
}
