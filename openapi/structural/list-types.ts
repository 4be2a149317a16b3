/** `x-kubernetes-list-type`: items of a set, and keys of the items of a map list, are there once. */
import { isJsonObject } from '../json.ts';
import type { FieldError } from '../status.ts';
import { at, child, duplicate, goJson, invalidValue } from './field-error.ts';
import { itemsOf, type JsonObject, propertyOf, type Schema, valuesOf } from './schema.ts';

/** What is there twice, anywhere within the value. */
export function validateListTypes(value: unknown, schema: Schema | undefined, path = ''): FieldError[] {
  if (!schema) return [];
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    return [
      ...validateList(value, schema, path),
      ...value.flatMap((item, i) => validateListTypes(item, items, at(path, i))),
    ];
  }
  if (!isJsonObject(value)) return [];
  const values = valuesOf(schema);
  return Object.entries(value).flatMap(([name, inner]) => {
    const property = propertyOf(schema, name);
    if (property) return validateListTypes(inner, property, child(path, name));
    return validateListTypes(inner, values, at(path, name));
  });
}

function validateList(list: readonly unknown[], schema: Schema, path: string): FieldError[] {
  switch (schema['x-kubernetes-list-type']) {
    case 'set':
      return repeated(list).map((i) => duplicate(at(path, i), list[i]));
    case 'map':
      return validateMapList(list, schema['x-kubernetes-list-map-keys'] ?? [], path);
    default:
      return [];
  }
}

function validateMapList(list: readonly unknown[], keys: readonly string[], path: string): FieldError[] {
  const wrong = list.findIndex((item) => item !== null && !isJsonObject(item));
  if (wrong >= 0)
    return [invalidValue(at(path, wrong), list[wrong], 'must be an object for an array of list-type map')];
  const identities = list.map((item) => identityOf(item, keys));
  return repeated(identities).map((i) => duplicate(at(path, i), identities[i]));
}

/** The keys of a map list's item, of those that it has. */
export function identityOf(item: unknown, keys: readonly string[]): JsonObject {
  if (!isJsonObject(item)) return {};
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(item, key)).map((key) => [key, item[key]]));
}

/** Indices of values that are there before; each value is told of once. */
function repeated(values: readonly unknown[]): number[] {
  const times = new Map<string, number>();
  return values.flatMap((value, i) => {
    const identity = goJson(value);
    const seen = times.get(identity) ?? 0;
    times.set(identity, seen + 1);
    return seen === 1 ? [i] : [];
  });
}
