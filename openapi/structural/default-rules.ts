/** Defaults of a structural schema: each must be a valid value itself, with no field that would be pruned. */
import { isDeepStrictEqual } from 'node:util';
import { isJsonObject } from '../json.ts';
import type { FieldError } from '../status.ts';
import { at, child, invalidValue } from './field-error.ts';
import { coerceEmbedded, type EmbeddedRules, validateEmbedded } from './object-meta.ts';
import { pruneValue } from './prune.ts';
import { asResource, isEmbedded, itemsOf, META_FIELDS, type Schema } from './schema.ts';
import { valueValidator } from './value-validation.ts';

/** How a default would stand within the resource around it. */
type Surround = (value: unknown) => unknown;

const TYPE = { apiVersion: 'validation/v1', kind: 'Validation' };
const asRoot: Surround = (value) => (isJsonObject(value) ? { ...TYPE, ...value } : value);

/** What is wrong with the defaults of a whole object's schema. */
export function validateDefaults(schema: Schema, path: string, rules: EmbeddedRules): FieldError[] {
  const root = asResource(schema);
  return validateNode({ schema: root, path, root, surround: asRoot, insideMeta: false }, rules);
}

interface Place {
  schema: Schema;
  path: string;
  /** The schema of the resource that surrounds this one. */
  root: Schema;
  surround: Surround;
  insideMeta: boolean;
}

function validateNode(place: Place, rules: EmbeddedRules): FieldError[] {
  const { schema, path } = place;
  const here = isEmbedded(schema) ? { ...place, root: schema, surround: asRoot, insideMeta: false } : place;
  const errors = schema.default === undefined ? [] : validateDefault(here, rules);
  const items = itemsOf(schema);
  if (items) {
    const surround: Surround = (value) => here.surround([value]);
    errors.push(...validateNode({ ...here, schema: items, path: child(path, 'items'), surround }, rules));
  }
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const insideMeta = here.insideMeta || (isEmbedded(schema) && META_FIELDS.has(name));
    const surround: Surround = (value) => here.surround({ [name]: value });
    const innerPath = at(child(path, 'properties'), name);
    errors.push(...validateNode({ ...here, schema: inner, path: innerPath, surround, insideMeta }, rules));
  }
  return errors;
}

function validateDefault({ schema, path, root, surround, insideMeta }: Place, rules: EmbeddedRules): FieldError[] {
  const field = child(path, 'default');
  const value = schema.default;
  if (insideMeta) {
    const wrong = metaErrors(surround(structuredClone(value)), root, rules, '');
    if (wrong.length > 0) {
      const texts = wrong.map((error) => `${error.field}: ${error.message}`);
      const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
      return [invalidValue(field, value, `must result in valid metadata: ${list}`)];
    }
    return valueErrors(schema, value, field);
  }
  const pruned = structuredClone(value);
  pruneValue(pruned, schema);
  const unknown = isDeepStrictEqual(pruned, value) ? [] : [invalidValue(field, value, 'must not have unknown fields')];
  const meta = metaErrors(structuredClone(value), schema, rules, field);
  return [...unknown, ...(meta.length > 0 ? meta : valueErrors(schema, value, field))];
}

function metaErrors(value: unknown, schema: Schema, rules: EmbeddedRules, path: string): FieldError[] {
  const { error } = coerceEmbedded(value, schema, false);
  if (error) return [{ ...error, field: path === '' ? error.field : child(path, error.field) }];
  return validateEmbedded(value, schema, rules, path);
}

function valueErrors(schema: Schema, value: unknown, field: string): FieldError[] {
  return valueValidator(schema)(value, field).map(({ error }) => error);
}
