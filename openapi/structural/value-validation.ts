/** Values against structural schemas: ajv does the work, and is told what upstream's schemas mean. */
import type { ErrorObject } from 'ajv';
import { goRegExp } from '../go-regexp.ts';
import { isJsonObject } from '../json.ts';
import { loadAjv } from '../lazy.ts';
import { formatCheck } from './formats.ts';
import { itemsOf, type Schema, valuesOf } from './schema.ts';
import { problemsOf, type ValueProblem } from './value-problems.ts';

export type { ValueProblem } from './value-problems.ts';

/** What is wrong with a value, nothing when it is fine. `path` is where the value stands, empty for a whole object. */
export type ValueValidator = (value: unknown, path?: string) => ValueProblem[];

/** Compiles a schema. Throws an Error for one that no validator can be made of. */
export function valueValidator(schema: Schema): ValueValidator {
  const { Ajv } = loadAjv();
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    strict: false,
    meta: false,
    validateSchema: false,
    addUsedSchema: false,
    logger: false,
    code: { regExp: Object.assign((pattern: string) => goRegExp(pattern) as unknown as RegExp, { code: '' }) },
  });
  const used = new Set<string>();
  const converted = convert(schema, used);
  for (const name of used) ajv.addFormat(name, formatCheck(name) ?? (() => true));
  const validate = ajv.compile(converted);
  return (value, path = '') => {
    if (validate(value)) return [];
    return problemsOf((validate.errors ?? []) as ErrorObject[], converted, value, path);
  };
}

/** JSON Schema as ajv reads it. Names of the formats that are checked are added to `formats`. */
function convert(schema: Schema, formats: Set<string>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const types = typesOf(schema);
  if (types.length > 0) result.type = schema.nullable ? [...types, 'null'] : types;
  for (const name of COPIED) if (schema[name] !== undefined) result[name] = schema[name];
  if (schema.format !== undefined && formatCheck(schema.format)) {
    formats.add(schema.format);
    result.format = schema.format;
  }
  Object.assign(result, bounds(schema));
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const) {
    if (schema[name]?.length) result[name] = schema[name].map((inner) => convert(inner, formats));
  }
  if (schema.not) result.not = convert(schema.not, formats);
  const items = itemsOf(schema);
  if (items) result.items = convert(items, formats);
  const values = valuesOf(schema);
  if (values) result.additionalProperties = convert(values, formats);
  if (isJsonObject(schema.properties)) {
    result.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, inner]) => [name, convert(inner, formats)]),
    );
  }
  return result;
}

const COPIED = [
  'enum',
  'maxItems',
  'maxLength',
  'maxProperties',
  'minItems',
  'minLength',
  'minProperties',
  'multipleOf',
  'pattern',
  'required',
] as const;

function typesOf(schema: Schema): string[] {
  if (schema['x-kubernetes-int-or-string']) return ['integer', 'string'];
  return schema.type ? [schema.type] : [];
}

/** A bound is exclusive by a flag beside it, as JSON Schema had it in its fourth draft. */
function bounds({ maximum, minimum, exclusiveMaximum, exclusiveMinimum }: Schema): Record<string, number> {
  return {
    ...(maximum === undefined ? {} : { [exclusiveMaximum ? 'exclusiveMaximum' : 'maximum']: maximum }),
    ...(minimum === undefined ? {} : { [exclusiveMinimum ? 'exclusiveMinimum' : 'minimum']: minimum }),
  };
}
