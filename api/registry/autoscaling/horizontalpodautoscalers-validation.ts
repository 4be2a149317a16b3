/** Validation of autoscalers. */
import { parseQuantity } from '../../../base/quantity.ts';
import type {
  V2HorizontalPodAutoscaler,
  V2HPAScalingPolicy,
  V2HPAScalingRules,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../validation/errors.ts';
import { NOT_NEGATIVE, validateNonnegative } from '../validation/fields.ts';
import { validateMetric } from './metrics-validation.ts';
import { validateObjectReference } from './object-reference.ts';

const PERIOD_MAX_SECONDS = 1800;
const STABILIZATION_WINDOW_MAX_SECONDS = 3600;
const SELECT_POLICIES = ['Disabled', 'Max', 'Min'];
const POLICY_TYPES = ['Percent', 'Pods'];

/** An autoscaler, new or changed, without its metadata. */
export function validateAutoscaler({ spec }: V2HorizontalPodAutoscaler): FieldError[] {
  const target = spec.scaleTargetRef ?? { kind: '', name: '' };
  const behavior = spec.behavior;
  return [
    ...validateReplicas(spec.minReplicas, spec.maxReplicas ?? 0),
    // The one kind that can be scaled and has no group.
    ...validateObjectReference(target, 'spec.scaleTargetRef', target.kind === 'ReplicationController'),
    ...(spec.metrics ?? []).flatMap((metric, i) => validateMetric(metric, `spec.metrics[${i}]`)),
    ...validateScaleToZero(spec),
    ...validateRules(behavior?.scaleUp, 'spec.behavior.scaleUp'),
    ...validateRules(behavior?.scaleDown, 'spec.behavior.scaleDown'),
  ];
}

function validateReplicas(min: number | undefined, max: number): FieldError[] {
  const errors: FieldError[] = [];
  if (min !== undefined && min < 1) {
    errors.push(invalidValue('spec.minReplicas', min, 'must be greater than or equal to 1'));
  }
  if (max < 1) errors.push(invalidValue('spec.maxReplicas', max, 'must be greater than 0'));
  if (min !== undefined && max < min) {
    errors.push(invalidValue('spec.maxReplicas', max, 'must be greater than or equal to `minReplicas`'));
  }
  return errors;
}

/** Without replicas there is nothing to measure on pods. */
function validateScaleToZero({ minReplicas, metrics }: V2HorizontalPodAutoscaler['spec']): FieldError[] {
  if (minReplicas !== 0 || metrics?.some(({ type }) => type === 'Object' || type === 'External')) return [];
  const detail = 'must specify at least one Object or External metric to support scaling to zero replicas';
  return [forbiddenField('spec.metrics', detail)];
}

function validateRules(rules: V2HPAScalingRules | undefined, path: string): FieldError[] {
  if (!rules) return [];
  const { selectPolicy, policies = [], tolerance } = rules;
  const errors = validateWindow(rules.stabilizationWindowSeconds, `${path}.stabilizationWindowSeconds`);
  if (selectPolicy !== undefined && !SELECT_POLICIES.includes(selectPolicy)) {
    errors.push(notSupported(`${path}.selectPolicy`, selectPolicy, SELECT_POLICIES));
  }
  if (policies.length === 0) errors.push(required(`${path}.policies`, 'must specify at least one Policy'));
  errors.push(...policies.flatMap((policy, i) => validatePolicy(policy, `${path}.policies[${i}]`)));
  if (tolerance !== undefined && (parseQuantity(tolerance) ?? 0n) < 0n) {
    errors.push(invalidValue(`${path}.tolerance`, tolerance, NOT_NEGATIVE));
  }
  return errors;
}

function validateWindow(seconds: number | undefined, field: string): FieldError[] {
  if (seconds === undefined) return [];
  if (seconds < 0) return [invalidValue(field, seconds, 'must be greater than or equal to zero')];
  if (seconds <= STABILIZATION_WINDOW_MAX_SECONDS) return [];
  return [invalidValue(field, seconds, `must be less than or equal to ${STABILIZATION_WINDOW_MAX_SECONDS}`)];
}

function validatePolicy({ type = '', value = 0, periodSeconds = 0 }: V2HPAScalingPolicy, path: string): FieldError[] {
  const errors = POLICY_TYPES.includes(type) ? [] : [notSupported(`${path}.type`, type, POLICY_TYPES)];
  if (value <= 0) errors.push(invalidValue(`${path}.value`, value, 'must be greater than zero'));
  if (periodSeconds <= 0) {
    errors.push(invalidValue(`${path}.periodSeconds`, periodSeconds, 'must be greater than zero'));
  }
  if (periodSeconds > PERIOD_MAX_SECONDS) {
    const detail = `must be less than or equal to ${PERIOD_MAX_SECONDS}`;
    errors.push(invalidValue(`${path}.periodSeconds`, periodSeconds, detail));
  }
  return errors;
}

/** The status that a controller writes. */
export function validateAutoscalerStatus({ status }: V2HorizontalPodAutoscaler): FieldError[] {
  return [
    ...validateNonnegative(status?.currentReplicas, 'status.currentReplicas'),
    ...validateNonnegative(status?.desiredReplicas, 'status.desiredReplicas'),
  ];
}
