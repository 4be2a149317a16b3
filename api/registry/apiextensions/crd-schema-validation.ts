/** Validation of the schema of a version of a CustomResourceDefinition. */
import type { V1JSONSchemaProps } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { validateRules } from '../../../openapi/structural/cel-rule-declarations.ts';
import { validateDefaults } from '../../../openapi/structural/default-rules.ts';
import { isEmbedded, itemsOf, META_FIELDS, type Schema, valuesOf } from '../../../openapi/structural/schema.ts';
import { validateStructural } from '../../../openapi/structural/structural-rules.ts';
import { valueValidator } from '../../../openapi/structural/value-validation.ts';
import { forbiddenField, invalidValue, notSupported } from '../validation/errors.ts';
import { validateListType, validateMapType } from './crd-list-type-validation.ts';
import { EMBEDDED_RULES } from './embedded-rules.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** What is wrong with a version's `openAPIV3Schema`. */
export function validateVersionSchema(schema: Schema | undefined, hasStatus: boolean, path: string): FieldError[] {
  if (!schema) return [];
  const errors = [
    ...(hasStatus ? validateRootWithStatus(schema, path) : []),
    ...(schema.nullable ? [forbiddenField(`${path}.nullable`, 'nullable cannot be true at the root')] : []),
    ...validateNode(schema, { path, isRoot: true, insideMeta: false }),
  ];
  // With what it does not support upstream cannot even look at the structure.
  if (errors.some(isAboutUnsupported)) return errors;
  const structural = validateStructural(schema, path);
  if (structural.length > 0) return [...errors, ...structural];
  // What follows compiles the schema, which only a sound one allows.
  if (errors.length > 0) return errors;
  const made = [...validateDefaults(schema, path, EMBEDDED_RULES), ...validateRules(schema, path)];
  return made.length > 0 ? made : validateCompiles(schema, path);
}

function isAboutUnsupported({ type, message }: FieldError): boolean {
  return (
    type === 'FieldValueForbidden' && /(is not supported|items must be a schema object and not an array)$/.test(message)
  );
}

function validateCompiles(schema: Schema, path: string): FieldError[] {
  try {
    valueValidator(schema);
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [invalidValue(path.replace(/\.openAPIV3Schema$/, ''), '', `error building validator: ${message}`)];
  }
}

/** Fields of the root by the names that upstream tells them by. */
const ROOT_FIELDS: Partial<Record<keyof V1JSONSchemaProps, string>> = {
  description: 'Description',
  type: 'Type',
  format: 'Format',
  title: 'Title',
  maximum: 'Maximum',
  exclusiveMaximum: 'ExclusiveMaximum',
  minimum: 'Minimum',
  exclusiveMinimum: 'ExclusiveMinimum',
  maxLength: 'MaxLength',
  minLength: 'MinLength',
  pattern: 'Pattern',
  maxItems: 'MaxItems',
  minItems: 'MinItems',
  uniqueItems: 'UniqueItems',
  multipleOf: 'MultipleOf',
  required: 'Required',
  items: 'Items',
  properties: 'Properties',
  externalDocs: 'ExternalDocs',
  example: 'Example',
  'x-kubernetes-preserve-unknown-fields': 'XPreserveUnknownFields',
  'x-kubernetes-validations': 'XValidations',
};

/** With a status subresource the schema of `status` is used by itself, so no condition may span both. */
function validateRootWithStatus(schema: Schema, path: string): FieldError[] {
  if (schema.type !== undefined && schema.type !== 'object') {
    const detail =
      'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
    return [invalidValue(`${path}.type`, schema.type, detail)];
  }
  if (Object.keys(schema).every((name) => ROOT_FIELDS[name as keyof V1JSONSchemaProps])) return [];
  const allowed = `[${Object.values(ROOT_FIELDS).join(' ')}]`;
  const detail = `only ${allowed} fields are allowed at the root of the schema if the status subresource is enabled`;
  return [invalidValue(path, schema, detail)];
}

interface Place {
  path: string;
  isRoot: boolean;
  /** Within the type or metadata of a resource. */
  insideMeta: boolean;
  /** Why defaults are forbidden here. */
  noDefaults?: string;
}

function validateNode(schema: Schema, place: Place): FieldError[] {
  const { path } = place;
  const below = { ...place, isRoot: false };
  const errors = validateKeywords(schema, place);
  const values = valuesOf(schema);
  if (schema.additionalProperties !== undefined) {
    const hasProperties = Object.keys(schema.properties ?? {}).length > 0;
    if (hasProperties && (schema.additionalProperties === false || values)) {
      const detail = 'additionalProperties and properties are mutual exclusive';
      errors.push(forbiddenField(`${path}.additionalProperties`, detail));
    }
    const noDefaults = place.insideMeta ? 'inside additionalProperties applying to object metadata' : undefined;
    const inner = { ...below, path: `${path}.additionalProperties`, ...(noDefaults ? { noDefaults } : {}) };
    if (values) errors.push(...validateNode(values, inner));
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const isMeta = (place.isRoot || isEmbedded(schema)) && META_FIELDS.has(name);
    const inner: Place = { ...below, path: `${path}.properties[${name}]`, insideMeta: place.insideMeta || isMeta };
    if (isMeta && place.isRoot) inner.noDefaults = `in top-level ${name}`;
    errors.push(...validateNode(property, inner));
  }
  for (const [inner, name] of branchesOf(schema)) errors.push(...validateNode(inner, { ...below, path: path + name }));
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    const field = `${path}.x-kubernetes-preserve-unknown-fields`;
    errors.push(invalidValue(field, false, 'must be true or undefined'));
  }
  return [...errors, ...validateMapType(schema, path), ...validateListType(schema, path)];
}

function branchesOf(schema: Schema): [Schema, string][] {
  const items = itemsOf(schema);
  return [
    ...(schema.not ? ([[schema.not, '.not']] as [Schema, string][]) : []),
    ...(['allOf', 'oneOf', 'anyOf'] as const).flatMap((key) =>
      (schema[key] ?? []).map((inner, i): [Schema, string] => [inner, `.${key}[${i}]`]),
    ),
    ...(items ? ([[items, '.items']] as [Schema, string][]) : []),
  ];
}

const UNSUPPORTED = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const;

function validateKeywords(schema: Schema, { path, insideMeta, noDefaults }: Place): FieldError[] {
  const errors: FieldError[] = [];
  if (schema.type && !TYPES.includes(schema.type)) errors.push(notSupported(`${path}.type`, schema.type, TYPES));
  if (schema.default !== undefined && noDefaults !== undefined)
    errors.push(forbiddenField(`${path}.default`, `must not be set ${noDefaults}`));
  for (const name of UNSUPPORTED) {
    if (schema[name] !== undefined) errors.push(forbiddenField(`${path}.${name}`, `${name} is not supported`));
  }
  if (schema.type === 'null')
    errors.push(forbiddenField(`${path}.type`, 'type cannot be set to null, use nullable as an alternative'));
  if (Array.isArray(schema.items) && schema.items.length > 0)
    errors.push(forbiddenField(`${path}.items`, 'items must be a schema object and not an array'));
  if (insideMeta && isEmbedded(schema)) {
    const detail = 'must not be used inside of resource meta';
    errors.push(forbiddenField(`${path}.x-kubernetes-embedded-resource`, detail));
  }
  if (schema.uniqueItems) {
    const detail = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    errors.push(forbiddenField(`${path}.uniqueItems`, detail));
  }
  return errors;
}
