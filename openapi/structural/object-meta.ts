/** The metadata of custom resources and of resources embedded in them, which no schema describes. */
import type { V1ObjectMeta } from '../generated/types.ts';
import { isJsonObject, setOwn } from '../json.ts';
import { decode } from '../schema.ts';
import type { FieldError } from '../status.ts';
import { at, child, invalidValue, required } from './field-error.ts';
import { asResource, isEmbedded, itemsOf, type JsonObject, propertyOf, type Schema, valuesOf } from './schema.ts';

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

export interface DecodedMeta {
  metadata: V1ObjectMeta;
  /** Why it cannot be read, in upstream's words. */
  error?: string;
  /** Names of fields that ObjectMeta does not have, with the path to them within it. */
  unknown: string[];
}

/** Reads metadata as Go would. `drop` leaves out fields that cannot be read, as objects in storage are treated. */
export function decodeMeta(value: unknown, drop: boolean): DecodedMeta {
  const decoded = decode(OBJECT_META, value);
  const unknown = decoded.unknown.map((text) => JSON.parse(text.slice(text.indexOf('"'))) as string);
  const [error] = decoded.errors;
  if (!error) return { metadata: decoded.value as V1ObjectMeta, unknown };
  if (!drop) return { metadata: {}, error: error.message, unknown };
  if (!isJsonObject(value)) return { metadata: {}, unknown: [] };
  const readable = Object.entries(value).filter(
    ([name, inner]) => decode(OBJECT_META, { [name]: inner }).errors.length === 0,
  );
  return { metadata: decode(OBJECT_META, Object.fromEntries(readable)).value as V1ObjectMeta, unknown: [] };
}

export interface Coerced {
  /** What cannot be read; only without `drop`. */
  error?: FieldError;
  /** Paths of unknown fields: `spec.template.metadata.foo`. */
  unknown: string[];
}

/** Brings the type and metadata of every embedded resource within `value` into their form, in place. */
export function coerceEmbedded(value: unknown, schema: Schema | undefined, drop: boolean): Coerced {
  const coercer = new Coercer(drop);
  coercer.coerce(value, schema, '');
  return { ...(coercer.error ? { error: coercer.error } : {}), unknown: coercer.unknown };
}

class Coercer {
  readonly unknown: string[] = [];
  readonly #drop: boolean;
  error: FieldError | undefined;

  constructor(drop: boolean) {
    this.#drop = drop;
  }

  coerce(value: unknown, schema: Schema | undefined, path: string): void {
    if (!schema || this.error) return;
    if (Array.isArray(value)) {
      const items = itemsOf(schema);
      for (const [i, item] of value.entries()) this.coerce(item, items, at(path, i));
    } else if (isJsonObject(value)) {
      if (isEmbedded(schema)) this.#resource(value, path);
      const values = valuesOf(schema);
      for (const [name, inner] of Object.entries(value)) {
        const property = propertyOf(schema, name);
        this.coerce(inner, property ?? values, property ? child(path, name) : at(path, name));
      }
    }
  }

  #resource(resource: JsonObject, path: string): void {
    for (const name of ['apiVersion', 'kind']) {
      if (!Object.hasOwn(resource, name) || typeof resource[name] === 'string') continue;
      if (this.#drop) delete resource[name];
      else this.error ??= invalidValue(child(path, name), resource[name], 'must be a string');
    }
    if (!Object.hasOwn(resource, 'metadata')) return;
    const field = child(path, 'metadata');
    const { metadata, error, unknown } = decodeMeta(resource.metadata, this.#drop);
    if (error !== undefined) this.error ??= invalidValue(field, resource.metadata, error);
    else setOwn(resource, 'metadata', metadata);
    this.unknown.push(...unknown.map((name) => child(field, name)));
  }
}

/** How metadata is validated, which is the registry's business; names only have to fit in a path. */
export type ValidateMeta = (metadata: V1ObjectMeta, field: string) => FieldError[];

export interface EmbeddedRules {
  validateMeta: ValidateMeta;
  /** Upstream's messages for a name that is no DNS-1035 label. */
  isDns1035Label(value: string): string[];
}

/** What is wrong with the type and metadata of resources embedded in an object, whose own are checked elsewhere. */
export function validateEmbedded(
  value: unknown,
  schema: Schema | undefined,
  rules: EmbeddedRules,
  path = '',
): FieldError[] {
  if (!schema) return [];
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    return value.flatMap((item, i) => validateEmbedded(item, items, rules, at(path, i)));
  }
  if (!isJsonObject(value)) return [];
  const values = valuesOf(schema);
  return [
    ...(isEmbedded(schema) ? validateResource(value, rules, path) : []),
    ...Object.entries(value).flatMap(([name, inner]) => {
      const property = propertyOf(schema, name);
      return validateEmbedded(inner, property ?? values, rules, property ? child(path, name) : at(path, name));
    }),
  ];
}

function validateResource(resource: JsonObject, rules: EmbeddedRules, path: string): FieldError[] {
  const errors = [
    ...validateText(resource.apiVersion, child(path, 'apiVersion'), validateApiVersion),
    ...validateText(resource.kind, child(path, 'kind'), (kind) => {
      const messages = rules.isDns1035Label(kind.toLowerCase());
      return messages.length === 0
        ? undefined
        : `may have mixed case, but should otherwise match: ${messages.join(',')}`;
    }),
  ];
  if (!Object.hasOwn(resource, 'metadata')) return errors;
  const { metadata, error } = decodeMeta(resource.metadata, false);
  const field = child(path, 'metadata');
  if (error !== undefined) return [...errors, invalidValue(field, resource.metadata, error)];
  return [...errors, ...rules.validateMeta(metadata, field)];
}

function validateText(value: unknown, field: string, check: (text: string) => string | undefined): FieldError[] {
  if (value === undefined) return [required(field, 'must not be empty')];
  if (typeof value !== 'string') return [invalidValue(field, value, 'must be a string')];
  if (value === '') return [invalidValue(field, value, 'must not be empty')];
  const message = check(value);
  return message === undefined ? [] : [invalidValue(field, value, message)];
}

function validateApiVersion(text: string): string | undefined {
  return text.split('/').length > 2 ? `unexpected GroupVersion string: ${text}` : undefined;
}

/** The same for a default of a schema that stands for a whole resource. */
export function validateResourceDefault(
  value: unknown,
  schema: Schema,
  rules: EmbeddedRules,
  path: string,
): FieldError[] {
  return validateEmbedded(value, asResource(schema), rules, path);
}
