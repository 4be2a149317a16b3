/** Field errors whose value Go shows in a way of its own: absent maps and slices, structs without JSON names, none at all. */
import type { FieldError } from '../../../openapi/status.ts';
import { invalidValue } from './errors.ts';

/** About a Go map, slice or struct: absent ones show as `null` without quotes, keys of maps in order. */
export function invalidGoValue(field: string, value: unknown, detail: string): FieldError {
  if (value === undefined || value === null) {
    return { type: 'FieldValueInvalid', field, message: `Invalid value: null: ${detail}` };
  }
  return invalidValue(field, value, detail);
}

/** Upstream leaves the value out where it would not help. */
export function invalidOmitted(field: string, detail: string): FieldError {
  return { type: 'FieldValueInvalid', field, message: `Invalid value: ${detail}` };
}

/** A map as Go writes it, keys in order. */
export function sortedMap<T>(map: Record<string, T> | undefined): Record<string, T> | undefined {
  if (!map) return undefined;
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
