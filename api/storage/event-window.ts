/** The last events of the cache, for watches that begin a little in the past. */
import type { CacheEvent } from './watch-cache.ts';

export class EventWindow {
  readonly #limit: number;
  #events: CacheEvent[] = [];
  /** Every event after this revision is in the window. */
  #floor: number;

  constructor(limit: number, floor: number) {
    this.#limit = limit;
    this.#floor = floor;
  }

  get floor(): number {
    return this.#floor;
  }

  add(events: readonly CacheEvent[]): void {
    for (const event of events) this.#events.push(event);
    if (this.#events.length <= this.#limit) return;
    // A tenth more than it must, so that not every event moves all the others.
    const dropped = this.#events.splice(0, this.#events.length - Math.floor(this.#limit * 0.9));
    this.#floor = dropped.at(-1)?.revision ?? this.#floor;
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
}
