import { isJsonObject, setOwn } from '../json.ts';
import { itemsOf, propertyOf, type Schema, valuesOf } from './schema.ts';

/** Fills in the schema's defaults in place, for what is absent and for nulls that are not allowed. */
export function applyDefaults(value: unknown, schema: Schema | undefined): void {
  if (!schema) return;
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    if (!items) return;
    for (const [i, item] of value.entries()) {
      if (isForbiddenNull(item, items) && items.default !== undefined) value[i] = structuredClone(items.default);
      applyDefaults(value[i], items);
    }
  } else if (isJsonObject(value)) {
    addMissing(value, schema);
    const values = valuesOf(schema);
    for (const [name, inner] of Object.entries(value)) {
      const property = propertyOf(schema, name);
      if (!property && values && isForbiddenNull(inner, values) && values.default !== undefined)
        setOwn(value, name, structuredClone(values.default));
      applyDefaults(value[name], property ?? values);
    }
  }
}

function addMissing(object: Record<string, unknown>, schema: Schema): void {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (property.default === undefined) continue;
    if (!Object.hasOwn(object, name) || isForbiddenNull(object[name], property))
      setOwn(object, name, structuredClone(property.default));
  }
}

function isForbiddenNull(value: unknown, schema: Schema): boolean {
  return value === null && schema.nullable !== true;
}
