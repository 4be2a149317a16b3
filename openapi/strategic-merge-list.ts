/** The lists of strategic merge: by key or by value, and the order their results have. */
import { isJsonObject, type JsonObject } from './json.ts';
import { PatchError } from './patch-error.ts';
import { badArgument, badPatchType, goText, noMergeKey } from './strategic-merge-errors.ts';

const DIRECTIVE = '$patch';

/** Whether the elements are maps. Throws `PatchError` when they are lists, or not all alike. */
export function isListOfMaps(...lists: unknown[][]): boolean {
  let kind: string | undefined;
  for (const item of lists.flat(1)) {
    const current = Array.isArray(item) ? 'list' : isJsonObject(item) ? 'map' : typeof item;
    if (current === 'list' && kind === undefined) throw new PatchError('lists of lists are not supported', 422, true);
    if (kind !== undefined && kind !== current) {
      throw new PatchError(`list element types are not identical: [${lists.map(goText).join(' ')}]`, 422);
    }
    kind = current;
  }
  return kind === 'map';
}

export function deleteFromList(original: unknown[], toDelete: unknown[]): unknown[] {
  const gone = new Set(toDelete);
  return original.filter((item) => !gone.has(item));
}

export interface MergedList {
  items: unknown[];
  /** What a further ordering takes for the live order. */
  live: unknown[];
}

/** The union, the patch's items in the patch's order. */
export function mergeScalars(original: unknown[], patch: unknown[]): MergedList {
  return { items: orderAs([...new Set([...original, ...patch])], patch, original, ''), live: original };
}

/**
 * Merges item by item where the key matches and appends the rest; an item with `$patch: delete` takes its namesakes
 * away, one with `$patch: replace` makes the patch the whole list.
 */
export function mergeByKey(
  original: unknown[],
  patch: unknown[],
  mergeKey: string,
  merge: (original: JsonObject, item: JsonObject) => JsonObject,
  fresh: (item: unknown) => unknown,
): MergedList {
  const { kept, changes, replaces } = followDirectives(original, patch, mergeKey);
  if (replaces) return { items: orderAs(changes, [], changes, mergeKey), live: original };
  const merged = [...kept];
  const places = placesOf(merged, mergeKey);
  for (const item of changes) {
    const value = keyValue(item, mergeKey);
    const index = places.get(value);
    const match = index === undefined ? undefined : merged[index];
    if (index !== undefined && isJsonObject(match)) merged[index] = merge(match, item);
    else {
      places.set(value, merged.length);
      merged.push(fresh(item));
    }
  }
  // Upstream deletes and appends within one array: what is appended into the place of something deleted counts as live.
  return { items: orderAs(merged, changes, kept, mergeKey), live: merged.slice(0, original.length) };
}

function followDirectives(
  original: unknown[],
  patch: unknown[],
  mergeKey: string,
): { kept: unknown[]; changes: JsonObject[]; replaces: boolean } {
  let kept = original;
  let replaces = false;
  const changes: JsonObject[] = [];
  for (const item of patch) {
    if (!isJsonObject(item)) throw badArgument('map', item);
    const directive = item[DIRECTIVE];
    if (!Object.hasOwn(item, DIRECTIVE)) changes.push(item);
    else if (directive === 'delete') {
      const value = keyValue(item, mergeKey);
      kept = kept.filter((old) => !isJsonObject(old) || old[mergeKey] !== value);
    } else if (directive === 'replace') replaces = true;
    else if (directive === 'merge') throw new PatchError('merging lists cannot yet be specified in the patch', 422);
    else throw badPatchType(directive, item);
  }
  return { kept, changes, replaces };
}

/** An item's key. Throws `PatchError` when it has none. */
function keyValue(item: unknown, mergeKey: string): unknown {
  if (mergeKey === '') return item;
  if (!isJsonObject(item)) throw badArgument('map', item);
  if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey);
  return item[mergeKey];
}

/** Where each key stands first; items without one stand nowhere. */
function placesOf(list: unknown[], mergeKey: string): Map<unknown, number> {
  const places = new Map<unknown, number>();
  list.forEach((item, index) => {
    const hasKey = mergeKey === '' || (isJsonObject(item) && Object.hasOwn(item, mergeKey));
    const value = hasKey ? keyValue(item, mergeKey) : undefined;
    if (hasKey && !places.has(value)) places.set(value, index);
  });
  return places;
}

/**
 * Upstream's order: items named in `order` follow it, the others keep the live order, and the two are interleaved so
 * that an unnamed item comes before a named one exactly when it did so in `live`.
 */
export function orderAs(list: unknown[], order: unknown[], live: unknown[], mergeKey: string): unknown[] {
  if (mergeKey !== '') for (const item of order) keyValue(item, mergeKey);
  const inOrder = placesOf(order, mergeKey);
  const inLive = placesOf(live, mergeKey);
  const ranked = list.map((item) => {
    const value = keyValue(item, mergeKey);
    return { item, order: inOrder.get(value), live: inLive.get(value) };
  });
  const named = ranked.filter((rank) => rank.order !== undefined).sort((a, b) => (a.order ?? 0) - (b.order ?? 0));
  const others = sortedByLive(ranked.filter((rank) => rank.order === undefined));
  const result: unknown[] = [];
  let nextOther = 0;
  for (const rank of named) {
    for (; nextOther < others.length; nextOther++) {
      const other = others[nextOther];
      if (other?.live === undefined || rank.live === undefined || other.live >= rank.live) break;
      result.push(other.item);
    }
    result.push(rank.item);
  }
  return [...result, ...others.slice(nextOther).map((rank) => rank.item)];
}

/**
 * By their places in the live list. For items that have none, upstream's comparison says "less" to everything, so what
 * comes out depends on its way of sorting: insertion, for lists of up to twenty.
 */
function sortedByLive<T extends { live: number | undefined }>(ranks: T[]): T[] {
  const areAllLive = ranks.every((rank) => rank.live !== undefined);
  if (areAllLive || ranks.length > 20) return ranks.sort((a, b) => (a.live ?? -1) - (b.live ?? -1));
  const sorted: T[] = [];
  for (const rank of ranks) {
    let at = sorted.length;
    while (at > 0 && isLess(rank.live, sorted[at - 1]?.live)) at--;
    sorted.splice(at, 0, rank);
  }
  return sorted;
}

function isLess(left: number | undefined, right: number | undefined): boolean {
  return left === undefined || right === undefined || left < right;
}

/** Whether what `changes` merges is named in `order`, in the same order. Deletions do not count. */
export function isInOrder(changes: unknown[], order: unknown[], mergeKey: string): boolean {
  const wanted = changes.filter((item) => !(isJsonObject(item) && item[DIRECTIVE] === 'delete'));
  let next = 0;
  let entry = 0;
  while (next < wanted.length && entry < order.length) {
    const item = wanted[next];
    const isDirective = isJsonObject(item) && Object.hasOwn(item, DIRECTIVE);
    if (isDirective || keyValue(item, mergeKey) === keyValue(order[entry], mergeKey)) next++;
    if (!isDirective) entry++;
  }
  return next === wanted.length;
}
