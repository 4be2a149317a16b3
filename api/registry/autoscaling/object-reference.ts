/** References to objects of any kind. */
import type { V2CrossVersionObjectReference } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { invalidEach, invalidValue, required } from '../validation/errors.ts';
import { isPathSegmentName } from '../validation/names.ts';

/** A reference by kind, name and version, which needs no group where `allowEmptyGroup`. */
export function validateObjectReference(
  { kind, name, apiVersion = '' }: V2CrossVersionObjectReference,
  path: string,
  allowEmptyGroup: boolean,
): FieldError[] {
  const segment = (value: string | undefined, field: string) =>
    value ? invalidEach(field, value, isPathSegmentName(value)) : [required(field)];
  const errors = [...segment(kind, `${path}.kind`), ...segment(name, `${path}.name`)];
  const field = `${path}.apiVersion`;
  const slashes = apiVersion.split('/').length - 1;
  if (slashes > 1) {
    errors.push(invalidValue(field, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  } else if (!allowEmptyGroup && (slashes === 0 || apiVersion.startsWith('/'))) {
    errors.push(invalidValue(field, apiVersion, 'apiVersion must specify API group'));
  }
  return errors;
}
