/** Validation of what an autoscaler measures. */
import { parseQuantity } from '../../../base/quantity.ts';
import type {
  V2ContainerResourceMetricSource,
  V2MetricIdentifier,
  V2MetricSpec,
  V2MetricTarget,
  V2ResourceMetricSource,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { forbiddenField, invalidEach, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateDns1123Label } from '../validation/fields.ts';
import { isPathSegmentName } from '../validation/names.ts';
import { validateContainerResourceName } from '../validation/quantities.ts';
import { validateObjectReference } from './object-reference.ts';

type Source = Exclude<keyof V2MetricSpec, 'type'>;

const TYPES = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];
const TARGET_TYPES = ['Utilization', 'Value', 'AverageValue'];

/** The sources in the order in which upstream looks at them. */
const CHECKS: [source: Source, check: (metric: V2MetricSpec, path: string) => FieldError[]][] = [
  ['object', validateObject],
  ['external', validateExternal],
  ['pods', validatePods],
  ['resource', ({ resource }, path) => (resource ? validateResource(resource, path) : [])],
  ['containerResource', validateContainerResource],
];

/** A metric must have the one source that its type names. */
export function validateMetric(metric: V2MetricSpec, path: string): FieldError[] {
  const { type = '' } = metric;
  const isKnown = TYPES.includes(type);
  const unknown = isKnown ? [] : [notSupported(`${path}.type`, type, TYPES)];
  const errors: FieldError[] = type ? [] : [required(`${path}.type`, 'must specify a metric source type')];
  errors.push(...unknown);
  const present = CHECKS.filter(([source]) => metric[source] !== undefined);
  const [first] = present;
  if (first) errors.push(...first[1](metric, `${path}.${first[0]}`));
  const expected = CHECKS.find(([source]) => source.toLowerCase() === type.toLowerCase())?.[0];
  if (isKnown && expected && metric[expected] === undefined) {
    errors.push(required(`${path}.${expected}`, 'must populate information for the given metric source'));
  }
  // Upstream says it twice.
  errors.push(...unknown);
  if (present.length === 1) return errors;
  const others = present.filter(([source]) => source !== expected);
  const detail = 'must populate the given metric source only';
  return [...errors, ...others.map(([source]) => forbiddenField(`${path}.${source}`, detail))];
}

function validateObject({ object }: V2MetricSpec, path: string): FieldError[] {
  if (!object) return [];
  const { describedObject = { kind: '', name: '' }, metric, target = { type: '' } } = object;
  const errors = [
    ...validateObjectReference(describedObject, `${path}.describedObject`, true),
    ...validateIdentifier(metric, `${path}.metric`),
    ...validateTarget(target, `${path}.target`),
  ];
  if (target.value === undefined && target.averageValue === undefined) {
    errors.push(required(`${path}.target.averageValue`, 'must set either a target value or averageValue'));
  }
  return errors;
}

function validateExternal({ external }: V2MetricSpec, path: string): FieldError[] {
  if (!external) return [];
  const { metric, target = { type: '' } } = external;
  const errors = [...validateIdentifier(metric, `${path}.metric`), ...validateTarget(target, `${path}.target`)];
  const { value, averageValue } = target;
  if (value === undefined && averageValue === undefined) {
    const detail = 'must set either a target value for metric or a per-pod target';
    errors.push(required(`${path}.target.averageValue`, detail));
  }
  if (value !== undefined && averageValue !== undefined) {
    const detail = 'may not set both a target value for metric and a per-pod target';
    errors.push(forbiddenField(`${path}.target.value`, detail));
  }
  return errors;
}

function validatePods({ pods }: V2MetricSpec, path: string): FieldError[] {
  if (!pods) return [];
  const { metric, target = { type: '' } } = pods;
  const errors = [...validateIdentifier(metric, `${path}.metric`), ...validateTarget(target, `${path}.target`)];
  if (target.averageValue === undefined) {
    errors.push(required(`${path}.target.averageValue`, 'must specify a positive target averageValue'));
  }
  return errors;
}

function validateResource({ name, target }: V2ResourceMetricSource, path: string): FieldError[] {
  const errors = name ? [] : [required(`${path}.name`, 'must specify a resource name')];
  return [...errors, ...validateUsage(target ?? { type: '' }, `${path}.target`)];
}

function validateContainerResource({ containerResource }: V2MetricSpec, path: string): FieldError[] {
  if (!containerResource) return [];
  const { name, container, target }: V2ContainerResourceMetricSource = containerResource;
  return [
    ...(name
      ? validateContainerResourceName(name, `${path}.name`)
      : [required(`${path}.name`, 'must specify a resource name')]),
    ...(container
      ? validateDns1123Label(container, `${path}.container`)
      : [required(`${path}.container`, 'must specify a container')]),
    ...validateUsage(target ?? { type: '' }, `${path}.target`),
  ];
}

/** A target in units of a resource, or in percent of what is asked for. */
function validateUsage(target: V2MetricTarget, path: string): FieldError[] {
  const errors = validateTarget(target, path);
  const { averageUtilization, averageValue } = target;
  if (averageUtilization === undefined && averageValue === undefined) {
    const detail = 'must set either a target raw value or a target utilization';
    errors.push(required(`${path}.averageUtilization`, detail));
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    const detail = 'may not set both a target raw value and a target utilization';
    errors.push(forbiddenField(`${path}.averageValue`, detail));
  }
  return errors;
}

function validateTarget(target: V2MetricTarget, path: string): FieldError[] {
  const { type = '', averageUtilization } = target;
  const errors = type ? [] : [required(`${path}.type`, 'must specify a metric target type')];
  if (!TARGET_TYPES.includes(type)) {
    errors.push(invalidValue(`${path}.type`, type, 'must be either Utilization, Value, or AverageValue'));
  }
  for (const field of ['value', 'averageValue'] as const) {
    const value = target[field];
    if (value === undefined || (parseQuantity(value) ?? 0n) > 0n) continue;
    errors.push(invalidValue(`${path}.${field}`, value, 'must be positive'));
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(invalidValue(`${path}.averageUtilization`, averageUtilization, 'must be greater than 0'));
  }
  return errors;
}

function validateIdentifier(metric: V2MetricIdentifier | undefined, path: string): FieldError[] {
  const name = metric?.name;
  if (!name) return [required(`${path}.name`, 'must specify a metric name')];
  return invalidEach(`${path}.name`, name, isPathSegmentName(name));
}
