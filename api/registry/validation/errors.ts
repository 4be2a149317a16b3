/**
 * Makers of field errors with upstream's wording. `field` is the path as upstream writes it: `spec.ports[0].name`,
 * `data[key]`. Details are what follows the offending value.
 */
import type { FieldError } from '../../../openapi/status.ts';

/** A string in double quotes as Go's `%q` writes it. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(/\\u00([0-9a-f]{2})/g, '\\x$1');
}

/** How upstream shows a value that it refuses: strings quoted, absent ones as `"null"`, the rest as Go's JSON. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (value === undefined || value === null) return '"null"';
  if (typeof value === 'object') return JSON.stringify(value).replace(/[<>&]/g, escapeHtml);
  return String(value);
}

function escapeHtml(character: string): string {
  return `\\u00${character.charCodeAt(0).toString(16)}`;
}

function withDetail(text: string, detail: string): string {
  return detail === '' ? text : `${text}: ${detail}`;
}

export function required(field: string, detail = ''): FieldError {
  return { type: 'FieldValueRequired', field, message: withDetail('Required value', detail) };
}

export function invalidValue(field: string, value: unknown, detail: string): FieldError {
  return { type: 'FieldValueInvalid', field, message: withDetail(`Invalid value: ${shown(value)}`, detail) };
}

/** `supported` is shown in the order given; upstream sorts where it keeps a set. */
export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const list = supported.map(quote).join(', ');
  return {
    type: 'FieldValueNotSupported',
    field,
    message: withDetail(`Unsupported value: ${shown(value)}`, list === '' ? '' : `supported values: ${list}`),
  };
}

export function duplicate(field: string, value: unknown, detail = ''): FieldError {
  return { type: 'FieldValueDuplicate', field, message: withDetail(`Duplicate value: ${shown(value)}`, detail) };
}

export function forbiddenField(field: string, detail: string): FieldError {
  return { type: 'FieldValueForbidden', field, message: withDetail('Forbidden', detail) };
}

export function notFoundValue(field: string, value: unknown): FieldError {
  return { type: 'FieldValueNotFound', field, message: `Not found: ${shown(value)}` };
}

export function tooLong(field: string, maximumBytes: number): FieldError {
  return { type: 'FieldValueTooLong', field, message: `Too long: may not be more than ${maximumBytes} bytes` };
}

export function tooMany(field: string, count: number, maximum: number): FieldError {
  return { type: 'FieldValueTooMany', field, message: `Too many: ${count}: must have at most ${maximum} items` };
}

/** One error for each message, all about the same value. */
export function invalidEach(field: string, value: unknown, messages: readonly string[]): FieldError[] {
  return messages.map((message) => invalidValue(field, value, message));
}
