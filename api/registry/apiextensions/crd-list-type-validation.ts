/** Validation of `x-kubernetes-list-type` and `x-kubernetes-map-type`. */
import type { FieldError } from '../../../openapi/status.ts';
import { itemsOf, propertyOf, type Schema } from '../../../openapi/structural/schema.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../validation/errors.ts';

export function validateMapType(schema: Schema, path: string): FieldError[] {
  const type = schema['x-kubernetes-map-type'];
  if (type === undefined) return [];
  const errors = validateHolder(schema, path, 'object', 'x-kubernetes-map-type');
  if (type !== 'atomic' && type !== 'granular')
    errors.push(notSupported(`${path}.x-kubernetes-map-type`, type, ['atomic', 'granular']));
  return errors;
}

function validateHolder(schema: Schema, path: string, wanted: string, because: string): FieldError[] {
  const { type = '' } = schema;
  if (type === wanted) return [];
  const detail = `must be ${wanted} if ${because} is specified`;
  return [type === '' ? required(`${path}.type`, detail) : invalidValue(`${path}.type`, type, detail)];
}

export function validateListType(schema: Schema, path: string): FieldError[] {
  const type = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const field = `${path}.x-kubernetes-list-type`;
  const errors: FieldError[] = [];
  if (type !== undefined) {
    const holder = validateHolder(schema, path, 'array', 'x-kubernetes-list-type');
    errors.push(...holder);
    if (holder.length === 0 && type === 'set') errors.push(...validateSetItems(itemsOf(schema), `${path}.items`));
    if (!['atomic', 'set', 'map'].includes(type)) errors.push(notSupported(field, type, ['atomic', 'set', 'map']));
  }
  if (keys.length > 0 && type !== 'map') {
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty';
    errors.push(type === undefined ? required(field, detail) : invalidValue(field, type, detail));
  }
  if (type === 'map') errors.push(...validateMapList(schema, keys, path));
  return [...errors, ...validateMapKeys(schema, keys, path)];
}

/** Items of a set are told apart by all that they are, so they are owned as a whole. */
function validateSetItems(items: Schema | undefined, path: string): FieldError[] {
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const listType = items?.['x-kubernetes-list-type'];
  if (items?.type === 'array' && listType !== undefined && listType !== 'atomic')
    return [invalidValue(`${path}.x-kubernetes-list-type`, listType, detail)];
  if (items?.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic')
    return [invalidValue(`${path}.x-kubernetes-map-type`, listType, detail)];
  return [];
}

function validateMapList(schema: Schema, keys: readonly string[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  const items = itemsOf(schema);
  const keysField = `${path}.x-kubernetes-list-map-keys`;
  if (keys.length === 0) errors.push(required(keysField, 'must not be empty if x-kubernetes-list-type is map'));
  if (schema.items === undefined)
    errors.push(required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map'));
  if (!items) return errors;
  if (items.type !== 'object') {
    const detail = "must be object if parent array's x-kubernetes-list-type is map";
    return [...errors, invalidValue(`${path}.items.type`, items.type ?? '', detail)];
  }
  keys.forEach((key, i) => {
    const property = propertyOf(items, key);
    if (!property) errors.push(invalidValue(keysField, keys, 'entries must all be names of item properties'));
    else if (property.type === 'array' || property.type === 'object') {
      const detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      errors.push(invalidValue(`${path}.items.properties[${key}].type`, items.type, detail));
    }
    if (keys.indexOf(key) < i) errors.push(invalidValue(keysField, keys, 'must not contain duplicate entries'));
  });
  return errors;
}

/** Every item must have a value for each key. */
function validateMapKeys(schema: Schema, keys: readonly string[], path: string): FieldError[] {
  const type = schema['x-kubernetes-list-type'];
  const items = itemsOf(schema);
  if (!items || (type !== 'set' && type !== 'map')) return [];
  const errors: FieldError[] = [];
  if (items.nullable)
    errors.push(forbiddenField(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${type}`));
  if (type === 'set') return errors;
  for (const key of keys) {
    const property = propertyOf(items, key);
    if (!property) continue;
    const field = `${path}.items.properties[${key}]`;
    const why = 'this property is in x-kubernetes-list-map-keys, so it';
    if (!items.required?.includes(key) && property.default === undefined)
      errors.push(required(`${field}.default`, `${why} must have a default or be a required property`));
    if (property.nullable) errors.push(forbiddenField(`${field}.nullable`, `${why} cannot be nullable`));
  }
  return errors;
}
