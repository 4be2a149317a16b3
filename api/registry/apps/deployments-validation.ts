/** Validation of deployments. */
import type { V1Deployment, V1DeploymentSpec, V1DeploymentStrategy } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateNonnegative } from '../validation/fields.ts';
import { validateAtMost, validateCollisionCount, validateCounts } from './counts.ts';
import { validateRollingUpdateDeployment } from './rolling-update.ts';
import { validateReplicaTemplate, validateSelector } from './templates.ts';

/** A deployment, new or changed, without its metadata. */
export function validateDeployment({ spec = {} as V1DeploymentSpec }: V1Deployment): FieldError[] {
  return [
    ...validateNonnegative(spec.replicas, 'spec.replicas'),
    ...validateSelector(spec.selector, 'spec.selector', 'deployment'),
    ...validateReplicaTemplate(spec, 'spec.template'),
    ...validateStrategy(spec.strategy ?? {}, 'spec.strategy'),
    ...validateNonnegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...validateNonnegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
    ...validateProgressDeadline(spec),
  ];
}

function validateStrategy(strategy: V1DeploymentStrategy, path: string): FieldError[] {
  const { type, rollingUpdate } = strategy;
  switch (type) {
    case 'Recreate': {
      const detail = "may not be specified when strategy `type` is 'Recreate'";
      return rollingUpdate ? [forbiddenField(`${path}.rollingUpdate`, detail)] : [];
    }
    case 'RollingUpdate':
      if (!rollingUpdate) return [required(`${path}.rollingUpdate`, 'this should be defaulted and never be nil')];
      return validateRollingUpdateDeployment(rollingUpdate, `${path}.rollingUpdate`);
    default:
      return [notSupported(path, goStrategy(strategy), ['Recreate', 'RollingUpdate'])];
  }
}

/** Upstream's own type has no JSON names. */
function goStrategy({ type = '', rollingUpdate: update }: V1DeploymentStrategy): object {
  const RollingUpdate = update ? { MaxUnavailable: update.maxUnavailable ?? 0, MaxSurge: update.maxSurge ?? 0 } : null;
  return { Type: type, RollingUpdate };
}

function validateProgressDeadline({ progressDeadlineSeconds, minReadySeconds = 0 }: V1DeploymentSpec): FieldError[] {
  if (progressDeadlineSeconds === undefined) return [];
  const field = 'spec.progressDeadlineSeconds';
  const errors = validateNonnegative(progressDeadlineSeconds, field);
  if (progressDeadlineSeconds <= minReadySeconds) {
    errors.push(invalidValue(field, progressDeadlineSeconds, 'must be greater than minReadySeconds'));
  }
  return errors;
}

/** The status that a controller writes. */
export function validateDeploymentStatus({ status = {} }: V1Deployment, old: V1Deployment): FieldError[] {
  return [
    ...validateCounts(status, [
      'observedGeneration',
      'replicas',
      'updatedReplicas',
      'readyReplicas',
      'availableReplicas',
      'unavailableReplicas',
      'terminatingReplicas',
      'collisionCount',
    ]),
    ...validateAtMost(status, 'updatedReplicas', 'replicas'),
    ...validateAtMost(status, 'readyReplicas', 'replicas'),
    ...validateAtMost(status, 'availableReplicas', 'replicas'),
    ...validateAtMost(status, 'availableReplicas', 'readyReplicas', 'readyReplicas'),
    ...validateCollisionCount(status.collisionCount, old.status?.collisionCount),
  ];
}
