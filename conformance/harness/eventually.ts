import { systemClock } from '../../base/clock.ts';

/** Runs `attempt` until it stops throwing, then resolves with its result; the last error is thrown at the deadline. */
export async function eventually<T>(attempt: () => Promise<T>, deadlineMs = 15_000): Promise<T> {
  const end = systemClock.monotonic() + deadlineMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (systemClock.monotonic() > end) throw error;
      await systemClock.sleep(50);
    }
  }
}
