/** Go's durations, as upstream's flags take them: `1h30m`, `250ms`. */

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/gy;

/** Milliseconds; `undefined` for what is no duration. */
export function parseDuration(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1;
  const rest = text.replace(/^[+-]/, '');
  if (rest === '0') return 0;
  let total = 0;
  let read = 0;
  for (const [part, count, unit = ''] of rest.matchAll(PART)) {
    total += Number(count) * (UNIT_MS[unit] ?? 0);
    read += part.length;
  }
  return rest !== '' && read === rest.length ? sign * total : undefined;
}
