/** Which part of an old object a part of the new one comes from, for rules that compare the two. */
import { isJsonObject } from '../json.ts';
import { goJson } from './field-error.ts';
import { identityOf } from './list-types.ts';
import { itemsOf, propertyOf, type Schema, valuesOf } from './schema.ts';

/** The old value of the property or entry called `name`; `undefined` where it cannot be told. */
export function oldField(old: unknown, name: string): unknown {
  return isJsonObject(old) && Object.hasOwn(old, name) ? old[name] : undefined;
}

/** The old value of an item: only items of map lists can be told apart. */
export function oldItem(old: unknown, item: unknown, schema: Schema): unknown {
  if (!Array.isArray(old) || schema['x-kubernetes-list-type'] !== 'map') return undefined;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const identity = goJson(identityOf(item, keys));
  return old.find((candidate) => goJson(identityOf(candidate, keys)) === identity);
}

/** The old value of what stands at the end of the keys. */
export function oldValueAt(
  old: unknown,
  value: unknown,
  schema: Schema | undefined,
  keys: readonly (string | number)[],
): unknown {
  let before = old;
  let now = value;
  let known = schema;
  for (const key of keys) {
    if (before === undefined) return undefined;
    if (typeof key === 'number') {
      const item = Array.isArray(now) ? now[key] : undefined;
      before = known ? oldItem(before, item, known) : undefined;
      now = item;
      known = itemsOf(known);
    } else {
      before = oldField(before, key);
      now = oldField(now, key);
      known = propertyOf(known, key) ?? valuesOf(known);
    }
  }
  return before;
}
