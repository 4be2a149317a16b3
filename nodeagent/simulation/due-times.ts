/**
 * What is to be looked at when. Tens of thousands of keys wait on one timer: a heap orders their times, and entries
 * that have been overtaken are dropped when they come up.
 */
import type { Clock, Timer } from '../../base/clock.ts';

interface Entry {
  key: string;
  at: number;
}

/** The longest that a timer of the system can wait; what is due later is waited for again. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export class DueTimes {
  readonly #clock: Clock;
  readonly #onDue: (key: string) => void;
  readonly #gridMs: number;
  readonly #heap: Entry[] = [];
  readonly #times = new Map<string, number>();
  #timer: { at: number; timer: Timer } | undefined;
  #closed = false;

  /**
   * `onDue` is told of each key once its time has come, synchronously; it must not throw. Times are rounded up to
   * multiples of `gridMs`, so that what need not be on the dot wakes the process together.
   */
  constructor(clock: Clock, onDue: (key: string) => void, gridMs = 1) {
    this.#clock = clock;
    this.#onDue = onDue;
    this.#gridMs = gridMs;
  }

  /** The key's time, milliseconds since the epoch, in place of the one it had. */
  set(key: string, time: number): void {
    const at = Math.ceil(time / this.#gridMs) * this.#gridMs;
    if (this.#closed || this.#times.get(key) === at) return;
    this.#times.set(key, at);
    this.#push({ key, at });
    this.#arm();
  }

  delete(key: string): void {
    this.#times.delete(key);
  }

  get size(): number {
    return this.#times.size;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    this.#times.clear();
    this.#heap.length = 0;
  }

  #arm(): void {
    const first = this.#heap[0];
    if (!first || (this.#timer && this.#timer.at <= first.at)) return;
    this.#timer?.timer.cancel();
    const waitMs = Math.min(Math.max(0, first.at - this.#clock.now()), TIMER_MAX_MS);
    const timer = this.#clock.after(waitMs, () => {
      this.#timer = undefined;
      this.#fire();
      this.#arm();
    });
    this.#timer = { at: first.at, timer };
  }

  #fire(): void {
    const now = this.#clock.now();
    for (let first = this.#heap[0]; first && first.at <= now; first = this.#heap[0]) {
      this.#pop();
      if (this.#times.get(first.key) !== first.at) continue;
      this.#times.delete(first.key);
      this.#onDue(first.key);
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if ((heap[parent] as Entry).at <= entry.at) break;
      heap[index] = heap[parent] as Entry;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as Entry).at < (heap[child] as Entry).at) child++;
      if ((heap[child] as Entry).at >= last.at) break;
      heap[index] = heap[child] as Entry;
      index = child;
    }
    heap[index] = last;
  }
}
