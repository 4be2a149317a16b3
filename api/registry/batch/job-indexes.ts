/** Lists of indexes as indexed jobs write them: `1,3-5,7`. */
import { quote } from '../validation/errors.ts';

/** How many indexes a list names, or what is wrong with it. */
export type Indexes = { total: number; error?: undefined } | { error: string };
type Interval = { first: number; last: number; error?: undefined } | { error: string };

/** Reads a list in increasing order, of indexes below `completions`. */
export function parseIndexes(text: string, completions: number): Indexes {
  if (text === '') return { total: 0 };
  let total = 0;
  let previous: number | undefined;
  for (const part of text.split(',')) {
    const interval = parseInterval(part, completions);
    if (interval.error !== undefined) return interval;
    if (previous !== undefined && previous >= interval.first) return notIncreasing(previous, interval.first);
    total += interval.last - interval.first + 1;
    previous = interval.last;
  }
  return { total };
}

function notIncreasing(previous: number, current: number): { error: string } {
  return { error: `non-increasing order, previous: ${previous}, current: ${current}` };
}

function parseInterval(text: string, completions: number): Interval {
  const limits = text.split('-');
  if (limits.length > 2) {
    const rule = "violates the requirement that an index interval can have at most two parts separated by '-'";
    return { error: `the fragment ${quote(text)} ${rule}` };
  }
  const [first, last] = limits.map((limit) => parseIndex(limit, completions));
  if (typeof first === 'string') return { error: first };
  if (typeof last === 'string') return { error: last };
  if (first === undefined || last === undefined) return { first: first ?? 0, last: first ?? 0 };
  return first >= last ? notIncreasing(first, last) : { first, last };
}

/** The index, or what is wrong with it. */
function parseIndex(text: string, completions: number): number | string {
  if (!/^[+-]?\d+$/.test(text)) return `cannot convert string to integer for index: ${quote(text)}`;
  return Number(text) >= completions ? `too large index: ${quote(text)}` : Number(text);
}

/** The first index that both lists name. Parts that cannot be read are passed over. */
export function firstOverlap(a: string, b: string, completions: number): number | undefined {
  if (a === '' || b === '') return undefined;
  const intervals = (text: string) =>
    text.split(',').flatMap((part) => {
      const interval = parseInterval(part, completions);
      return interval.error === undefined ? [interval] : [];
    });
  const others = intervals(b);
  for (const one of intervals(a)) {
    const other = others.find(({ first, last }) => one.first <= last && first <= one.last);
    if (other) return Math.max(one.first, other.first);
  }
  return undefined;
}
