/** Checks that many kinds share. Each returns the errors of one field or map, under upstream's paths. */
import type { V1LabelSelector, V1LabelSelectorRequirement } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { forbiddenField, invalidEach, invalidValue, notSupported, required } from './errors.ts';
import {
  isDns1123Label,
  isDns1123Subdomain,
  isLabelValue,
  isPortName,
  isPortNumber,
  isQualifiedName,
} from './names.ts';

export const PROTOCOLS = ['SCTP', 'TCP', 'UDP'] as const;
export const NOT_NEGATIVE = 'must be greater than or equal to 0';

export function validateDns1123Label(value: string, field: string): FieldError[] {
  return invalidEach(field, value, isDns1123Label(value));
}

export function validateDns1123Subdomain(value: string, field: string): FieldError[] {
  return invalidEach(field, value, isDns1123Subdomain(value));
}

export function validateNonnegative(value: number | undefined, field: string): FieldError[] {
  return value !== undefined && value < 0 ? [invalidValue(field, value, NOT_NEGATIVE)] : [];
}

export function validateLabelName(name: string, field: string): FieldError[] {
  return invalidEach(field, name, isQualifiedName(name));
}

/** Keys and values of labels, node selectors and the like; all errors are about the map's own path. */
export function validateLabels(labels: Record<string, string> | undefined, field: string): FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...validateLabelName(key, field),
    ...invalidEach(field, value, isLabelValue(value)),
  ]);
}

/** A required value out of a set. */
export function validateOneOf(value: string | undefined, field: string, supported: readonly string[]): FieldError[] {
  if (!value) return [required(field)];
  return supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

/** A port's number, or the name of a container's port. */
export function validatePortNumberOrName(port: number | string | undefined, field: string): FieldError[] {
  if (typeof port === 'string') return invalidEach(field, port, isPortName(port));
  return invalidEach(field, port ?? 0, isPortNumber(port ?? 0));
}

export function validateLabelSelector(selector: V1LabelSelector | undefined, field: string): FieldError[] {
  if (!selector) return [];
  return [
    ...validateLabels(selector.matchLabels, `${field}.matchLabels`),
    ...(selector.matchExpressions ?? []).flatMap((requirement, i) =>
      validateRequirement(requirement, `${field}.matchExpressions[${i}]`),
    ),
  ];
}

function validateRequirement(requirement: V1LabelSelectorRequirement, field: string): FieldError[] {
  const { key, operator, values = [] } = requirement;
  const errors: FieldError[] = [];
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        errors.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
      }
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
        errors.push(forbiddenField(`${field}.values`, detail));
      }
      break;
    default:
      errors.push(invalidValue(`${field}.operator`, operator, 'not a valid selector operator'));
  }
  errors.push(...validateLabelName(key, `${field}.key`));
  values.forEach((value, i) => {
    errors.push(...invalidEach(`${field}.values[${i}]`, value, isLabelValue(value)));
  });
  return errors;
}
