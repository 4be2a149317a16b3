/** Removes what a structural schema does not know, and nulls that it does not allow. */
import { isJsonObject } from '../json.ts';
import { at, child } from './field-error.ts';
import {
  asResource,
  isEmbedded,
  isMap,
  itemsOf,
  type JsonObject,
  META_FIELDS,
  preservesUnknown,
  propertyOf,
  type Schema,
  valuesOf,
} from './schema.ts';

/** As many paths as anybody reads. */
const PATHS_MAX = 100;

/**
 * Prunes a whole object in place. Returns the paths of what was removed, in order: `spec.containers[0].foo`; at most a
 * hundred.
 */
export function prune(object: JsonObject, schema: Schema | undefined): string[] {
  return pruneValue(object, asResource(schema));
}

/** Prunes any value of a schema in place. */
export function pruneValue(value: unknown, schema: Schema): string[] {
  const removed: string[] = [];
  new Pruner(removed).prune(value, schema, '');
  return removed.sort();
}

class Pruner {
  readonly #removed: string[];

  constructor(removed: string[]) {
    this.#removed = removed;
  }

  prune(value: unknown, schema: Schema | undefined, path: string): void {
    if (schema && preservesUnknown(schema)) this.#pruneKnown(value, schema, path);
    else if (Array.isArray(value)) {
      const items = itemsOf(schema);
      for (const [i, item] of value.entries()) this.prune(item, items, at(path, i));
    } else if (isJsonObject(value)) {
      for (const name of Object.keys(value)) this.#field(value, name, schema, child(path, name));
    }
  }

  #field(object: JsonObject, name: string, schema: Schema | undefined, path: string): void {
    if (schema && isEmbedded(schema) && META_FIELDS.has(name)) return;
    const property = propertyOf(schema, name);
    if (property) this.prune(object[name], property, path);
    else if (schema && isMap(schema)) this.prune(object[name], valuesOf(schema), path);
    else {
      delete object[name];
      if (this.#removed.length < PATHS_MAX) this.#removed.push(path);
    }
  }

  /** Below a schema that preserves unknown fields only what it does know is looked into. */
  #pruneKnown(value: unknown, schema: Schema | undefined, path: string): void {
    if (!schema) return;
    if (Array.isArray(value)) {
      const items = itemsOf(schema);
      for (const [i, item] of value.entries()) this.#pruneKnown(item, items, at(path, i));
    } else if (isJsonObject(value)) {
      for (const name of Object.keys(value)) {
        if (isEmbedded(schema) && META_FIELDS.has(name)) continue;
        const property = propertyOf(schema, name);
        if (property) this.prune(value[name], property, child(path, name));
        else if (isMap(schema) && valuesOf(schema)) this.prune(value[name], valuesOf(schema), child(path, name));
      }
    }
  }
}

/** Removes nulls in place where the schema neither allows them nor has a default that would take their place. */
export function dropNulls(value: unknown, schema: Schema | undefined): void {
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    for (const item of value) dropNulls(item, items);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [name, inner] of Object.entries(value)) {
    const known = propertyOf(schema, name) ?? valuesOf(schema);
    if (inner === null && known && known.nullable !== true && known.default === undefined) delete value[name];
    else dropNulls(inner, known);
  }
}
