/**
 * Spaces the looks at each key by what they cost. Changes that come meanwhile are seen together, so that an object with
 * ten thousand pods takes no more than a share of the time while they all change.
 */
import type { Clock } from '../../base/clock.ts';

/** A look that is shorter than this needs no pause. */
const CHEAP_MS = 2;
/** After a look, ten times as long without: at most a tenth of the time goes into looking. */
const FACTOR = 10;
const PAUSE_MAX_MS = 1000;

export class Pacer {
  readonly #clock: Clock;
  readonly #pauses = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Does the work that a look at the key takes, without what it waits for. */
  measure<T>(key: string, work: () => T): T {
    const begun = this.#clock.monotonic();
    const result = work();
    const tookMs = this.#clock.monotonic() - begun;
    if (tookMs > CHEAP_MS) this.#pauses.set(key, Math.min(tookMs * FACTOR, PAUSE_MAX_MS));
    else this.#pauses.delete(key);
    return result;
  }

  /** After how many milliseconds a change of the key should be looked at; 0 when looks are cheap. */
  pauseMs(key: string): number {
    return this.#pauses.get(key) ?? 0;
  }

  forget(key: string): void {
    this.#pauses.delete(key);
  }
}
