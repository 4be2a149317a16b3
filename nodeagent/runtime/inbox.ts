/** What waits to be read from a stream of events that all say "look again": the same one twice is kept once. */
export class Inbox {
  readonly #waiting = new Set<string>();
  #wake: (() => void) | undefined;
  #closed = false;

  put(uid: string): void {
    this.#waiting.add(uid);
    this.#wake?.();
  }

  /** Ends `take`, now and later. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** The oldest; waits for one. `undefined` once closed. */
  async take(): Promise<string | undefined> {
    while (!this.#closed) {
      for (const uid of this.#waiting) {
        this.#waiting.delete(uid);
        return uid;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return undefined;
  }
}
