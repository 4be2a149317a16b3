/** The end of one request: known to many who need it, paid for as an AbortSignal only by the few who need that. */
export class Ending {
  #over = false;
  #reason: unknown;
  #listeners: Set<() => void> | undefined;
  #controller: AbortController | undefined;

  /** Whether it has come. */
  get over(): boolean {
    return this.#over;
  }

  /** What `end` was given. */
  get reason(): unknown {
    return this.#reason;
  }

  /** The same as an AbortSignal, made when it is first asked for: one costs more than the rest of a small request. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#over) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Throws the reason once it is over. */
  throwIfOver(): void {
    if (this.#over) throw this.#reason;
  }

  /** Calls `listener` when it comes, not if it has come. Returns what takes the listener back. */
  once(listener: () => void): () => void {
    if (this.#over) return () => undefined;
    this.#listeners ??= new Set();
    const listeners = this.#listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** It has come. Only the first call counts. */
  end(reason: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#reason = reason;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    if (listeners) for (const listener of listeners) listener();
    this.#controller?.abort(reason);
  }
}
