/** Lets so many do something at a time; the others wait their turn. */
export class Slots {
  readonly #waiting: (() => void)[] = [];
  readonly #onEased: () => void;
  #free: number;

  /** `onEased` is called when nobody has to wait any more. */
  constructor(count: number, onEased: () => void) {
    this.#free = count;
    this.#onEased = onEased;
  }

  /** Whether somebody waits. */
  get crowded(): boolean {
    return this.#waiting.length > 0;
  }

  /** Runs `work` when its turn has come; settles as that does. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) {
        next();
        if (!this.crowded) this.#onEased();
      } else this.#free += 1;
    }
  }
}
