/** Validation of `metav1.Condition`s, as statuses of newer kinds carry them. */
import type { V1Condition } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { duplicate, invalidValue, notSupported, required, tooLong } from './errors.ts';
import { validateLabelName } from './fields.ts';

const STATUSES = ['False', 'True', 'Unknown'];
const REASON_MAX_BYTES = 1024;
const MESSAGE_MAX_BYTES = 32 * 1024;
const REASON = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const REASON_PATTERN = new RegExp(`^(?:${REASON})$`);
const REASON_RULE =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";
const REASON_EXAMPLES =
  "'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is";

/** Each condition by itself, and that none comes twice. */
export function validateConditions(conditions: readonly V1Condition[] = [], field: string): FieldError[] {
  const types = new Set<string>();
  return conditions.flatMap((condition, i) => {
    const repeated = types.has(condition.type);
    types.add(condition.type);
    return [
      ...(repeated ? [duplicate(`${field}[${i}].type`, condition.type)] : []),
      ...validateCondition(condition, `${field}[${i}]`),
    ];
  });
}

function validateCondition(condition: V1Condition, field: string): FieldError[] {
  const { type, status, observedGeneration = 0, lastTransitionTime, reason, message = '' } = condition;
  const errors = validateLabelName(type ?? '', `${field}.type`);
  if (!STATUSES.includes(status)) errors.push(notSupported(`${field}.status`, status ?? '', STATUSES));
  if (observedGeneration < 0) {
    const detail = 'must be greater than or equal to zero';
    errors.push(invalidValue(`${field}.observedGeneration`, observedGeneration, detail));
  }
  if (!lastTransitionTime) errors.push(required(`${field}.lastTransitionTime`, 'must be set'));
  errors.push(...validateReason(reason, `${field}.reason`));
  if (Buffer.byteLength(message) > MESSAGE_MAX_BYTES) errors.push(tooLong(`${field}.message`, MESSAGE_MAX_BYTES));
  return errors;
}

function validateReason(reason: string | undefined, field: string): FieldError[] {
  if (!reason) return [required(field, 'must be set')];
  const errors: FieldError[] = [];
  if (!REASON_PATTERN.test(reason)) {
    errors.push(invalidValue(field, reason, `${REASON_RULE} (e.g. ${REASON_EXAMPLES} '${REASON}')`));
  }
  if (Buffer.byteLength(reason) > REASON_MAX_BYTES) errors.push(tooLong(field, REASON_MAX_BYTES));
  return errors;
}
