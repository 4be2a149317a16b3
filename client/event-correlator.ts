/**
 * Keeps events from flooding the store, as client-go's EventCorrelator: the same event again only raises a count, many
 * alike are combined into one, and an object that causes too many is not listened to for a while.
 */
import type { Clock } from '../base/clock.ts';
import { RecentMap } from './recent-map.ts';

/** Different messages for one object and reason before they are combined into one event. */
const SIMILAR_MAX = 10;
const SIMILAR_INTERVAL_MS = 600_000;
/** Events about one object that may come at once, and how often one more may. */
const BURST = 25;
const REFILL_MS = 300_000;

/** What to do with one event: the key under which repeats of it count, and the message to send. */
export interface Correlation {
  key: string;
  message: string;
}

export class EventCorrelator {
  readonly #clock: Clock;
  readonly #similar = new RecentMap<{ messages: Set<string>; lastMs: number }>();
  readonly #budgets = new RecentMap<{ tokens: number; atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * `object` identifies what the event is about, `group` all of the event but its message. `undefined` means that the
   * event is not to be sent.
   */
  correlate(object: string, group: string, message: string): Correlation | undefined {
    const correlation = this.#combine(group, message);
    return this.#spend(object) ? correlation : undefined;
  }

  #combine(group: string, message: string): Correlation {
    const now = this.#clock.now();
    const known = this.#similar.get(group);
    const messages = known && now - known.lastMs <= SIMILAR_INTERVAL_MS ? known.messages : new Set<string>();
    messages.add(message);
    this.#similar.set(group, { messages, lastMs: now });
    if (messages.size < SIMILAR_MAX) return { key: JSON.stringify([group, message]), message };
    const [first] = messages;
    if (first !== undefined) messages.delete(first);
    return { key: group, message: `(combined from similar events): ${message}` };
  }

  #spend(object: string): boolean {
    const now = this.#clock.now();
    const before = this.#budgets.get(object) ?? { tokens: BURST, atMs: now };
    const tokens = Math.min(BURST, before.tokens + (now - before.atMs) / REFILL_MS);
    this.#budgets.set(object, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs: now });
    return tokens >= 1;
  }
}
