import type { V1NodeSelector } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { validateAffinity } from '../core/pod-validation/scheduling.ts';

const PREFIX = '.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution';

/** The same checks as of the one in a pod's affinity. */
export function validateNodeSelector(selector: V1NodeSelector, field: string): FieldError[] {
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: selector } };
  return validateAffinity(affinity, '').map((error) => ({ ...error, field: field + error.field.slice(PREFIX.length) }));
}
