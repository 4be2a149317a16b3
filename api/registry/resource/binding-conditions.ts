import type { FieldError } from '../../../openapi/status.ts';
import { duplicate, invalidValue } from '../validation/errors.ts';
import { validateLabelName } from '../validation/fields.ts';
import { validateSlice } from './lists.ts';

const CONDITIONS_MAX = 4;

interface Conditions {
  bindingConditions?: string[];
  bindingFailureConditions?: string[];
}

/** Conditions under which a device is bound, and under which that has failed: both or neither, and none in both. */
export function validateBindingConditions(conditions: Conditions, field: string): FieldError[] {
  const { bindingConditions: good = [], bindingFailureConditions: bad = [] } = conditions;
  const [goodField, badField] = [`${field}.bindingConditions`, `${field}.bindingFailureConditions`];
  const errors = [
    ...validateSlice(good, CONDITIONS_MAX, validateLabelName, goodField),
    ...validateSlice(bad, CONDITIONS_MAX, validateLabelName, badField),
    ...repeated(good, goodField),
    ...repeated(bad, badField),
  ];
  bad.forEach((condition, i) => {
    if (!good.includes(condition)) return;
    const detail = 'bindingFailureConditions must not overlap with bindingConditions';
    errors.push(invalidValue(`${badField}[${i}]`, condition, detail));
  });
  const missing = (at: string, what: string, of: string) => {
    const message = `Invalid value: null: ${what} are required to use ${of}`;
    errors.push({ type: 'FieldValueInvalid', field: at, message });
  };
  if (good.length === 0 && bad.length > 0) missing(goodField, 'bindingConditions', 'bindingFailureConditions');
  if (bad.length === 0 && good.length > 0) missing(badField, 'bindingFailureConditions', 'bindingConditions');
  return errors;
}

function repeated(list: readonly string[], field: string): FieldError[] {
  return list.flatMap((item, i) => (list.indexOf(item) < i ? [duplicate(`${field}[${i}]`, item)] : []));
}
