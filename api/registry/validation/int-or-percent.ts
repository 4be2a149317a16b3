/** Numbers that may be given as percentages: `3` or `"25%"`. */
import type { FieldError } from '../../../openapi/status.ts';
import { invalidValue } from './errors.ts';
import { validateNonnegative } from './fields.ts';

const PERCENT = /^(\d+)%$/;
const PERCENT_RULE =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

/** Not negative, or a percentage. */
export function validatePositiveIntOrPercent(value: number | string, field: string): FieldError[] {
  if (typeof value === 'number') return validateNonnegative(value, field);
  return PERCENT.test(value) ? [] : [invalidValue(field, value, PERCENT_RULE)];
}

/** The number before the sign; `undefined` when `value` is no percentage. */
export function percentOf(value: number | string): number | undefined {
  const digits = typeof value === 'string' ? PERCENT.exec(value)?.[1] : undefined;
  return digits === undefined ? undefined : Number(digits);
}

export function validateNotMoreThan100Percent(value: number | string, field: string): FieldError[] {
  if ((percentOf(value) ?? 0) <= 100) return [];
  return [invalidValue(field, value, 'must not be greater than 100%')];
}
