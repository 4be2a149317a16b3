/** Validation of daemon sets. */
import type { V1DaemonSet, V1DaemonSetSpec, V1DaemonSetUpdateStrategy } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { validatePodTemplate } from '../core/pod-validation/pod.ts';
import { notSupported, required } from '../validation/errors.ts';
import { validateLabelSelector, validateNonnegative } from '../validation/fields.ts';
import { validateCollisionCount, validateCounts } from './counts.ts';
import { validateRollingUpdateDaemonSet } from './rolling-update.ts';
import {
  validateLongRunning,
  validateNotEmpty,
  validateReadOnlyPersistentDisks,
  validateSelected,
} from './templates.ts';

/** A daemon set, new or changed, without its metadata. */
export function validateDaemonSet({ spec = {} as V1DaemonSetSpec }: V1DaemonSet): FieldError[] {
  const path = 'spec.template';
  const { selector, template = {} } = spec;
  return [
    ...validateLabelSelector(selector, 'spec.selector'),
    ...validateSelected(selector, template, path),
    ...validateNotEmpty(selector, 'spec.selector', 'daemonset'),
    ...validatePodTemplate(template, path),
    ...validateReadOnlyPersistentDisks(template.spec?.volumes, `${path}.spec.volumes`),
    ...validateLongRunning(template, path, 'DaemonSet'),
    ...validateNonnegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...validateUpdateStrategy(spec.updateStrategy ?? {}, 'spec.updateStrategy'),
    ...validateNonnegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
  ];
}

function validateUpdateStrategy(strategy: V1DaemonSetUpdateStrategy, path: string): FieldError[] {
  const { type = '', rollingUpdate } = strategy;
  if (type === 'OnDelete') return [];
  if (type !== 'RollingUpdate') return [notSupported(path, goStrategy(strategy), ['RollingUpdate', 'OnDelete'])];
  if (!rollingUpdate) return [required(`${path}.rollingUpdate`)];
  return validateRollingUpdateDaemonSet(rollingUpdate, `${path}.rollingUpdate`);
}

/** Upstream's own type has no JSON names. */
function goStrategy({ type = '', rollingUpdate: update }: V1DaemonSetUpdateStrategy): object {
  const RollingUpdate = update ? { MaxUnavailable: update.maxUnavailable ?? 0, MaxSurge: update.maxSurge ?? 0 } : null;
  return { Type: type, RollingUpdate };
}

/** The status that a controller writes. */
export function validateDaemonSetStatus({ status }: V1DaemonSet, old: V1DaemonSet): FieldError[] {
  return [
    ...validateCounts(status ?? {}, [
      'currentNumberScheduled',
      'numberMisscheduled',
      'desiredNumberScheduled',
      'numberReady',
      'observedGeneration',
      'updatedNumberScheduled',
      'numberAvailable',
      'numberUnavailable',
      'collisionCount',
    ]),
    ...validateCollisionCount(status?.collisionCount, old.status?.collisionCount),
  ];
}
