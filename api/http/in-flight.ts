/** How many requests are worked on at a time, so that a flood of them is refused instead of piling up. */
import { isHealthPath } from './health.ts';
import type { ApiResult, UserInfo } from './request.ts';
import type { RequestInfo } from './request-info.ts';

/** Upstream's `--max-requests-inflight` and `--max-mutating-requests-inflight`; 0 is no limit. */
export interface InFlightLimits {
  readonly readOnly: number;
  readonly mutating: number;
}

/** Upstream's defaults. */
export const IN_FLIGHT_LIMITS: InFlightLimits = { readOnly: 400, mutating: 200 };
/** Upstream's: seconds after which a client that was refused may come again. */
const RETRY_AFTER_SECONDS = 1;
/** How long an answer may wait for its client to read before it has to make room for others. */
const BLOCKED_MS = 1_000;
/** An answer whose client has taken nothing for so long is stuck. */
const STUCK_MS = 5_000;
/** Each may hold a few MB that are under way, so that there must not be too many. */
const STUCK_MAX = 64;

const LONG_RUNNING_VERBS = new Set(['watch', 'proxy']);
const LONG_RUNNING_SUBRESOURCES = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);
const READ_ONLY_VERBS = new Set(['get', 'list', 'watch']);

/** Requests that may take as long as they like, and are not counted: upstream's list. */
export function isLongRunning({ verb, resource }: RequestInfo): boolean {
  return LONG_RUNNING_VERBS.has(verb) || LONG_RUNNING_SUBRESOURCES.has(resource?.subresource ?? '');
}

export function isMutating({ verb }: RequestInfo): boolean {
  return !READ_ONLY_VERBS.has(verb);
}

/** Who is never refused: whoever may repair the cluster, and whoever asks how it is. */
function isExempt({ path }: RequestInfo, { groups }: UserInfo): boolean {
  return groups.includes('system:masters') || isHealthPath(path);
}

/** The refusal, in upstream's words: no Status. */
export function tooManyRequestsAnswer(): ApiResult {
  return {
    kind: 'raw',
    status: 429,
    contentType: 'text/plain; charset=utf-8',
    body: 'Too many requests, please try again later.\n',
    headers: { 'retry-after': String(RETRY_AFTER_SECONDS), 'x-content-type-options': 'nosniff' },
  };
}

/** What holds one of the places: a request whose answer may be waiting for its reader. */
export interface Holder {
  /** Since when, by the monotonic clock, the client has not taken what was written. */
  readonly blockedSince: number | undefined;
  /** Breaks the answer off. */
  abort(): void;
}

export class InFlight {
  readonly #limits: InFlightLimits;
  readonly #monotonic: () => number;
  readonly #readOnly = new Set<Holder>();
  readonly #mutating = new Set<Holder>();
  #looked = 0;

  /** `monotonic` gives milliseconds. */
  constructor(limits: InFlightLimits, monotonic: () => number) {
    this.#limits = limits;
    this.#monotonic = monotonic;
  }

  /** Requests that hold a place. */
  get size(): number {
    return this.#readOnly.size + this.#mutating.size;
  }

  /**
   * A place for a request until `leave` is called; `undefined` when it is to be refused. Where none is free, the answer
   * that has waited longest for a client that does not read is broken off, and its place given away. So are, free or
   * not, those that have waited long where there are many.
   */
  enter(info: RequestInfo, user: UserInfo, holder: Holder): { leave(): void } | undefined {
    const [places, limit] = isMutating(info)
      ? [this.#mutating, this.#limits.mutating]
      : [this.#readOnly, this.#limits.readOnly];
    this.#breakOffStuck();
    if (limit > 0 && places.size >= limit && !isExempt(info, user)) {
      const stuck = this.#longestBlocked(places);
      if (!stuck) return undefined;
      places.delete(stuck);
      stuck.abort();
    }
    places.add(holder);
    return { leave: () => places.delete(holder) };
  }

  #breakOffStuck(): void {
    const now = this.#monotonic();
    if (now - this.#looked < BLOCKED_MS) return;
    this.#looked = now;
    const since = ({ blockedSince = now }: Holder) => blockedSince;
    const stuck = [...this.#readOnly, ...this.#mutating].filter((holder) => since(holder) <= now - STUCK_MS);
    if (stuck.length <= STUCK_MAX) return;
    stuck.sort((a, b) => since(a) - since(b));
    for (const holder of stuck.slice(0, stuck.length - STUCK_MAX)) holder.abort();
  }

  #longestBlocked(places: ReadonlySet<Holder>): Holder | undefined {
    let since = this.#monotonic() - BLOCKED_MS;
    let longest: Holder | undefined;
    for (const holder of places) {
      if (holder.blockedSince === undefined || holder.blockedSince > since) continue;
      since = holder.blockedSince;
      longest = holder;
    }
    return longest;
  }
}
