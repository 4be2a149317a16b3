/** The last events of the cache, for watches that begin a little in the past. */
import type { CacheEvent } from './watch-cache.ts';

/** What was overwritten lives on in the window only: large objects written again and again must not add up. */
const BYTES_LIMIT = 32 * 1024 ** 2;

export class EventWindow {
  readonly #limit: number;
  readonly #bytesLimit: number;
  #events: CacheEvent[] = [];
  #bytes = 0;
  /** Every event after this revision is in the window. */
  #floor: number;

  /** `limit`: events kept; `bytesLimit`: of what they have written, by its encoding. */
  constructor(limit: number, floor: number, bytesLimit = BYTES_LIMIT) {
    this.#limit = limit;
    this.#floor = floor;
    this.#bytesLimit = bytesLimit;
  }

  get floor(): number {
    return this.#floor;
  }

  /** Whether every event after `after` may find room: each takes a revision of its own. */
  hasRoomFor(after: number): boolean {
    return this.#events.length + this.#floor - after <= this.#limit && this.#bytes < this.#bytesLimit * 0.8;
  }

  /** Adds what came before: every event after `floor` up to and including the present floor; of it what has room. */
  reachBack(events: readonly CacheEvent[], floor: number): void {
    this.#events = [...events, ...this.#events];
    this.#bytes += bytesOf(events);
    this.#floor = floor;
    if (this.#bytes > this.#bytesLimit) this.#shrink();
  }

  add(events: readonly CacheEvent[]): void {
    for (const event of events) this.#events.push(event);
    this.#bytes += bytesOf(events);
    if (this.#events.length > this.#limit || this.#bytes > this.#bytesLimit) this.#shrink();
  }

  /** Events under the prefix with a revision greater than `after`, which must not be below the floor. */
  since(prefix: string, after: number): CacheEvent[] {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#events[middle]!.revision <= after) low = middle + 1;
      else high = middle;
    }
    return this.#events.slice(low).filter((event) => event.object.key.startsWith(prefix));
  }

  /** A tenth more goes than must, so that not every event moves all the others. */
  #shrink(): void {
    const [most, mostBytes] = [Math.floor(this.#limit * 0.9), this.#bytesLimit * 0.9];
    let count = 0;
    while (count < this.#events.length && (this.#events.length - count > most || this.#bytes > mostBytes)) {
      this.#bytes -= this.#events[count++]!.object.size;
    }
    const dropped = this.#events.splice(0, count);
    this.#floor = dropped.at(-1)?.revision ?? this.#floor;
  }
}

function bytesOf(events: readonly CacheEvent[]): number {
  return events.reduce((sum, { object }) => sum + object.size, 0);
}
