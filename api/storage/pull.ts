/**
 * An async iteration fed from outside, written by hand so that a value reaches a waiting consumer in the very next
 * microtask: a generator would take several, and a write's promise could resolve before its event is seen.
 */
export class Pull<T> implements AsyncIterableIterator<T> {
  readonly #take: () => T | undefined;
  readonly #onEnd: () => void;
  readonly #signal: AbortSignal;
  #waiting: { resolve(result: IteratorResult<T>): void; reject(error: unknown): void } | undefined;
  #error: { thrown: unknown } | undefined;
  #ended = false;

  /**
   * `take` gives what is ready, or `undefined`; what it throws ends the iteration. Whoever makes something ready calls
   * `wake`. `onEnd` is called once, when the iteration is over for whatever reason; abort ends it without error.
   */
  constructor(take: () => T | undefined, signal: AbortSignal, onEnd: () => void) {
    this.#take = take;
    this.#onEnd = onEnd;
    this.#signal = signal;
    if (signal.aborted) this.end();
    else signal.addEventListener('abort', this.#onAbort);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#waiting) return Promise.reject(new Error('bug: next() while another one is pending'));
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.wake();
    });
  }

  return(): Promise<IteratorResult<T>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Hands a waiting consumer what is ready. */
  wake(): void {
    if (!this.#waiting) return;
    if (!this.#ended) {
      try {
        const value = this.#take();
        if (value !== undefined) this.#settle()?.resolve({ done: false, value });
      } catch (error) {
        this.fail(error);
      }
      return;
    }
    const waiting = this.#settle();
    if (this.#error) waiting?.reject(this.#error.thrown);
    else waiting?.resolve({ done: true, value: undefined });
    this.#error = undefined;
  }

  /** Ends the iteration: the consumer's next step throws `error`. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#error = { thrown: error };
    this.end();
  }

  /** Ends the iteration; idempotent. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#onEnd();
    this.wake();
  }

  readonly #onAbort = () => this.end();

  #settle() {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}
