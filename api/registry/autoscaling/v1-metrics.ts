/**
 * Metrics as annotations of autoscaling/v1 hold them: an older shape, in which each source spells out its own metric
 * and target. Keys come in the order in which Go writes them, so that the texts are those of a real server.
 */
import type {
  V1LabelSelector,
  V2CrossVersionObjectReference,
  V2MetricIdentifier,
  V2MetricSpec,
  V2MetricStatus,
  V2MetricTarget,
} from '../../../openapi/generated/types.ts';
import { isJsonObject } from '../../../openapi/json.ts';

/** What v1 says of one source, specs and statuses in one. */
interface V1Source {
  target?: V2CrossVersionObjectReference;
  metricName?: string;
  metricSelector?: V1LabelSelector;
  selector?: V1LabelSelector;
  name?: string;
  container?: string;
  targetValue?: string;
  targetAverageValue?: string;
  targetAverageUtilization?: number;
  averageValue?: string;
  currentValue?: string;
  currentAverageValue?: string;
  currentAverageUtilization?: number;
}

/** A metric or its status in v1's shape. */
export interface V1Metric {
  type: string;
  object?: V1Source;
  pods?: V1Source;
  resource?: V1Source;
  containerResource?: V1Source;
  external?: V1Source;
}

const SOURCES = ['object', 'pods', 'resource', 'containerResource', 'external'];
const STRUCTS = new Set(['target', 'metricSelector', 'selector']);
const NUMBERS = new Set(['targetAverageUtilization', 'currentAverageUtilization']);

/** Whether a value out of an annotation, which anybody may have written, has the shape of a metric. */
export function isV1Metric(value: unknown): value is V1Metric {
  if (!isJsonObject(value) || !['string', 'undefined'].includes(typeof value.type)) return false;
  return SOURCES.every((name) => value[name] === undefined || isV1Source(value[name]));
}

function isV1Source(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  return Object.entries(value).every(([name, field]) => {
    if (STRUCTS.has(name)) return isJsonObject(field);
    return typeof field === (NUMBERS.has(name) ? 'number' : 'string');
  });
}

const referenceOf = ({ kind, name, apiVersion }: V2CrossVersionObjectReference): V2CrossVersionObjectReference => ({
  kind,
  name,
  ...(apiVersion ? { apiVersion } : {}),
});

/** Drops what is absent, keeps the order. */
function present<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}

/** A metric of a spec. */
export function metricToV1(metric: V2MetricSpec): V1Metric {
  const { type, object, pods, resource, containerResource, external } = metric;
  return present({
    type,
    object: object && {
      target: referenceOf(object.describedObject),
      metricName: object.metric.name,
      targetValue: object.target.value ?? '0',
      ...present({ selector: object.metric.selector, averageValue: object.target.averageValue }),
    },
    pods: pods && {
      metricName: pods.metric.name,
      targetAverageValue: pods.target.averageValue ?? '0',
      ...present({ selector: pods.metric.selector }),
    },
    resource: resource && { name: resource.name, ...usageToV1(resource.target) },
    containerResource: containerResource && {
      name: containerResource.name,
      ...usageToV1(containerResource.target),
      container: containerResource.container,
    },
    external:
      external &&
      present({
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        targetValue: external.target.value,
        targetAverageValue: external.target.averageValue,
      }),
  }) as V1Metric;
}

function usageToV1({ averageUtilization, averageValue }: V2MetricTarget): V1Source {
  return present({ targetAverageUtilization: averageUtilization, targetAverageValue: averageValue }) as V1Source;
}

/** The other way round. */
export function metricFromV1({ type, object, pods, resource, containerResource, external }: V1Metric): V2MetricSpec {
  return present({
    type,
    object: object && {
      describedObject: object.target ?? { kind: '', name: '' },
      metric: identifierOf(object.metricName, object.selector),
      target: objectTarget(object),
    },
    pods: pods && {
      metric: identifierOf(pods.metricName, pods.selector),
      target: { type: 'AverageValue', averageValue: pods.targetAverageValue ?? '0' },
    },
    resource: resource && { name: resource.name ?? '', target: usageTarget(resource) },
    containerResource: containerResource && {
      name: containerResource.name ?? '',
      container: containerResource.container ?? '',
      target: usageTarget(containerResource),
    },
    external: external && {
      metric: identifierOf(external.metricName, external.metricSelector),
      target: present({
        type: external.targetValue === undefined ? 'AverageValue' : 'Value',
        value: external.targetValue,
        averageValue: external.targetAverageValue,
      }),
    },
  }) as V2MetricSpec;
}

function identifierOf(name = '', selector: V1LabelSelector | undefined): V2MetricIdentifier {
  return { name, ...(selector ? { selector } : {}) };
}

/** v1 always has a value, which is 0 where an average is wanted. */
function objectTarget({ targetValue = '0', averageValue }: V1Source): V2MetricTarget {
  if (averageValue === undefined) return { type: 'Value', value: targetValue };
  return { type: 'AverageValue', ...(targetValue === '0' ? {} : { value: targetValue }), averageValue };
}

function usageTarget({ targetAverageUtilization, targetAverageValue }: V1Source): V2MetricTarget {
  return present({
    type: targetAverageUtilization === undefined ? 'AverageValue' : 'Utilization',
    averageValue: targetAverageValue,
    averageUtilization: targetAverageUtilization,
  }) as V2MetricTarget;
}

/** What was measured. */
export function statusToV1(metric: V2MetricStatus): V1Metric {
  const { type, object, pods, resource, containerResource, external } = metric;
  return present({
    type,
    object: object && {
      target: referenceOf(object.describedObject),
      metricName: object.metric.name,
      currentValue: object.current.value ?? '0',
      ...present({ selector: object.metric.selector, averageValue: object.current.averageValue }),
    },
    pods: pods && {
      metricName: pods.metric.name,
      currentAverageValue: pods.current.averageValue ?? '0',
      ...present({ selector: pods.metric.selector }),
    },
    resource: resource && {
      name: resource.name,
      ...present({ currentAverageUtilization: resource.current.averageUtilization }),
      currentAverageValue: resource.current.averageValue ?? '0',
    },
    containerResource: containerResource && {
      name: containerResource.name,
      ...present({ currentAverageUtilization: containerResource.current.averageUtilization }),
      currentAverageValue: containerResource.current.averageValue ?? '0',
      container: containerResource.container,
    },
    external: external && {
      metricName: external.metric.name,
      ...present({ metricSelector: external.metric.selector }),
      currentValue: external.current.value ?? '0',
      ...present({ currentAverageValue: external.current.averageValue }),
    },
  }) as V1Metric;
}

/** The other way round. */
export function statusFromV1({ type, object, pods, resource, containerResource, external }: V1Metric): V2MetricStatus {
  const usage = ({ currentAverageValue = '0', currentAverageUtilization }: V1Source) =>
    present({ averageValue: currentAverageValue, averageUtilization: currentAverageUtilization });
  return present({
    type,
    object: object && {
      describedObject: object.target ?? { kind: '', name: '' },
      metric: identifierOf(object.metricName, object.selector),
      current: present({ value: object.currentValue ?? '0', averageValue: object.averageValue }),
    },
    pods: pods && {
      metric: identifierOf(pods.metricName, pods.selector),
      current: { averageValue: pods.currentAverageValue ?? '0' },
    },
    resource: resource && { name: resource.name ?? '', current: usage(resource) },
    containerResource: containerResource && {
      name: containerResource.name ?? '',
      container: containerResource.container ?? '',
      current: usage(containerResource),
    },
    external: external && {
      metric: identifierOf(external.metricName, external.metricSelector),
      current: present({ value: external.currentValue ?? '0', averageValue: external.currentAverageValue }),
    },
  }) as V2MetricStatus;
}
