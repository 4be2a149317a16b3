/**
 * autoscaling/v1 knows one metric, the utilization of the CPU. The rest of what is stored (v2) travels in annotations,
 * so that a client of v1 that writes back what it read loses nothing.
 */

import { fillAlwaysWritten } from '../../../openapi/always-written.ts';
import type {
  V1HorizontalPodAutoscaler,
  V2HorizontalPodAutoscaler,
  V2HorizontalPodAutoscalerBehavior,
  V2HorizontalPodAutoscalerCondition,
  V2HPAScalingRules,
  V2MetricSpec,
} from '../../../openapi/generated/types.ts';
import { isJsonObject } from '../../../openapi/json.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { cpuMetric } from './horizontalpodautoscalers-defaults.ts';
import { isV1Metric, metricFromV1, metricToV1, statusFromV1, statusToV1, type V1Metric } from './v1-metrics.ts';

const METRICS = 'autoscaling.alpha.kubernetes.io/metrics';
const CURRENT_METRICS = 'autoscaling.alpha.kubernetes.io/current-metrics';
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions';
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior';
const ROUND_TRIP = [METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR];

/** From v2 to v1, in place. What is applied comes by here before anybody has looked at it. */
export function toV1(object: KubeObject): void {
  fillAlwaysWritten('io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler', object);
  const autoscaler = object as V2HorizontalPodAutoscaler;
  const { spec, status } = autoscaler;
  const annotations: Record<string, string> = {};
  const others = (spec.metrics ?? []).filter((metric) => cpuUtilization(metric) === undefined);
  if (others.length > 0) annotations[METRICS] = JSON.stringify(others.map(metricToV1));
  const current = status?.currentMetrics ?? [];
  if (current.length > 0) annotations[CURRENT_METRICS] = JSON.stringify(current.map(statusToV1));
  if (spec.behavior) annotations[BEHAVIOR] = JSON.stringify(goBehavior(spec.behavior));
  const conditions = status?.conditions ?? [];
  if (conditions.length > 0) annotations[CONDITIONS] = JSON.stringify(conditions.map(goCondition));
  setAnnotations(object, annotations);
  const { scaleTargetRef, minReplicas, maxReplicas } = spec;
  const target = cpuUtilization((spec.metrics ?? []).find(isCpu));
  const result = object as V1HorizontalPodAutoscaler;
  result.spec = {
    scaleTargetRef,
    ...(minReplicas === undefined ? {} : { minReplicas }),
    maxReplicas: maxReplicas ?? 0,
    ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }),
  };
  result.status = statusOfV1(status);
}

function statusOfV1(status: V2HorizontalPodAutoscaler['status']): NonNullable<V1HorizontalPodAutoscaler['status']> {
  const { observedGeneration, lastScaleTime, currentReplicas = 0, desiredReplicas = 0 } = status ?? {};
  const cpu = (status?.currentMetrics ?? [])
    .filter(({ type, resource }) => type === 'Resource' && resource?.name === 'cpu')
    .map(({ resource }) => resource?.current.averageUtilization)
    .filter((utilization) => utilization !== undefined)
    .at(-1);
  return {
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
    currentReplicas,
    desiredReplicas,
    ...(cpu === undefined ? {} : { currentCPUUtilizationPercentage: cpu }),
  };
}

/** From v1 to v2, in place. An annotation that cannot be read is passed over. */
export function fromV1(object: KubeObject): void {
  const { spec, status, metadata } = object as V1HorizontalPodAutoscaler;
  const annotations = metadata?.annotations ?? {};
  const result = object as V2HorizontalPodAutoscaler;
  const { targetCPUUtilizationPercentage: cpu, ...rest } = spec ?? { maxReplicas: 0, scaleTargetRef: {} };
  const metrics = (readList(annotations[METRICS]) ?? []).map(metricFromV1);
  if (cpu !== undefined) metrics.push(cpuMetric(cpu));
  const behavior = readBehavior(annotations[BEHAVIOR]);
  result.spec = {
    ...rest,
    ...(metrics.length > 0 ? { metrics } : {}),
    ...(behavior ? { behavior } : {}),
  };
  if (status) result.status = statusFromAnnotations(status, annotations);
  setAnnotations(object, {});
}

function statusFromAnnotations(
  { currentCPUUtilizationPercentage: cpu, ...rest }: NonNullable<V1HorizontalPodAutoscaler['status']>,
  annotations: Record<string, string>,
): NonNullable<V2HorizontalPodAutoscaler['status']> {
  const current = readList(annotations[CURRENT_METRICS])?.map(statusFromV1);
  const own = { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: cpu ?? 0 } } };
  const currentMetrics = current ?? (cpu === undefined ? [] : [own]);
  const conditions = readConditions(annotations[CONDITIONS]);
  return {
    ...rest,
    ...(currentMetrics.length > 0 ? { currentMetrics } : {}),
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

/** Replaces those annotations that stand for fields. */
function setAnnotations(object: KubeObject, fields: Record<string, string>): void {
  const others = Object.entries(object.metadata?.annotations ?? {}).filter(([key]) => !ROUND_TRIP.includes(key));
  const annotations = { ...Object.fromEntries(others), ...fields };
  object.metadata = { ...object.metadata, annotations };
  if (Object.keys(annotations).length === 0) delete object.metadata.annotations;
}

function isCpu({ type, resource }: V2MetricSpec): boolean {
  return type === 'Resource' && resource?.name === 'cpu';
}

/** The percentage that v1 has a field for; `undefined` of all other metrics. */
function cpuUtilization(metric: V2MetricSpec | undefined): number | undefined {
  return metric && isCpu(metric) ? metric.resource?.target.averageUtilization : undefined;
}

function read(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function readList(text: string | undefined): V1Metric[] | undefined {
  const value = withoutNulls(read(text));
  return Array.isArray(value) && value.every(isV1Metric) ? value : undefined;
}

function readConditions(text: string | undefined): V2HorizontalPodAutoscalerCondition[] {
  const value = withoutNulls(read(text));
  return Array.isArray(value) && value.every(isCondition) ? value : [];
}

function isCondition(value: unknown): value is V2HorizontalPodAutoscalerCondition {
  if (!isJsonObject(value) || !Object.values(value).every((field) => typeof field === 'string')) return false;
  return value.type !== undefined && value.status !== undefined;
}

/** Upstream writes its own type here, which has no JSON names, and absent fields as null. */
function goBehavior({ scaleUp, scaleDown }: V2HorizontalPodAutoscalerBehavior): object {
  return { ScaleUp: goRules(scaleUp), ScaleDown: goRules(scaleDown) };
}

function goRules(rules: V2HPAScalingRules | undefined): object | null {
  if (!rules) return null;
  const Policies = rules.policies?.map(({ type, value, periodSeconds }) => ({
    Type: type,
    Value: value,
    PeriodSeconds: periodSeconds,
  }));
  return {
    StabilizationWindowSeconds: rules.stabilizationWindowSeconds ?? null,
    SelectPolicy: rules.selectPolicy ?? null,
    Policies: Policies ?? null,
    Tolerance: rules.tolerance ?? null,
  };
}

/** Names in any case, as Go reads them. */
function readBehavior(text: string | undefined): V2HorizontalPodAutoscalerBehavior | undefined {
  const value = lowerNames(withoutNulls(read(text)));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { scaleUp, scaleDown } = value as V2HorizontalPodAutoscalerBehavior;
  if (!scaleUp && !scaleDown) return undefined;
  return {
    ...(scaleUp ? { scaleUp: withPolicies(scaleUp) } : {}),
    ...(scaleDown ? { scaleDown: withPolicies(scaleDown) } : {}),
  };
}

/** Rules without policies are refused here; v2 would fill in its defaults. */
function withPolicies(rules: V2HPAScalingRules): V2HPAScalingRules {
  return { ...rules, policies: rules.policies ?? [] };
}

function lowerNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerNames);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => {
    return [key.slice(0, 1).toLowerCase() + key.slice(1), lowerNames(inner)] as const;
  });
  return Object.fromEntries(entries);
}

function withoutNulls<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutNulls) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutNulls(inner)])) as T;
}

function goCondition(condition: V2HorizontalPodAutoscalerCondition): object {
  const { type, status, lastTransitionTime = null, reason, message } = condition;
  return { type, status, lastTransitionTime, ...(reason ? { reason } : {}), ...(message ? { message } : {}) };
}
