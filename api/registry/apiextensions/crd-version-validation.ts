/** Validation of what a version of a CustomResourceDefinition has beside its schema. */
import type {
  V1CustomResourceColumnDefinition,
  V1CustomResourceSubresources,
  V1JSONSchemaProps,
  V1SelectableField,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { propertyOf } from '../../../openapi/structural/schema.ts';
import { duplicate, invalidValue, required, tooMany } from '../validation/errors.ts';

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const SELECTABLE_FIELDS_MAX = 8;

export function validateColumn(column: V1CustomResourceColumnDefinition, path: string): FieldError[] {
  const { name = '', type = '', format = '', jsonPath = '' } = column;
  const errors: FieldError[] = [];
  if (name === '') errors.push(required(`${path}.name`));
  const types = `must be one of ${COLUMN_TYPES.join(',')}`;
  if (type === '') errors.push(required(`${path}.type`, types));
  else if (!COLUMN_TYPES.includes(type)) errors.push(invalidValue(`${path}.type`, type, types));
  if (format !== '' && !COLUMN_FORMATS.includes(format))
    errors.push(invalidValue(`${path}.format`, format, `must be one of ${COLUMN_FORMATS.join(',')}`));
  if (jsonPath === '') errors.push(required(`${path}.JSONPath`));
  else errors.push(...validateSimplePath(jsonPath, `${path}.JSONPath`));
  return errors;
}

function validateSimplePath(path: string, field: string): FieldError[] {
  return path.startsWith('.') ? [] : [invalidValue(field, path, 'must be a simple json path starting with .')];
}

export function validateSubresources(
  subresources: V1CustomResourceSubresources | undefined,
  path: string,
): FieldError[] {
  const { scale } = subresources ?? {};
  if (!scale) return [];
  const below = (value: string | undefined, name: string, prefixes: string[], where: string): FieldError[] => {
    const field = `${path}.scale.${name}`;
    if (!value) return name === 'labelSelectorPath' ? [] : [required(field)];
    const wrong = validateSimplePath(value, field);
    if (wrong.length > 0 || prefixes.some((prefix) => value.startsWith(prefix))) return wrong;
    return [invalidValue(field, value, `should be a json path under ${where}`)];
  };
  return [
    ...below(scale.specReplicasPath, 'specReplicasPath', ['.spec.'], '.spec'),
    ...below(scale.statusReplicasPath, 'statusReplicasPath', ['.status.'], '.status'),
    ...below(scale.labelSelectorPath, 'labelSelectorPath', ['.spec.', '.status.'], 'either .spec or .status'),
  ];
}

export function validateSelectableFields(
  fields: readonly V1SelectableField[],
  schema: V1JSONSchemaProps | undefined,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (fields.length > SELECTABLE_FIELDS_MAX) errors.push(tooMany(path, fields.length, SELECTABLE_FIELDS_MAX));
  const seen = new Set<string>();
  fields.forEach(({ jsonPath = '' }, i) => {
    const field = `${path}[${i}].jsonPath`;
    if (jsonPath === '') {
      errors.push(required(field));
      return;
    }
    errors.push(...validateSelectableField(jsonPath, schema, field));
    if (seen.has(jsonPath)) errors.push(duplicate(field, jsonPath));
    seen.add(jsonPath);
  });
  return errors;
}

function validateSelectableField(jsonPath: string, schema: V1JSONSchemaProps | undefined, field: string): FieldError[] {
  const invalid = (why: string) => [invalidValue(field, jsonPath, why)];
  if (!/^(\.[^.[\]\s]+)+$/.test(jsonPath)) {
    return invalid(
      jsonPath.includes('[')
        ? 'is an invalid path: expected a property but got: array or map notation is not allowed'
        : `is an invalid path: expected [ or . but got: ${jsonPath}`,
    );
  }
  const names = jsonPath.slice(1).split('.');
  if (names[0] === 'metadata') return invalid('must not point to fields in metadata');
  let found: V1JSONSchemaProps | undefined = schema;
  for (const name of names) found = propertyOf(found, name);
  if (!found) return invalid('is an invalid path: does not refer to a valid field');
  const isSelectable = ['string', 'boolean', 'integer'].includes(found.type ?? '');
  return isSelectable
    ? []
    : invalid(
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
      );
}
