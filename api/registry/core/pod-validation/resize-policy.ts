/** Validation of what a container says about being resized. */
import type { V1ContainerResizePolicy } from '../../../../openapi/generated/types.ts';
import type { FieldError } from '../../../../openapi/status.ts';
import { duplicate, invalidValue, notSupported, required } from '../../validation/errors.ts';

/** Resources that can change while a container runs. */
export const RESIZABLE: readonly string[] = ['cpu', 'memory'];
const POLICIES = ['NotRequired', 'RestartContainer'];

/** Of a new or changed container. */
export function validateResizePolicy(
  policies: readonly V1ContainerResizePolicy[] = [],
  podRestartPolicy: string | undefined,
  path: string,
): FieldError[] {
  const seen = new Set<string>();
  return policies.flatMap(({ resourceName, restartPolicy }, i) => {
    const repeated = seen.has(resourceName);
    seen.add(resourceName);
    const errors = repeated ? [duplicate(`${path}[${i}]`, resourceName)] : [];
    if (!resourceName) errors.push(required(path));
    else if (!RESIZABLE.includes(resourceName)) errors.push(notSupported(path, resourceName, RESIZABLE));
    if (!restartPolicy) errors.push(required(path));
    else if (!POLICIES.includes(restartPolicy)) errors.push(notSupported(path, restartPolicy, POLICIES));
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      errors.push(invalidValue(path, restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'"));
    }
    return errors;
  });
}
