/** What an update of `pods/ephemeralcontainers` may do: add some. */
import type { V1Pod } from '../../../../openapi/generated/types.ts';
import type { FieldError } from '../../../../openapi/status.ts';
import { semanticEqual } from '../../validation/equality.ts';
import { forbiddenField } from '../../validation/errors.ts';
import { validatePod } from './pod.ts';

const FIELD = 'spec.ephemeralContainers';
const MIRROR = 'kubernetes.io/config.mirror';

export function validateEphemeralContainersUpdate(pod: V1Pod, old: V1Pod): FieldError[] {
  if (old.metadata?.annotations?.[MIRROR] !== undefined) {
    return [forbiddenField('[]', 'static pods do not support ephemeral containers')];
  }
  const containers = pod.spec?.ephemeralContainers ?? [];
  const errors = validatePod(pod);
  for (const before of old.spec?.ephemeralContainers ?? []) {
    const after = containers.find(({ name }) => name === before.name);
    if (after && semanticEqual(after, before)) continue;
    const what = after ? 'changed' : 'removed';
    const detail = `existing ephemeral containers ${JSON.stringify(before.name)} may not be ${what}\n`;
    errors.push(forbiddenField(FIELD, detail));
  }
  return errors;
}
