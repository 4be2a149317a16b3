/** Events, as a measure of how often somebody tried something. */
export interface EventWrite {
  /** Whom the event is about. */
  about: string;
  atMs: number;
}

/** Objects that more events were written about in a minute than are allowed. */
export function eventStorms(writes: readonly EventWrite[], perMinuteMax: number): string[] {
  return [...mostPerMinute(writes)]
    .filter(([, most]) => most > perMinuteMax)
    .map(([about, most]) => `${about}: ${most} events within a minute`);
}

/** The most events about each object within any minute. */
export function mostPerMinute(writes: readonly EventWrite[]): Map<string, number> {
  const byObject = new Map<string, number[]>();
  for (const { about, atMs } of writes) {
    const times = byObject.get(about);
    if (times) times.push(atMs);
    else byObject.set(about, [atMs]);
  }
  const ordered = [...byObject].map(([about, times]): [string, number[]] => [about, times.toSorted((a, b) => a - b)]);
  return new Map(ordered.map(([about, times]) => [about, mostWithin(times, 60_000)]));
}

/** How many of these times, in order, lie at most within so long. */
function mostWithin(times: readonly number[], windowMs: number): number {
  let most = 0;
  let first = 0;
  times.forEach((time, index) => {
    while (time - (times[first] ?? time) > windowMs) first++;
    most = Math.max(most, index - first + 1);
  });
  return most;
}
