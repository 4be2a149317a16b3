/** No request but a long-running one takes longer than upstream's `--request-timeout`. */
import type { Clock, Timer } from '../../base/clock.ts';
import { timeout } from '../../openapi/status.ts';
import type { Ending } from './ending.ts';
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

  /** `ending` comes when the client has everything or is gone. */
  constructor(clock: Clock, ms: number, response: WireResponse, ending: Ending) {
    this.#timer = clock.after(ms, () => {
      if (this.#reject && !response.started) this.#reject(timedOut());
      else response.abort();
    });
    ending.once(() => this.#timer.cancel());
  }

  /** There is none any more. */
  lift(): void {
    this.#timer.cancel();
  }

  /** What `work` resolves to; rejects with 504 when the time is up before. */
  within<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#reject = reject;
      work.then(
        (result) => {
          this.#reject = undefined;
          resolve(result);
        },
        (error) => {
          this.#reject = undefined;
          reject(error);
        },
      );
    });
  }
}

/** Without a time to come back after: clients would do again what may have been done. */
function timedOut() {
  return timeout('request did not complete within the allotted timeout');
}
