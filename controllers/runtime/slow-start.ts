/** Does the same thing many times, carefully at first: if the first attempt fails, the rest would too. */

export interface SlowStartResult {
  successes: number;
  /** The first failure; nothing was attempted after its batch. */
  error?: unknown;
}

/**
 * Calls `attempt` `count` times in batches of 1, 2, 4, …; the calls of a batch run side by side. A batch with a failure
 * is the last.
 */
export async function slowStart(count: number, attempt: () => Promise<void>): Promise<SlowStartResult> {
  let successes = 0;
  let batch = Math.min(count, 1);
  while (batch > 0) {
    const results = await Promise.allSettled(Array.from({ length: batch }, attempt));
    const failures = results.filter((result) => result.status === 'rejected');
    successes += results.length - failures.length;
    const [first] = failures;
    if (first) return { successes, error: first.reason };
    batch = Math.min(batch * 2, count - successes);
  }
  return { successes };
}
