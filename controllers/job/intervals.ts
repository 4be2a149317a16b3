/** Sets of completion indexes, kept as intervals in increasing order that neither touch nor overlap. */

export interface Interval {
  readonly first: number;
  /** At least `first`. */
  readonly last: number;
}

export type Intervals = readonly Interval[];

/**
 * Reads what `formatIntervals` writes, such as `1,3-5,7`. What lies at or beyond `completions` is cut off, and parts
 * that cannot be read are passed over.
 */
export function parseIntervals(text: string | undefined, completions: number): Intervals {
  if (!text) return [];
  const intervals = text.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map((limit) => (/^\d+$/.test(limit) ? Number(limit) : Number.NaN));
    if (first === undefined || last === undefined || Number.isNaN(first + last) || first >= completions) return [];
    return [{ first, last: Math.min(last, completions - 1) }];
  });
  return mergeIntervals(intervals, []);
}

/** `1,3-5,7`; two neighbours are written `3,4`. */
export function formatIntervals(intervals: Intervals): string {
  return intervals
    .map(({ first, last }) => (first === last ? `${first}` : `${first}${last === first + 1 ? ',' : '-'}${last}`))
    .join(',');
}

/** All indexes of both. */
export function mergeIntervals(a: Intervals, b: Intervals): Intervals {
  const result: { first: number; last: number }[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const [left, right] = [a[i], b[j]];
    const next = right === undefined || (left !== undefined && left.first < right.first) ? left : right;
    if (next === left) i++;
    else j++;
    const end = result.at(-1);
    if (!next) break;
    if (end === undefined || next.first > end.last + 1) result.push({ ...next });
    else end.last = Math.max(end.last, next.last);
  }
  return result;
}

/** The set with further indexes, in any order. */
export function withIndexes(intervals: Intervals, indexes: Iterable<number>): Intervals {
  const ordered = [...indexes].sort((a, b) => a - b);
  return mergeIntervals(
    intervals,
    ordered.map((index) => ({ first: index, last: index })),
  );
}

/** How many indexes there are. */
export function totalOf(intervals: Intervals): number {
  return intervals.reduce((total, { first, last }) => total + last - first + 1, 0);
}

export function hasIndex(intervals: Intervals, index: number): boolean {
  let [low, high] = [0, intervals.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((intervals[middle]?.last ?? 0) < index) low = middle + 1;
    else high = middle;
  }
  return (intervals[low]?.first ?? Number.POSITIVE_INFINITY) <= index;
}

/** How many indexes are in both. */
export function overlapOf(a: Intervals, b: Intervals): number {
  let overlap = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const left = a[i] as Interval;
    const right = b[j] as Interval;
    overlap += Math.max(0, Math.min(left.last, right.last) - Math.max(left.first, right.first) + 1);
    if (left.last < right.last) i++;
    else j++;
  }
  return overlap;
}

/** The first `count` indexes below `completions` that are not in the set. */
export function missingIndexes(intervals: Intervals, count: number, completions: number): number[] {
  const missing: number[] = [];
  let candidate = 0;
  for (const { first, last } of [...intervals, { first: completions, last: completions }]) {
    for (; candidate < first && candidate < completions && missing.length < count; candidate++) missing.push(candidate);
    candidate = Math.max(candidate, last + 1);
  }
  return missing;
}
