/** Promises that wait for a revision to be reached. */

interface Waiter {
  revision: number;
  resolve(): void;
  reject(error: unknown): void;
}

export class Waiters {
  readonly #waiters = new Set<Waiter>();

  /** Resolves when `revision` is reached; rejects with the signal's reason. */
  wait(revision: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const end = () => {
        signal?.removeEventListener('abort', onAbort);
        this.#waiters.delete(waiter);
      };
      const onAbort = () => waiter.reject(signal?.reason);
      const waiter: Waiter = {
        revision,
        resolve: () => {
          end();
          resolve();
        },
        reject: (error) => {
          end();
          reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort);
      this.#waiters.add(waiter);
    });
  }

  reached(revision: number): void {
    for (const waiter of [...this.#waiters]) {
      if (waiter.revision <= revision) waiter.resolve();
    }
  }

  fail(error: Error): void {
    for (const waiter of [...this.#waiters]) waiter.reject(error);
  }
}
