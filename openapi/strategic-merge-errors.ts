/** Upstream's errors of strategic merge, and Go's way of printing the values in them. */
import { isJsonObject, type JsonObject } from './json.ts';
import { PatchError } from './patch-error.ts';

export function malformed(what: 'primitive list' | 'retainKeys' | 'setElementOrder list'): PatchError {
  return new PatchError(`invalid patch format of ${what}`, 400);
}

export function noMergeKey(item: JsonObject, key: string): PatchError {
  return new PatchError(`map: ${goText(item)} does not contain declared merge key: ${key}`, 422);
}

export function badPatchType(type: unknown, item: JsonObject): PatchError {
  return new PatchError(`unknown patch type: ${goString(type)} in map: ${goText(item)}`, 422);
}

export function badArgument(expected: 'list' | 'map', actual: unknown): PatchError {
  const wanted = expected === 'list' ? '[]interface {}' : 'map[string]interface {}';
  return new PatchError(`expected a ${wanted}, but received a ${goType(actual)}`, 422);
}

/** Go's `%v`: maps with sorted keys, lists in brackets. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (!isJsonObject(value)) return String(value);
  const pairs = Object.keys(value)
    .sort()
    .map((key) => `${key}:${goText(value[key])}`);
  return `map[${pairs.join(' ')}]`;
}

/** Go's `%s`, which complains about what is no string. */
function goString(value: unknown): string {
  return typeof value === 'string' ? value : `%!s(${value === null ? '<nil>' : `${goType(value)}=${goText(value)}`})`;
}

function goType(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'number':
      return Number.isInteger(value) ? 'int64' : 'float64';
    default:
      if (value === null || value === undefined) return '%!s(<nil>)';
      return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
  }
}
