/** Validation of how pods are replaced step by step. */
import type {
  V1RollingUpdateDaemonSet,
  V1RollingUpdateDeployment,
  V1RollingUpdateStatefulSetStrategy,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { invalidValue, required } from '../validation/errors.ts';
import { validateNonnegative } from '../validation/fields.ts';
import {
  percentOf,
  validateNotMoreThan100Percent,
  validatePositiveIntOrPercent,
} from '../validation/int-or-percent.ts';

type IntOrString = number | string;

/** The number or the percentage; 0 for what is neither. */
function amountOf(value: IntOrString): number {
  return percentOf(value) ?? (Number(value) || 0);
}

export function validateRollingUpdateDeployment(update: V1RollingUpdateDeployment, path: string): FieldError[] {
  const { maxUnavailable = 0, maxSurge = 0 } = update;
  const errors = [
    ...validatePositiveIntOrPercent(maxUnavailable, `${path}.maxUnavailable`),
    ...validatePositiveIntOrPercent(maxSurge, `${path}.maxSurge`),
  ];
  if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0) {
    errors.push(invalidValue(`${path}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  }
  errors.push(...validateNotMoreThan100Percent(maxUnavailable, `${path}.maxUnavailable`));
  return errors;
}

export function validateRollingUpdateDaemonSet(update: V1RollingUpdateDaemonSet, path: string): FieldError[] {
  const { maxUnavailable = 0, maxSurge = 0 } = update;
  const errors = [
    ...validatePositiveIntOrPercent(maxUnavailable, `${path}.maxUnavailable`),
    ...validatePositiveIntOrPercent(maxSurge, `${path}.maxSurge`),
    ...validateNotMoreThan100Percent(maxUnavailable, `${path}.maxUnavailable`),
    ...validateNotMoreThan100Percent(maxSurge, `${path}.maxSurge`),
  ];
  const hasUnavailable = amountOf(maxUnavailable) !== 0;
  const hasSurge = amountOf(maxSurge) !== 0;
  if (hasUnavailable && hasSurge) {
    errors.push(invalidValue(`${path}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'));
  } else if (!hasUnavailable && !hasSurge) {
    errors.push(required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
  }
  return errors;
}

export function validateRollingUpdateStatefulSet(
  { partition, maxUnavailable }: V1RollingUpdateStatefulSetStrategy,
  path: string,
): FieldError[] {
  const errors = validateNonnegative(partition, `${path}.partition`);
  if (maxUnavailable === undefined) return errors;
  const field = `${path}.maxUnavailable`;
  errors.push(...validatePositiveIntOrPercent(maxUnavailable, field));
  if (amountOf(maxUnavailable) === 0) errors.push(invalidValue(field, maxUnavailable, 'cannot be 0'));
  errors.push(...validateNotMoreThan100Percent(maxUnavailable, field));
  return errors;
}
