/** Asks once for all who wait. Whoever comes while a question is under way gets the answer of the next one. */
export class Batched<T> {
  readonly #ask: () => Promise<T>;
  #current: Promise<T> | undefined;
  #next: Promise<T> | undefined;

  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
  }

  /** The answer to a question that is put no earlier than now. */
  ask(): Promise<T> {
    if (!this.#current) return this.#start();
    this.#next ??= this.#current.then(
      () => this.#following(),
      () => this.#following(),
    );
    return this.#next;
  }

  #following(): Promise<T> {
    this.#next = undefined;
    return this.#start();
  }

  #start(): Promise<T> {
    const asked = this.#ask();
    this.#current = asked;
    const over = () => {
      if (this.#current === asked) this.#current = undefined;
    };
    asked.then(over, over);
    return asked;
  }
}
