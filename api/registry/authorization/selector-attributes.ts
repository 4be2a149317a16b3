/** Selectors in reviews of access: for authorizers that look at them. */
import type { V1ResourceAttributes } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { invalidValue, notSupported, required } from '../validation/errors.ts';

interface Requirement {
  key: string;
  operator: string;
  values?: string[];
}

interface Selector {
  rawSelector?: string;
  requirements?: Requirement[];
}

/** A selector is given in one of its two forms. */
export function validateSelectors(attributes: V1ResourceAttributes, field: string): FieldError[] {
  const { fieldSelector, labelSelector } = attributes;
  return [
    ...validateSelector(fieldSelector, `${field}.fieldSelector`),
    ...validateSelector(labelSelector, `${field}.labelSelector`),
  ];
}

function validateSelector(selector: Selector | undefined, field: string): FieldError[] {
  if (!selector) return [];
  const { rawSelector = '', requirements = [] } = selector;
  if (rawSelector !== '' && requirements.length > 0) {
    return [invalidValue(`${field}.rawSelector`, rawSelector, 'may not specified at the same time as requirements')];
  }
  if (rawSelector === '' && requirements.length === 0) {
    return [
      required(`${field}.requirements`, 'when fieldSelector is specified, requirements or rawSelector is required'),
    ];
  }
  return requirements.flatMap((requirement, i) => validateRequirement(requirement, `${field}.requirements[${i}]`));
}

const OPERATORS = ['DoesNotExist', 'Exists', 'In', 'NotIn'];

function validateRequirement({ key, operator, values = [] }: Requirement, field: string): FieldError[] {
  const errors = key === '' ? [required(`${field}.key`, 'must be specified')] : [];
  if (operator === '') return [...errors, required(`${field}.operator`, 'must be specified')];
  if (!OPERATORS.includes(operator)) return [...errors, notSupported(`${field}.operator`, operator, OPERATORS)];
  const takesValues = operator === 'In' || operator === 'NotIn';
  if (takesValues && values.length === 0) {
    errors.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (!takesValues && values.length > 0) {
    errors.push({
      type: 'FieldValueForbidden',
      field: `${field}.values`,
      message: "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    });
  }
  return errors;
}
