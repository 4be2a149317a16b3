/** No request but a long-running one takes longer than upstream's `--request-timeout`. */
import type { Clock, Timer } from '../../base/clock.ts';
import { timeout } from '../../openapi/status.ts';
import type { WireResponse } from './wire-response.ts';

/** Upstream's default. */
export const REQUEST_TIMEOUT_MS = 60_000;

/**
 * The time of one request, which counts until the client has read all of the answer. When it is up the request is
 * refused with 504, or its answer broken off where that is too late. Rid of it are long-running requests.
 */
export class RequestDeadline {
  readonly #timer: Timer;
  #reject: ((error: unknown) => void) | undefined;

  /** `signal` aborts when the client has everything or is gone. */
  constructor(clock: Clock, ms: number, response: WireResponse, signal: AbortSignal) {
    this.#timer = clock.after(ms, () => {
      if (this.#reject && !response.started) this.#reject(timedOut());
      else response.abort();
    });
    signal.addEventListener('abort', () => this.#timer.cancel(), { once: true });
  }

  /** There is none any more. */
  lift(): void {
    this.#timer.cancel();
  }

  /** What `work` resolves to; rejects with 504 when the time is up before. */
  async within<T>(work: Promise<T>): Promise<T> {
    const late = new Promise<never>((_resolve, reject) => {
      this.#reject = reject;
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      this.#reject = undefined;
    }
  }
}

/** Without a time to come back after: clients would do again what may have been done. */
function timedOut() {
  return timeout('request did not complete within the allotted timeout');
}
