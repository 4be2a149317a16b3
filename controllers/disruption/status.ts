/** What a disruption budget allows, counted from its pods. Pure: pods, scales and the time in, a status out. */
import { isDeepStrictEqual } from 'node:util';
import { rfc3339 } from '../../base/clock.ts';
import type {
  V1Condition,
  V1LabelSelector,
  V1Pod,
  V1PodCondition,
  V1PodDisruptionBudget,
  V1PodDisruptionBudgetStatus,
} from '../../openapi/generated/types.ts';
import { isReady } from '../runtime/pods.ts';
import { scaledValue } from '../runtime/scaled-value.ts';

/** A pod whose eviction was granted is expected to be deleted within this time; after it, it counts again. */
export const DELETION_TIMEOUT_MS = 120_000;
const ALLOWED = 'DisruptionAllowed';

export interface Expected {
  expectedPods: number;
  desiredHealthy: number;
}

/** Whether the budget is a share of what the pods' controllers ask for, rather than a plain number of pods. */
export function needsScale({ spec }: V1PodDisruptionBudget): boolean {
  return spec?.maxUnavailable !== undefined || typeof spec?.minAvailable === 'string';
}

/** How many pods there should be and how many of them healthy. `scale` is the sum of what the controllers ask for. */
export function expectedOf({ spec }: V1PodDisruptionBudget, podCount: number, scale: number): Expected {
  const { maxUnavailable, minAvailable } = spec ?? {};
  if (maxUnavailable !== undefined) {
    const desired = scale - scaledValue(maxUnavailable, scale, true);
    return { expectedPods: scale, desiredHealthy: Math.max(0, desired) };
  }
  if (typeof minAvailable === 'string') {
    return { expectedPods: scale, desiredHealthy: scaledValue(minAvailable, scale, true) };
  }
  if (minAvailable !== undefined) return { expectedPods: podCount, desiredHealthy: minAvailable };
  return { expectedPods: 0, desiredHealthy: 0 };
}

export interface Disrupted {
  /** Pods that are about to be deleted, by name, since when. */
  pods: Record<string, string>;
  /** When the first of them has to be looked at again, in ms. */
  recheckInMs?: number;
  /** Pods that should have been deleted by now and are not. */
  overdue: V1Pod[];
}

/** What of the granted evictions is still to be awaited. */
export function disruptedOf(budget: V1PodDisruptionBudget, pods: readonly V1Pod[], nowMs: number): Disrupted {
  const granted = budget.status?.disruptedPods ?? {};
  const result: Disrupted = { pods: {}, overdue: [] };
  if (Object.keys(granted).length === 0) return result;
  for (const pod of pods) {
    const name = pod.metadata?.name ?? '';
    const since = Object.hasOwn(granted, name) ? granted[name] : undefined;
    if (since === undefined || pod.metadata?.deletionTimestamp !== undefined) continue;
    const leftMs = Date.parse(since) + DELETION_TIMEOUT_MS - nowMs;
    if (leftMs <= 0) {
      result.overdue.push(pod);
      continue;
    }
    result.pods[name] = since;
    result.recheckInMs = Math.min(result.recheckInMs ?? leftMs, leftMs);
  }
  return result;
}

/** Pods that are ready, and neither on their way out nor about to be. */
export function countHealthy(pods: readonly V1Pod[], disrupted: Record<string, string>, nowMs: number): number {
  let count = 0;
  for (const pod of pods) {
    if (pod.metadata?.deletionTimestamp !== undefined || !isReady(pod)) continue;
    const since = disrupted[pod.metadata?.name ?? ''];
    if (since !== undefined && Date.parse(since) + DELETION_TIMEOUT_MS > nowMs) continue;
    count++;
  }
  return count;
}

/** The status after a look at the pods. Equal to the budget's own (`sameStatus`) when nothing changed. */
export function statusOf(
  budget: V1PodDisruptionBudget,
  counted: Expected & { currentHealthy: number; disruptedPods: Record<string, string> },
  nowMs: number,
): V1PodDisruptionBudgetStatus {
  const { currentHealthy, desiredHealthy, expectedPods, disruptedPods } = counted;
  // A budget without pods allows nothing: the first ones may come before the next look at it.
  const disruptionsAllowed = expectedPods > 0 ? Math.max(0, currentHealthy - desiredHealthy) : 0;
  const observedGeneration = budget.metadata?.generation ?? 0;
  const allowed = disruptionsAllowed > 0;
  const condition = {
    type: ALLOWED,
    status: allowed ? 'True' : 'False',
    reason: allowed ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    observedGeneration,
  };
  return {
    ...(Object.keys(disruptedPods).length > 0 ? { disruptedPods } : {}),
    observedGeneration,
    disruptionsAllowed,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    conditions: withCondition(budget.status?.conditions, condition, nowMs),
  };
}

/** The status of a budget that could not be worked out: nothing is allowed, and why. */
export function failedStatus(budget: V1PodDisruptionBudget, why: string, nowMs: number): V1PodDisruptionBudgetStatus {
  const status = budget.status ?? { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, disruptionsAllowed: 0 };
  const { observedGeneration } = status;
  const condition = {
    type: ALLOWED,
    status: 'False',
    reason: 'SyncFailed',
    message: why,
    ...(observedGeneration ? { observedGeneration } : {}),
  };
  return { ...status, disruptionsAllowed: 0, conditions: withCondition(status.conditions, condition, nowMs) };
}

function withCondition(
  conditions: readonly V1Condition[] = [],
  condition: Omit<V1Condition, 'lastTransitionTime'>,
  nowMs: number,
): V1Condition[] {
  const before = conditions.find(({ type }) => type === condition.type);
  const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : rfc3339(nowMs);
  const next: V1Condition = { ...condition, lastTransitionTime };
  return before ? conditions.map((each) => (each === before ? next : each)) : [...conditions, next];
}

export function sameStatus(
  a: V1PodDisruptionBudgetStatus | undefined,
  b: V1PodDisruptionBudgetStatus | undefined,
): boolean {
  return isDeepStrictEqual(comparable(a), comparable(b));
}

function comparable(status: V1PodDisruptionBudgetStatus | undefined): unknown {
  const { disruptedPods = {}, observedGeneration = 0, conditions = [], ...counts } = status ?? {};
  const told = conditions.map(({ observedGeneration: seen = 0, ...condition }) => ({ ...condition, seen }));
  return { ...counts, disruptedPods, observedGeneration, conditions: told };
}

/** How long until the pod's DisruptionTarget is stale, in ms; `undefined` when it has none that could become so. */
export function disruptionTargetLeftMs(pod: V1Pod, nowMs: number): number | undefined {
  const { deletionTimestamp } = pod.metadata ?? {};
  const { conditions, phase } = pod.status ?? {};
  if (deletionTimestamp !== undefined || phase === 'Succeeded' || phase === 'Failed') return undefined;
  const target = conditions?.find(({ type }) => type === 'DisruptionTarget');
  // A kubelet may take as long as it likes between the condition and the end of the pod.
  if (target?.status !== 'True' || target.reason === 'TerminationByKubelet') return undefined;
  return Math.max(0, Date.parse(target.lastTransitionTime ?? '') + DELETION_TIMEOUT_MS - nowMs || 0);
}

/** The pod with its DisruptionTarget taken back. */
export function withStaleTarget(pod: V1Pod, nowMs: number): V1Pod {
  const { generation } = pod.metadata ?? {};
  const conditions = (pod.status?.conditions ?? []).map((condition): V1PodCondition => {
    if (condition.type !== 'DisruptionTarget') return condition;
    return {
      type: condition.type,
      status: 'False',
      lastTransitionTime: rfc3339(nowMs),
      ...(generation ? { observedGeneration: generation } : {}),
    };
  });
  return { ...pod, status: { ...pod.status, conditions } };
}

/** A selector as Go's `%v` prints it, for events. */
export function selectorInWords(selector: V1LabelSelector | undefined): string {
  if (!selector) return 'nil';
  const labels = Object.keys(selector.matchLabels ?? {})
    .sort()
    .map((key) => `${key}: ${selector.matchLabels?.[key]},`);
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`;
}
