/** What makes a schema structural: every field has a type, and `allOf`, `anyOf`, `oneOf` and `not` only add conditions. */
import { isDeepStrictEqual } from 'node:util';
import { goRegExpError } from '../go-regexp.ts';
import type { FieldError } from '../status.ts';
import { at, child, forbidden, invalidValue, required } from './field-error.ts';
import { isEmbedded, itemsOf, preservesUnknown, type Schema, valuesOf } from './schema.ts';

type Level = 'root' | 'item' | 'field';

/** Why a schema is not structural. Sorted, as upstream. */
export function validateStructural(schema: Schema, path: string): FieldError[] {
  const errors = [...validateNode(schema, 'root', path), ...validateCompleteness(schema, schema, path, path)];
  const text = (error: FieldError) => `${error.field}: ${error.message}`;
  return errors.sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

function property(path: string, name: string): string {
  return at(child(path, 'properties'), name);
}

function validateNode(schema: Schema, level: Level, path: string): FieldError[] {
  const items = itemsOf(schema);
  const values = valuesOf(schema);
  const errors: FieldError[] = [];
  if (schema.type === 'array' && !items) errors.push(required(child(path, 'items'), 'must be specified'));
  if (items) errors.push(...validateNode(items, 'item', child(path, 'items')));
  for (const [name, inner] of Object.entries(schema.properties ?? {}))
    errors.push(...validateNode(inner, 'field', property(path, name)));
  if (schema.additionalProperties !== undefined && level === 'root')
    errors.push(forbidden(child(path, 'additionalProperties'), 'must not be used at the root'));
  if (values) errors.push(...validateNode(values, 'field', child(path, 'additionalProperties')));
  return [
    ...errors,
    ...validateExtensions(schema, path),
    ...validateConditions(schema, path),
    ...validateType(schema, level, path),
    ...(level === 'root' || isEmbedded(schema) ? validateMetadata(schema, level, path) : []),
  ];
}

function validateExtensions(schema: Schema, path: string): FieldError[] {
  if (!schema['x-kubernetes-int-or-string']) return [];
  return (['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const)
    .filter((name) => schema[name])
    .map((name) => invalidValue(child(path, name), true, 'must be false if x-kubernetes-int-or-string is true'));
}

const NEEDS_TYPE: Record<Level, string> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

function validateType(schema: Schema, level: Level, path: string): FieldError[] {
  const { type = '' } = schema;
  const field = child(path, 'type');
  const errors: FieldError[] = [];
  if (isEmbedded(schema) && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(type === '' ? required(field, detail) : invalidValue(field, type, detail));
  } else if (type === '' && !schema['x-kubernetes-int-or-string'] && !preservesUnknown(schema)) {
    errors.push(required(field, NEEDS_TYPE[level]));
  }
  if (isEmbedded(schema) && schema.additionalProperties !== undefined) {
    const detail = 'must not be used if x-kubernetes-embedded-resource is set';
    errors.push(forbidden(child(path, 'additionalProperties'), detail));
  }
  if (level === 'root' && type !== '' && type !== 'object')
    errors.push(invalidValue(field, type, 'must be object at the root'));
  return errors;
}

const META_TYPES = { kind: 'string', apiVersion: 'string', metadata: 'object' };

function validateMetadata(schema: Schema, level: Level, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [name, type] of Object.entries(META_TYPES)) {
    const inner = schema.properties?.[name];
    if (inner && inner.type !== type)
      errors.push(invalidValue(child(property(path, name), 'type'), inner.type ?? '', `must be ${type}`));
  }
  const metadata = schema.properties?.metadata;
  if (metadata && level === 'root' && !restrictsOnlyNames(metadata)) {
    const detail = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
    errors.push(forbidden(property(path, 'metadata'), detail));
  }
  if (isEmbedded(schema) && !preservesUnknown(schema) && Object.keys(schema.properties ?? {}).length === 0) {
    const detail =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    errors.push(required(child(path, 'properties'), detail));
  }
  return errors;
}

function restrictsOnlyNames({ type: _type, default: _default, properties = {}, ...rest }: Schema): boolean {
  return (
    Object.keys(rest).length === 0 &&
    Object.keys(properties).every((name) => name === 'name' || name === 'generateName')
  );
}

const INT_OR_STRING = [{ type: 'integer' }, { type: 'string' }];

/** The two ways in which an int-or-string may say so once more. */
function isIntOrString(schema: Schema | undefined): boolean {
  return isDeepStrictEqual(schema?.anyOf, INT_OR_STRING);
}

function validateConditions(schema: Schema, path: string, isNested = false): FieldError[] {
  const skipAnyOf = !isNested && isIntOrString(schema);
  const skipFirst = !isNested && isIntOrString(schema.allOf?.[0]);
  const nested = (key: 'allOf' | 'anyOf' | 'oneOf') =>
    (schema[key] ?? []).flatMap((inner, i) =>
      validateNested(inner, at(child(path, key), i), key === 'allOf' && i === 0 && skipFirst),
    );
  const errors = [
    ...(skipAnyOf ? [] : nested('anyOf')),
    ...nested('allOf'),
    ...nested('oneOf'),
    ...(schema.not ? validateNested(schema.not, child(path, 'not'), false) : []),
  ];
  const wrong = schema.pattern ? goRegExpError(schema.pattern) : undefined;
  if (wrong === undefined) return errors;
  const detail = `must be a valid regular expression, but isn't: ${wrong}`;
  return [...errors, invalidValue(child(path, 'pattern'), schema.pattern, detail)];
}

function validateNested(schema: Schema, path: string, mayBeIntOrString: boolean): FieldError[] {
  const conditions = mayBeIntOrString ? { ...schema, anyOf: [] } : schema;
  const items = itemsOf(schema);
  const errors = validateConditions(conditions, path, true);
  if (items) errors.push(...validateNested(items, child(path, 'items'), false));
  for (const [name, inner] of Object.entries(schema.properties ?? {}))
    errors.push(...validateNested(inner, property(path, name), false));
  for (const [name, detail] of Object.entries(FORBIDDEN_NESTED)) {
    if (isSet(schema[name as keyof Schema])) errors.push(forbidden(child(path, name), `${detail} to be structural`));
  }
  if (schema.properties?.metadata)
    errors.push(forbidden(property(path, 'metadata'), 'must not be specified in a nested context'));
  return errors;
}

const FORBIDDEN_NESTED: Partial<Record<keyof Schema, string>> = {
  type: 'must be empty',
  additionalProperties: 'must be undefined',
  default: 'must be undefined',
  title: 'must be empty',
  description: 'must be empty',
  nullable: 'must be false',
  'x-kubernetes-preserve-unknown-fields': 'must be false',
  'x-kubernetes-embedded-resource': 'must be false',
  'x-kubernetes-int-or-string': 'must be false',
  'x-kubernetes-list-map-keys': 'must be empty',
  'x-kubernetes-list-type': 'must be undefined',
  'x-kubernetes-map-type': 'must be undefined',
  'x-kubernetes-validations': 'must be empty',
};

function isSet(value: unknown): boolean {
  return value !== undefined && value !== false && value !== '' && !(Array.isArray(value) && value.length === 0);
}

/** What a condition speaks of must be specified outside of conditions, too. */
function validateCompleteness(
  condition: Schema,
  schema: Schema | undefined,
  schemaPath: string,
  path: string,
): FieldError[] {
  const branches: [Schema, string][] = [
    ...(condition.not ? ([[condition.not, child(path, 'not')]] as [Schema, string][]) : []),
    ...(['allOf', 'anyOf', 'oneOf'] as const).flatMap((key) =>
      (condition[key] ?? []).map((inner, i): [Schema, string] => [inner, at(child(path, key), i)]),
    ),
  ];
  return branches.flatMap(([inner, innerPath]) => validateBranch(inner, schema, schemaPath, innerPath));
}

function validateBranch(branch: Schema, schema: Schema | undefined, schemaPath: string, path: string): FieldError[] {
  if (!schema) return [required(schemaPath, `because it is defined in ${path}`)];
  const items = itemsOf(branch);
  return [
    ...validateCompleteness(branch, schema, schemaPath, path),
    ...(items ? validateBranch(items, itemsOf(schema), child(schemaPath, 'items'), child(path, 'items')) : []),
    ...Object.entries(branch.properties ?? {}).flatMap(([name, inner]) =>
      validateBranch(inner, schema.properties?.[name], property(schemaPath, name), property(path, name)),
    ),
  ];
}
