/** What CEL expressions see of JSON: the types that a structural schema gives to values, and the values themselves. */
import { isJsonObject } from '../json.ts';
import { loadCel } from '../lazy.ts';
import { isEmbedded, itemsOf, type Schema, valuesOf } from '../structural/schema.ts';

/** A type, with how JSON becomes a value of it. */
export interface CelType {
  /** As the library spells it: `list<string>`. */
  name: string;
  /** The types of objects within, those that others are made of first. */
  objects: readonly ObjectType[];
  convert(value: unknown): unknown;
}

export interface ObjectType {
  name: string;
  /** Names as expressions write them. */
  fields: Readonly<Record<string, string>>;
  /** Objects of the type are of this class, by which the library knows them. */
  ctor: new () => Map<string, unknown>;
}

const scalar = (name: string, convert: (value: unknown) => unknown): CelType => ({ name, objects: [], convert });

/** Anything: checked only when an expression is evaluated. */
export const DYN: CelType = scalar('dyn', convertAny);
export const STRING: CelType = scalar('string', (value) => value);
export const BOOL: CelType = scalar('bool', (value) => value);

function convertAny(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(convertAny);
  if (isJsonObject(value)) return new Map(Object.entries(value).map(([name, inner]) => [name, convertAny(inner)]));
  return value;
}

/** The same type, or nothing: `oldSelf` of a rule that is evaluated for new objects too. */
export function optional(type: CelType): CelType {
  return {
    name: `optional<${type.name}>`,
    objects: type.objects,
    convert(value) {
      const { Optional } = loadCel();
      return value === undefined ? Optional.none() : Optional.of(type.convert(value));
    },
  };
}

const METADATA: Schema = {
  type: 'object',
  properties: { name: { type: 'string' }, generateName: { type: 'string' } },
};

/** The type of the values of a schema; `name` is what its objects are called in messages. */
export function typeOfSchema(schema: Schema, name: string): CelType {
  if (schema['x-kubernetes-int-or-string'] || schema.nullable) return DYN;
  switch (schema.type) {
    case 'string':
      return typeOfString(schema.format);
    case 'integer':
      return scalar('int', (value) => (Number.isInteger(value) ? BigInt(value as number) : value));
    case 'number':
      return scalar('double', (value) => value);
    case 'boolean':
      return BOOL;
    case 'array':
      return typeOfList(itemsOf(schema), name);
    case 'object': {
      const values = valuesOf(schema);
      return values ? typeOfMap(values, name) : typeOfObject(schema, name);
    }
    default:
      return DYN;
  }
}

function typeOfString(format: string | undefined): CelType {
  switch (format) {
    case 'date':
    case 'date-time':
    case 'datetime':
      return scalar('google.protobuf.Timestamp', (value) => dateOf(value));
    case 'duration':
      return scalar('google.protobuf.Duration', (value) => durationOf(value));
    case 'byte':
      return scalar('bytes', (value) =>
        typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : value,
      );
    default:
      return STRING;
  }
}

function dateOf(value: unknown): unknown {
  return typeof value === 'string' ? new Date(value) : value;
}

function durationOf(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return loadCel().evaluate('duration(text)', { text: value });
  } catch {
    // Upstream's schemas allow `3 days`, which is no duration to CEL: it stays what it is, and expressions refuse it.
    return value;
  }
}

function typeOfList(items: Schema | undefined, name: string): CelType {
  const inner = items ? typeOfSchema(items, `${name}.idx`) : DYN;
  return {
    name: `list<${inner.name}>`,
    objects: inner.objects,
    convert: (value) => (Array.isArray(value) ? value.map((item) => inner.convert(item)) : value),
  };
}

function typeOfMap(values: Schema, name: string): CelType {
  const inner = typeOfSchema(values, `${name}.elem`);
  return {
    name: `map<string, ${inner.name}>`,
    objects: inner.objects,
    convert: (value) =>
      isJsonObject(value) ? new Map(Object.entries(value).map(([key, entry]) => [key, inner.convert(entry)])) : value,
  };
}

function typeOfObject(schema: Schema, name: string): CelType {
  const properties: Record<string, Schema> = {
    ...schema.properties,
    ...(isEmbedded(schema) ? { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: METADATA } : {}),
  };
  const fields = Object.entries(properties).flatMap(([property, inner]) => {
    const field = escapeName(property);
    return field === undefined ? [] : [{ property, field, type: typeOfSchema(inner, `${name}.${field}`) }];
  });
  class CelObject extends Map<string, unknown> {}
  const type: ObjectType = {
    name,
    fields: Object.fromEntries(fields.map(({ field, type: inner }) => [field, inner.name])),
    ctor: CelObject,
  };
  return {
    name,
    objects: [...fields.flatMap(({ type: inner }) => inner.objects), type],
    convert(value) {
      if (!isJsonObject(value)) return value;
      const object = new CelObject();
      for (const { property, field, type: inner } of fields) {
        if (Object.hasOwn(value, property)) object.set(field, inner.convert(value[property]));
      }
      return object;
    },
  };
}

const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** A property's name as expressions write it: `foo-bar` is `foo__dash__bar`. `undefined` where it cannot be written. */
export function escapeName(name: string): string | undefined {
  if (RESERVED.has(name)) return `__${name}__`;
  if (!/^[a-zA-Z_][a-zA-Z0-9_.\-/]*$/.test(name)) return undefined;
  return name.replace(/__|\.|-|\//g, (part) => `__${ESCAPES[part]}__`);
}

const ESCAPES: Record<string, string> = { __: 'underscores', '.': 'dot', '-': 'dash', '/': 'slash' };
