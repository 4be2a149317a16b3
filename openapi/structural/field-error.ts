/** Makers of field errors with upstream's wording, as validation of schemas and of values against schemas needs them. */
import type { FieldError } from '../status.ts';

/** A string in double quotes as Go's `%q` writes it. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(/\\u00([0-9a-f]{2})/g, '\\x$1');
}

/** A number as Go's `%v` writes it: integers as they are, others with an exponent from a million on. */
export function goNumber(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  return goFloat(value);
}

/** A number as Go's `%v` writes a float64. */
export function goFloat(value: number): string {
  const [digits = '0', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (value === 0 || (power >= -4 && power < 6)) return plain(value);
  const sign = power < 0 ? '-' : '+';
  return `${digits}e${sign}${String(Math.abs(power)).padStart(2, '0')}`;
}

function plain(value: number): string {
  return value.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 20 });
}

/** Compact JSON with sorted keys, as Go marshals maps. */
export function goJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, inner]) => `${escaped(key)}:${goJson(inner)}`).join(',')}}`;
  }
  return typeof value === 'string' ? escaped(value) : JSON.stringify(value ?? null);
}

function escaped(text: string): string {
  return JSON.stringify(text).replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return '"null"';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') return goNumber(value);
  return goJson(value);
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

export function typeInvalid(field: string, value: unknown, detail: string): FieldError {
  return { type: 'FieldValueTypeInvalid', field, message: withDetail(`Invalid value: ${shown(value)}`, detail) };
}

export function forbidden(field: string, detail: string): FieldError {
  return { type: 'FieldValueForbidden', field, message: withDetail('Forbidden', detail) };
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const list = supported.map(quote).join(', ');
  return {
    type: 'FieldValueNotSupported',
    field,
    message: withDetail(`Unsupported value: ${shown(value)}`, list === '' ? '' : `supported values: ${list}`),
  };
}

export function duplicate(field: string, value: unknown): FieldError {
  return { type: 'FieldValueDuplicate', field, message: `Duplicate value: ${shown(value)}` };
}

export function tooLong(field: string, maximum: number): FieldError {
  const unit = maximum === 1 ? 'byte' : 'bytes';
  return { type: 'FieldValueTooLong', field, message: `Too long: may not be more than ${maximum} ${unit}` };
}

export function tooMany(field: string, count: number, maximum: number): FieldError {
  const unit = maximum === 1 ? 'item' : 'items';
  return { type: 'FieldValueTooMany', field, message: `Too many: ${count}: must have at most ${maximum} ${unit}` };
}

/** `spec` and `a` make `spec.a`; the root's path is empty. */
export function child(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** An entry of a list or a map: `spec[0]`, `labels[app]`. */
export function at(path: string, key: string | number): string {
  return `${path}[${key}]`;
}
