/** The two merge patches, as far as `FakeApi` needs them, and freezing. */

export type Bag = Record<string, unknown>;

function isBag(value: unknown): value is Bag {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** RFC 7396. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isBag(patch)) return patch;
  const result: Bag = isBag(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** Lists that are merged, with the field that tells their items apart; `''` where the items themselves do. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  ownerReferences: 'uid',
  conditions: 'type',
  finalizers: '',
};

/** The items to take out of a list of strings. */
const REMOVAL = /^\$deleteFromPrimitiveList\/(.+)$/;

/** A merge patch in which the lists above are merged item by item, and `$patch: delete` takes one out. */
export function strategicMergePatch(target: unknown, patch: unknown): unknown {
  if (!isBag(patch)) return patch;
  const result: Bag = isBag(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    const mergeKey = MERGE_KEYS[key];
    const removedFrom = REMOVAL.exec(key)?.[1];
    if (value === null) delete result[key];
    else if (removedFrom !== undefined) result[removedFrom] = withoutItems(result[removedFrom], value);
    else if (mergeKey !== undefined && Array.isArray(value)) result[key] = mergedList(result[key], value, mergeKey);
    else result[key] = strategicMergePatch(result[key], value);
  }
  return result;
}

function withoutItems(target: unknown, items: unknown): unknown[] | undefined {
  const left = Array.isArray(target) ? target.filter((item) => !Array.isArray(items) || !items.includes(item)) : [];
  return left.length > 0 ? left : undefined;
}

function mergedList(target: unknown, patch: unknown[], key: string): unknown[] {
  const list: unknown[] = Array.isArray(target) ? [...target] : [];
  if (key === '') return [...new Set([...list, ...patch])];
  for (const item of patch as Bag[]) {
    const index = list.findIndex((other) => (other as Bag)[key] === item[key]);
    if (item.$patch === 'delete') {
      if (index >= 0) list.splice(index, 1);
    } else if (index >= 0) list[index] = strategicMergePatch(list[index], item);
    else list.push(item);
  }
  return list;
}

/** Freezes a value and all in it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
