/** How much of a shared device's capacity may be asked for. */
import { parseQuantity } from '../../../base/quantity.ts';
import type { V1CapacityRequestPolicy, V1CapacityRequestPolicyRange } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { forbiddenField, invalidValue, required } from '../validation/errors.ts';
import { validateSet } from './lists.ts';

const OPTIONS_MAX = 10;

const amount = (text: string): bigint => parseQuantity(text) ?? 0n;

/** `capacity` is all there is. */
export function validateRequestPolicy(capacity: string, policy: V1CapacityRequestPolicy, field: string): FieldError[] {
  const { validValues = [], validRange, default: usual } = policy;
  if (validValues.length > 0 && validRange) {
    const detail =
      'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    return [forbiddenField(field, detail)];
  }
  const kind = validValues.length > 0 ? 'validValues' : validRange ? 'validRange' : undefined;
  if (!kind) return [];
  if (usual === undefined) return [required(`${field}.default`, `required when ${kind} is defined`)];
  if (validRange) return validateRange(usual, capacity, validRange, `${field}.validRange`);
  return validateValues(usual, capacity, validValues, `${field}.validValues`);
}

function validateValues(usual: string, capacity: string, values: readonly string[], field: string): FieldError[] {
  const errors = values.flatMap((value, i) => {
    const before = values[i - 1];
    if (before === undefined || amount(before) <= amount(value)) return [];
    return [invalidValue(`${field}[${i}]`, value, 'values must be sorted in ascending order')];
  });
  const check = (value: string, at: string) =>
    amount(value) > amount(capacity)
      ? [invalidValue(at, value, `option is larger than capacity value: ${capacity}`)]
      : [];
  errors.push(...validateSet(values, OPTIONS_MAX, check, (value) => String(amount(value)), field));
  if (!values.some((value) => amount(value) === amount(usual))) {
    errors.push(invalidValue(field, usual, 'default value is not valid according to the requestPolicy'));
  }
  return errors;
}

function validateRange(
  usual: string,
  capacity: string,
  range: V1CapacityRequestPolicyRange,
  field: string,
): FieldError[] {
  const { min, max, step } = range;
  if (min === undefined) return [required(`${field}.min`, 'required when validRange is defined')];
  const errors: FieldError[] = [];
  const refuse = (name: string, value: string, detail: string) =>
    errors.push(invalidValue(`${field}.${name}`, value, detail));
  if (amount(min) > amount(capacity)) refuse('min', min, `min is larger than capacity value: ${capacity}`);
  if (amount(usual) < amount(min)) refuse('min', usual, `default is less than min: ${min}`);
  if (max !== undefined) {
    if (amount(min) > amount(max)) refuse('max', min, `min is larger than max: ${max}`);
    if (amount(max) > amount(capacity)) refuse('max', max, `max is larger than capacity value: ${capacity}`);
    if (amount(usual) > amount(max)) refuse('max', usual, `default is more than max: ${max}`);
  }
  if (step === undefined || amount(step) === 0n) return errors;
  for (const value of [usual, ...(max === undefined ? [] : [max])]) {
    if ((amount(value) - amount(min)) % amount(step) === 0n) continue;
    refuse('step', value, `value is not a multiple of a given step (${step}) from (${min})`);
  }
  return errors;
}
