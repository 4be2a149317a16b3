/** JSON as the fuzzer makes it: any text may stand where a number is, and `__proto__` is a property like another. */

export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/** Marks a string that goes out as it is, without quotes. */
const RAW = '\u0001raw:';
const RAW_IN_TEXT = /"\\u0001raw:([^"\\]*)"/g;
export const RAW_IN_YAML = /"\\x01raw:([^"\\]*)"/g;

/** A literal that JSON.stringify would not write: `1e400`, `9223372036854775808`, `1.0`. */
export function raw(literal: string): Json {
  return RAW + literal;
}

/** The text of a value, with its raw literals. */
export function textOf(value: Json): string {
  const text = JSON.stringify(value);
  return text.includes('\\u0001raw:') ? text.replace(RAW_IN_TEXT, '$1') : text;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A copy with one more property, or another value of it. */
export function withProperty(value: JsonObject, key: string, item: Json): JsonObject {
  const copy = { ...value };
  Object.defineProperty(copy, key, { value: item, enumerable: true, configurable: true, writable: true });
  return copy;
}

/** `depth` arrays or objects around a number. */
export function nested(depth: number, isArray: (level: number) => boolean): Json {
  let value: Json = 1;
  for (let i = 0; i < depth; i++) value = isArray(i) ? [value] : { a: value };
  return value;
}
