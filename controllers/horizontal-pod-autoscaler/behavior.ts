/** How fast an autoscaler may follow its metrics: upstream's stabilization windows, policies and limits. Pure. */
import type {
  V2HorizontalPodAutoscalerBehavior,
  V2HPAScalingPolicy,
  V2HPAScalingRules,
} from '../../openapi/generated/types.ts';

/** What an autoscaler remembers, the newest last. Lost when the controller restarts, as upstream. */
export interface History {
  /** What the metrics asked for. */
  recommendations: readonly { replicas: number; at: number }[];
  /** By how much it was scaled up and down. */
  ups: readonly ScaleEvent[];
  downs: readonly ScaleEvent[];
}

export interface ScaleEvent {
  change: number;
  at: number;
}

export interface Bounds {
  min: number;
  max: number;
  current: number;
}

export interface Normalized {
  replicas: number;
  /** Why a past recommendation stands in for the present one, if one does. */
  stabilized?: { reason: string; message: string };
  limited: { isLimited: boolean; reason: string; message: string };
  history: History;
}

/** The history of an autoscaler that is looked at for the first time. */
export function newHistory(current: number, nowMs: number): History {
  return { recommendations: [{ replicas: current, at: nowMs }], ups: [], downs: [] };
}

const UP_STABILIZED = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
};
const DOWN_STABILIZED = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
};
const WITHIN = {
  isLimited: false,
  reason: 'DesiredWithinRange',
  message: 'the desired count is within the acceptable range',
};
const LIMITS: Readonly<Record<string, string>> = {
  ScaleUpLimit: 'the desired replica count is increasing faster than the maximum scale rate',
  TooManyReplicas: 'the desired replica count is more than the maximum replica count',
  ScaleDownLimit: 'the desired replica count is decreasing faster than the maximum scale rate',
  TooFewReplicas: 'the desired replica count is less than the minimum replica count',
};

/** At most so many times as many in one step, but always so many, where no behavior says otherwise. */
const UP_FACTOR = 2;
const UP_MINIMUM = 4;

/** `desired` is what the metrics ask for; `downWindowMs` the controller's own window for going down. */
export function normalize(
  desired: number,
  bounds: Bounds,
  behavior: V2HorizontalPodAutoscalerBehavior | undefined,
  history: History,
  downWindowMs: number,
  nowMs: number,
): Normalized {
  const windows = {
    up: (behavior?.scaleUp?.stabilizationWindowSeconds ?? 0) * 1000,
    down: secondsToMs(behavior?.scaleDown?.stabilizationWindowSeconds) ?? downWindowMs,
  };
  const stable = behavior
    ? stabilized(desired, bounds.current, history, windows, nowMs)
    : highestSince(desired, history, nowMs - windows.down);
  const limited = behavior
    ? limitedByRules(stable, bounds, behavior, history, nowMs)
    : limitedByDefault(stable, bounds);
  const words = desired >= bounds.current && behavior ? UP_STABILIZED : DOWN_STABILIZED;
  const kept = history.recommendations.filter(({ at }) => at >= nowMs - Math.max(windows.up, windows.down));
  return {
    replicas: limited.replicas,
    ...(stable === desired ? {} : { stabilized: words }),
    limited: limited.limited,
    history: { ...history, recommendations: [...kept, { replicas: desired, at: nowMs }] },
  };
}

function secondsToMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

function highestSince(desired: number, { recommendations }: History, sinceMs: number): number {
  return recommendations.reduce((most, { replicas, at }) => (at >= sinceMs ? Math.max(most, replicas) : most), desired);
}

/** Not above what was lowest within the one window, nor below what was highest within the other. */
function stabilized(
  desired: number,
  current: number,
  { recommendations }: History,
  windows: { up: number; down: number },
  nowMs: number,
): number {
  let lowest = desired;
  let highest = desired;
  for (const { replicas, at } of recommendations) {
    if (at > nowMs - windows.up) lowest = Math.min(lowest, replicas);
    if (at > nowMs - windows.down) highest = Math.max(highest, replicas);
  }
  return Math.min(Math.max(current, lowest), highest);
}

interface Limited {
  replicas: number;
  limited: Normalized['limited'];
}

function limit(replicas: number, reason: string): Limited {
  return { replicas, limited: { isLimited: true, reason, message: LIMITS[reason] ?? '' } };
}

function limitedByDefault(desired: number, { min, max, current }: Bounds): Limited {
  const fastest = Math.max(UP_FACTOR * current, UP_MINIMUM);
  if (desired < min) return limit(min, 'TooFewReplicas');
  if (desired > Math.min(max, fastest)) {
    return max > fastest ? limit(fastest, 'ScaleUpLimit') : limit(max, 'TooManyReplicas');
  }
  return { replicas: desired, limited: WITHIN };
}

function limitedByRules(
  desired: number,
  { min, max, current }: Bounds,
  behavior: V2HorizontalPodAutoscalerBehavior,
  history: History,
  nowMs: number,
): Limited {
  if (desired > current) {
    const fastest = Math.max(current, upLimit(current, behavior.scaleUp, history, nowMs));
    if (desired > Math.min(max, fastest)) {
      return max > fastest ? limit(fastest, 'ScaleUpLimit') : limit(max, 'TooManyReplicas');
    }
  } else if (desired < current) {
    const fastest = Math.min(current, downLimit(current, behavior.scaleDown, history, nowMs));
    if (desired < Math.max(min, fastest)) {
      return min < fastest ? limit(fastest, 'ScaleDownLimit') : limit(min, 'TooFewReplicas');
    }
  }
  return { replicas: desired, limited: WITHIN };
}

/** How many there were before what was changed within the period of a policy. */
function atPeriodStart(current: number, { periodSeconds }: V2HPAScalingPolicy, history: History, nowMs: number) {
  const since = nowMs - periodSeconds * 1000;
  const changed = (events: readonly ScaleEvent[]) =>
    events.reduce((sum, { change, at }) => (at > since ? sum + change : sum), 0);
  return current - changed(history.ups) + changed(history.downs);
}

function upLimit(current: number, rules: V2HPAScalingRules | undefined, history: History, nowMs: number): number {
  if (rules?.selectPolicy === 'Disabled') return current;
  const limits = (rules?.policies ?? []).map((policy) => {
    const start = atPeriodStart(current, policy, history, nowMs);
    // Rounded up: a small count would never grow otherwise.
    return policy.type === 'Pods' ? start + policy.value : Math.ceil(start * (1 + policy.value / 100));
  });
  return rules?.selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits);
}

function downLimit(current: number, rules: V2HPAScalingRules | undefined, history: History, nowMs: number): number {
  if (rules?.selectPolicy === 'Disabled') return current;
  const limits = (rules?.policies ?? []).map((policy) => {
    const start = atPeriodStart(current, policy, history, nowMs);
    return policy.type === 'Pods' ? start - policy.value : Math.trunc(start * (1 - policy.value / 100));
  });
  return rules?.selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits);
}

/** Remembers a change for as long as the longest period of a policy needs it. Without behavior nobody asks for it. */
export function withChange(
  history: History,
  behavior: V2HorizontalPodAutoscalerBehavior | undefined,
  from: number,
  to: number,
  nowMs: number,
): History {
  if (!behavior) return history;
  const periods = [behavior.scaleUp, behavior.scaleDown].flatMap((rules) =>
    (rules?.policies ?? []).map(({ periodSeconds }) => periodSeconds * 1000),
  );
  const since = nowMs - Math.max(0, ...periods);
  const recent = (events: readonly ScaleEvent[]) => events.filter(({ at }) => at >= since);
  const ups = recent(history.ups);
  const downs = recent(history.downs);
  if (to > from) ups.push({ change: to - from, at: nowMs });
  else downs.push({ change: from - to, at: nowMs });
  return { ...history, ups, downs };
}
