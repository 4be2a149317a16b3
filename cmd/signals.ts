/**
 * Resolves with the name of the first SIGINT or SIGTERM. Later ones change nothing: `npx` passes on a Ctrl-C that the
 * terminal has sent to us already, and the second must not cut the stopping short.
 */
export function untilSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve(signal));
  });
}
