/** Validation of the numbers in statuses. */
import type { FieldError } from '../../../openapi/status.ts';
import { invalidValue } from '../validation/errors.ts';
import { validateNonnegative } from '../validation/fields.ts';

type Counts<K extends string> = Readonly<Partial<Record<K, number>>>;

/** That none of the fields is negative, in the order given. */
export function validateCounts<K extends string>(status: Counts<K>, fields: readonly K[]): FieldError[] {
  return fields.flatMap((field) => validateNonnegative(status[field], `status.${field}`));
}

/** That one number does not exceed another; `limitName` as in `cannot be greater than status.replicas`. */
export function validateAtMost<K extends string>(
  status: Counts<K>,
  field: K,
  limit: K,
  limitName = `status.${limit}`,
): FieldError[] {
  const value = status[field] ?? 0;
  if (value <= (status[limit] ?? 0)) return [];
  return [invalidValue(`status.${field}`, value, `cannot be greater than ${limitName}`)];
}

/** `status.collisionCount` only grows, and does not go away. */
export function validateCollisionCount(count: number | undefined, old: number | undefined): FieldError[] {
  if (old === undefined || (count !== undefined && count >= old)) return [];
  return [invalidValue('status.collisionCount', count ?? 0, 'cannot be decremented')];
}
