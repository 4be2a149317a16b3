/** What is to become of a target: upstream's reconciliation of an autoscaler, without its calls. Pure. */
import { parseQuantity } from '../../base/quantity.ts';
import type {
  V1Pod,
  V1Scale,
  V2HorizontalPodAutoscaler,
  V2HPAScalingRules,
  V2MetricStatus,
} from '../../openapi/generated/types.ts';
import { type History, normalize } from './behavior.ts';
import { type ConditionChange, type Conditions, withCondition } from './conditions.ts';
import { type MetricProposal, proposalOf, type Reading } from './metric-specs.ts';
import type { ReadinessOptions } from './pod-groups.ts';
import type { Tolerances } from './replicas.ts';

export interface AutoscalerSettings extends ReadinessOptions {
  tolerance: number;
  /** How long going down waits where no behavior says so. */
  downscaleStabilizationMs: number;
}

/** Upstream's defaults. */
export const DEFAULT_SETTINGS: AutoscalerSettings = {
  tolerance: 0.1,
  downscaleStabilizationMs: 300_000,
  cpuInitializationPeriodMs: 300_000,
  initialReadinessDelayMs: 30_000,
};

export interface DecisionInput {
  autoscaler: V2HorizontalPodAutoscaler;
  scale: V1Scale;
  /** Of each metric of the spec, in its order; needed where `wantsMetrics`. */
  readings: readonly Reading[];
  pods: readonly V1Pod[];
  history: History;
  conditions: Conditions;
  settings: AutoscalerSettings;
  nowMs: number;
}

export interface Warning {
  reason: string;
  message: string;
}

export interface Decision {
  /** How many there are to be; `undefined` where nothing could be found out. */
  replicas?: number;
  /** Why, for the event; only where the target is to be scaled. */
  rescale?: string;
  /** Of the metrics, where any were looked at. */
  metrics?: V2MetricStatus[];
  conditions: Conditions;
  warnings: Warning[];
  history: History;
}

/** Whether metrics decide at all: the bounds come first, and a target of none is left alone. */
export function wantsMetrics({ spec }: V2HorizontalPodAutoscaler, scale: V1Scale): boolean {
  const current = currentOf(scale);
  const min = spec.minReplicas ?? 1;
  return !(current === 0 && min !== 0) && current <= spec.maxReplicas && current >= min;
}

export function currentOf({ spec }: V1Scale): number {
  return spec?.replicas ?? 0;
}

export function desiredReplicas(input: DecisionInput): Decision {
  const { autoscaler, scale, history, nowMs } = input;
  const { minReplicas: min = 1, maxReplicas: max } = autoscaler.spec;
  const current = currentOf(scale);
  const rest = { conditions: input.conditions, warnings: [], history };
  if (current === 0 && min !== 0) {
    const message = 'scaling is disabled since the replica count of the target is zero';
    const disabled = { type: 'ScalingActive', isTrue: false, reason: 'ScalingDisabled', message } as const;
    return { ...rest, replicas: 0, conditions: withCondition(input.conditions, disabled, nowMs) };
  }
  if (current > max) return { ...rest, replicas: max, rescale: 'Current number of replicas above Spec.MaxReplicas' };
  if (current < min) return { ...rest, replicas: min, rescale: 'Current number of replicas below Spec.MinReplicas' };
  return byMetrics(input, current, min);
}

function byMetrics(input: DecisionInput, current: number, min: number): Decision {
  const { autoscaler, history, settings, nowMs } = input;
  const { maxReplicas: max, behavior } = autoscaler.spec;
  const asked = askMetrics(input, current);
  let { conditions } = asked;
  const { warnings, metrics } = asked;
  if (asked.replicas === undefined) return { metrics, conditions, warnings, history };
  const { replicas, stabilized, limited, ...next } = normalize(
    asked.replicas,
    { min, max, current },
    behavior,
    history,
    settings.downscaleStabilizationMs,
    nowMs,
  );
  const { isLimited, ...why } = limited;
  const able = stabilized ?? { reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
  conditions = withCondition(conditions, { type: 'AbleToScale', isTrue: true, ...able }, nowMs);
  conditions = withCondition(conditions, { type: 'ScalingLimited', isTrue: isLimited, ...why }, nowMs);
  const rescale = replicas === current ? undefined : reasonOf(asked.replicas, current, asked.name);
  return {
    replicas,
    ...(rescale === undefined ? {} : { rescale }),
    metrics,
    conditions,
    warnings,
    history: next.history,
  };
}

/** Empty where only the limits move the target. */
function reasonOf(asked: number, current: number, metric: string): string {
  if (asked > current) return `${metric} above target`;
  return asked < current ? 'All metrics below target' : '';
}

interface Asked {
  replicas?: number;
  name: string;
  metrics: V2MetricStatus[];
  conditions: Conditions;
  warnings: Warning[];
}

/** The most that any metric asks for. Metrics that fail may keep a target from shrinking, never from growing. */
function askMetrics(input: DecisionInput, current: number): Asked {
  const { autoscaler, scale, pods, settings, nowMs, readings } = input;
  const specs = autoscaler.spec.metrics ?? [];
  const tolerances = tolerancesOf(autoscaler, settings);
  const base = {
    current,
    pods,
    tolerances,
    options: settings,
    nowMs,
    namespace: autoscaler.metadata?.namespace ?? '',
    statusReplicas: scale.status?.replicas ?? 0,
  };
  const proposals = specs.map((spec, i) => proposalOf(spec, readings[i] ?? { error: 'not asked' }, base));
  const failed = proposals.filter(isFailure);
  const warnings: Warning[] = failed.map(({ reason, message }) => ({ reason, message }));
  // As upstream: what could not be found out leaves a gap.
  const metrics = proposals.map((each) => (isFailure(each) ? { type: '' } : each.status));
  let best: { replicas: number; name: string } | undefined;
  for (const each of proposals) {
    if (!isFailure(each) && (!best || best.replicas === 0 || each.replicas > best.replicas)) best = each;
  }
  const [first] = failed;
  if (first && (!best || best.replicas < current)) {
    const message = `the HPA was unable to compute the replica count: ${first.message}`;
    const condition: ConditionChange = { type: 'ScalingActive', isTrue: false, reason: first.reason, message };
    const error = `invalid metrics (${failed.length} invalid out of ${specs.length}), first error is: ${first.error}`;
    warnings.push({ reason: 'FailedComputeMetricsReplicas', message: error });
    return { name: '', metrics, conditions: withCondition(input.conditions, condition, nowMs), warnings };
  }
  const { replicas, name } = best ?? { replicas: 0, name: '' };
  const message = `the HPA was able to successfully calculate a replica count from ${name}`;
  const active: ConditionChange = { type: 'ScalingActive', isTrue: true, reason: 'ValidMetricFound', message };
  return { replicas, name, metrics, conditions: withCondition(input.conditions, active, nowMs), warnings };
}

function isFailure(proposal: MetricProposal): proposal is Extract<MetricProposal, { reason: string }> {
  return 'reason' in proposal;
}

function tolerancesOf({ spec }: V2HorizontalPodAutoscaler, { tolerance }: AutoscalerSettings): Tolerances {
  const own = (rules: V2HPAScalingRules | undefined) =>
    rules?.tolerance === undefined ? tolerance : Number(parseQuantity(rules.tolerance) ?? 0n) / 1e9;
  return { up: own(spec.behavior?.scaleUp), down: own(spec.behavior?.scaleDown) };
}
