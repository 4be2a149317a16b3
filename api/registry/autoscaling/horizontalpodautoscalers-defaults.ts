/** Defaults of autoscalers. */
import { canonicalQuantity } from '../../../base/quantity.ts';
import type {
  V2HorizontalPodAutoscaler,
  V2HorizontalPodAutoscalerSpec,
  V2HPAScalingRules,
  V2MetricSpec,
} from '../../../openapi/generated/types.ts';

/** Percent of what pods ask for, where no metric is named. */
const CPU_UTILIZATION = 80;
const PERIOD_SECONDS = 15;

/** Changes the autoscaler in place. Idempotent. */
export function defaultAutoscaler(autoscaler: V2HorizontalPodAutoscaler): void {
  autoscaler.spec ??= {} as V2HorizontalPodAutoscalerSpec;
  autoscaler.status ??= { desiredReplicas: 0 };
  const { spec } = autoscaler;
  spec.maxReplicas ??= 0;
  spec.minReplicas ??= 1;
  if (!spec.metrics?.length) spec.metrics = [cpuMetric(CPU_UTILIZATION)];
  spec.metrics.forEach(canonicalizeTarget);
  if (!spec.behavior) return;
  spec.behavior.scaleUp = { ...scaleUpRules(), ...given(spec.behavior.scaleUp) };
  spec.behavior.scaleDown = { ...scaleDownRules(), ...given(spec.behavior.scaleDown) };
}

/** The metric that asks for a utilization of the CPU. */
export function cpuMetric(averageUtilization: number): V2MetricSpec {
  return { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } };
}

function scaleUpRules(): V2HPAScalingRules {
  return {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Pods', value: 4, periodSeconds: PERIOD_SECONDS },
      { type: 'Percent', value: 100, periodSeconds: PERIOD_SECONDS },
    ],
  };
}

/** Without a window: the controller's own applies. */
function scaleDownRules(): V2HPAScalingRules {
  return { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: PERIOD_SECONDS }] };
}

/** What is there, with its tolerance in canonical form. */
function given(rules: V2HPAScalingRules = {}): V2HPAScalingRules {
  const present = Object.fromEntries(
    Object.entries(rules).filter(([, value]) => value !== undefined && value !== null),
  );
  const tolerance = rules.tolerance === undefined ? undefined : canonicalQuantity(rules.tolerance);
  return tolerance === undefined ? present : { ...present, tolerance };
}

function canonicalizeTarget(metric: V2MetricSpec): void {
  for (const source of [metric.object, metric.pods, metric.resource, metric.containerResource, metric.external]) {
    const target = source?.target;
    if (target?.value !== undefined) target.value = canonicalQuantity(target.value) ?? target.value;
    if (target?.averageValue !== undefined) {
      target.averageValue = canonicalQuantity(target.averageValue) ?? target.averageValue;
    }
  }
}
