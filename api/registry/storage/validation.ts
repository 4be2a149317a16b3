/** Checks that the kinds of this group share with each other and with persistent volumes. */
import type { FieldError } from '../../../openapi/status.ts';
import { invalidEach, invalidValue, required, tooLong } from '../validation/errors.ts';
import { isDns1123Subdomain, isQualifiedName } from '../validation/names.ts';

const PARAMETERS_MAX = 512;
const PARAMETERS_BYTES_MAX = 256 * 1024;
const DRIVER_NAME_MAX = 63;

/** The name of a provisioner or driver, which may be written in capitals. */
export function validateProvisioner(name: string, field: string): FieldError[] {
  if (!name) return [required(field)];
  return invalidEach(field, name.toLowerCase(), isQualifiedName(name.toLowerCase()));
}

export function validateDriverParameters(parameters: Record<string, string> = {}, field: string): FieldError[] {
  const entries = Object.entries(parameters);
  if (entries.length > PARAMETERS_MAX) return [tooLong(field, PARAMETERS_MAX)];
  const errors = entries.flatMap(([key]) => (key === '' ? [invalidValue(field, key, 'field can not be empty.')] : []));
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (bytes > PARAMETERS_BYTES_MAX) errors.push(tooLong(field, PARAMETERS_BYTES_MAX));
  return errors;
}

/** The name of a CSI driver where something refers to one. */
export function validateCsiDriverName(name: string, field: string): FieldError[] {
  return [
    ...(name ? [] : [required(field)]),
    ...(name.length > DRIVER_NAME_MAX ? [tooLong(field, DRIVER_NAME_MAX)] : []),
    ...invalidEach(field, name, isDns1123Subdomain(name.toLowerCase())),
  ];
}
