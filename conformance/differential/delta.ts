/** What changes from one JSON value to another, and back: most answers of a case repeat an earlier one. */
import { isObject, type Json, type JsonObject } from './json.ts';

/** A place and the value there; without a value there is nothing. */
export type Change = [path: (string | number)[]] | [path: (string | number)[], value: Json];

/** The changes that make `after` of `before`. */
export function changesBetween(before: Json, after: Json, path: (string | number)[] = []): Change[] {
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key): Change[] => {
      const [old, now] = [before[key], after[key]];
      if (now === undefined) return [[[...path, key]]];
      if (old === undefined) return [[[...path, key], now]];
      return changesBetween(old, now, [...path, key]);
    });
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return after.flatMap((item, index) => changesBetween(before[index] ?? null, item, [...path, index]));
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [[path, after]];
}

/** `value` with the changes made; the value itself stays as it is. */
export function withChanges(value: Json, changes: Change[]): Json {
  let root = structuredClone(value);
  for (const [path, now] of changes) {
    const last = path.at(-1);
    if (last === undefined) {
      root = now ?? null;
      continue;
    }
    let parent: Json = root;
    for (const key of path.slice(0, -1)) parent = inside(parent, key);
    if (now === undefined) delete (parent as JsonObject)[last];
    else (parent as JsonObject)[last] = now;
  }
  return root;
}

function inside(parent: Json, key: string | number): Json {
  const value = (parent as JsonObject)[key];
  if (value === undefined) throw new Error(`differential: the recording has no ${key} to change`);
  return value;
}
