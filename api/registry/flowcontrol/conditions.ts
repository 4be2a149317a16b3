import type { FieldError } from '../../../openapi/status.ts';
import { duplicate, required } from '../validation/errors.ts';

/** Conditions of flow control's statuses need a type, and each only once. */
export function validateConditionTypes(conditions: readonly { type?: string }[] = []): FieldError[] {
  const seen = new Set<string>();
  return conditions.flatMap(({ type = '' }, i) => {
    const field = `status.conditions[${i}].type`;
    const errors = seen.has(type) ? [duplicate(field, type)] : [];
    seen.add(type);
    return type === '' ? [...errors, required(field, 'must not be empty')] : errors;
  });
}
