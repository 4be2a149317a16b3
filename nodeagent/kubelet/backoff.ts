/** Exponential waits by key, as client-go's flowcontrol.Backoff. */
import type { Clock } from '../../base/clock.ts';

export interface BackoffOptions {
  clock: Clock;
  /** 10 s as upstream. */
  initialMs?: number;
  /** 5 min as upstream. A key is forgotten once it was quiet for twice as long. */
  maxMs?: number;
}

export class Backoff {
  readonly #clock: Clock;
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #entries = new Map<string, { delayMs: number; updatedAt: number }>();

  constructor(options: BackoffOptions) {
    this.#clock = options.clock;
    this.#initialMs = options.initialMs ?? 10_000;
    this.#maxMs = options.maxMs ?? 300_000;
  }

  /** The current wait of the key, 0 when it has none. */
  delayMs(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0;
  }

  /** Milliseconds still to wait when the key's last failure was at `since`; 0 when it may go on. */
  remainingMs(key: string, since: number): number {
    const entry = this.#entries.get(key);
    if (!entry || this.#expired(since, entry.updatedAt)) return 0;
    return Math.max(0, since + entry.delayMs - this.#clock.now());
  }

  /** Like `remainingMs`, counted from the last `next`. */
  remainingSinceUpdateMs(key: string): number {
    const entry = this.#entries.get(key);
    if (!entry || this.#expired(this.#clock.now(), entry.updatedAt)) return 0;
    return Math.max(0, entry.updatedAt + entry.delayMs - this.#clock.now());
  }

  /** Doubles the key's wait, or starts it anew when it failed at `at` after a long quiet. */
  next(key: string, at: number): void {
    const entry = this.#entries.get(key);
    const fresh = !entry || this.#expired(at, entry.updatedAt);
    const delayMs = fresh ? this.#initialMs : Math.min(entry.delayMs * 2, this.#maxMs);
    this.#entries.set(key, { delayMs, updatedAt: this.#clock.now() });
  }

  /** Forgets all keys that begin with `prefix`. */
  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  #expired(at: number, updatedAt: number): boolean {
    return at - updatedAt > this.#maxMs * 2;
  }
}
