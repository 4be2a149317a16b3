/** What is wrong with field managers, in options and in metadata. */
import type { V1ManagedFieldsEntry } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { invalidValue, tooLong } from '../validation/errors.ts';

export const MANAGER_MAX_BYTES = 128;
const SUBRESOURCE_MAX_BYTES = 256;

/** Go's IsPrint, for one character. */
export const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** What nearly all managers are called like. */
const PLAIN = /^[ -~]{0,128}$/;

/** A manager's name is limited in length and can be printed. */
export function validateFieldManager(manager: string, field: string): FieldError[] {
  if (PLAIN.test(manager)) return [];
  const errors: FieldError[] = [];
  const bytes = Buffer.byteLength(manager);
  if (bytes > MANAGER_MAX_BYTES) errors.push(tooLong(field, MANAGER_MAX_BYTES));
  let position = 0;
  for (const char of manager) {
    if (!PRINTABLE.test(char)) {
      const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
      errors.push(invalidValue(field, manager, `invalid character U+${code} (at position ${position})`));
    }
    position += Buffer.byteLength(char);
  }
  return errors;
}

/** What is wrong with the entries of `metadata.managedFields`. */
export function validateManagedFields(entries: readonly V1ManagedFieldsEntry[] = []): FieldError[] {
  return entries.flatMap((entry, index) => validateEntry(entry, `metadata.managedFields[${index}]`));
}

function validateEntry(entry: V1ManagedFieldsEntry, path: string): FieldError[] {
  const { operation = '', fieldsType = '', manager = '', subresource = '' } = entry;
  const errors: FieldError[] = [];
  if (operation !== 'Apply' && operation !== 'Update')
    errors.push(invalidValue(`${path}.operation`, operation, 'must be `Apply` or `Update`'));
  if (fieldsType !== '' && fieldsType !== 'FieldsV1')
    errors.push(invalidValue(`${path}.fieldsType`, fieldsType, 'must be `FieldsV1`'));
  errors.push(...validateFieldManager(manager, `${path}.manager`));
  if (Buffer.byteLength(subresource) > SUBRESOURCE_MAX_BYTES)
    errors.push(tooLong(`${path}.subresource`, SUBRESOURCE_MAX_BYTES));
  return errors;
}
