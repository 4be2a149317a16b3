/** What disruption budgets say to an eviction. Pure: pods and budgets in, decisions and refusals out. */
import { rfc3339 } from '../../../base/clock.ts';
import type { V1Condition, V1Pod, V1PodCondition, V1PodDisruptionBudget } from '../../../openapi/generated/types.ts';
import { selectorRequirements } from '../../../openapi/label-selector.ts';
import { matchesLabels } from '../../../openapi/selectors.ts';
import { forbidden, type StatusCause, StatusError } from '../../../openapi/status.ts';

/** More evictions than this that no controller has seen yet mean that none is running. */
const DISRUPTED_PODS_MAX = 2000;
/** Seconds to wait for a controller that has not yet looked at the budget. */
const BUSY_SECONDS = 10;
const ALLOWED = 'DisruptionAllowed';
const RESOURCE = { group: 'policy', resource: 'poddisruptionbudget' };

/** Pods that serve nobody are evicted whatever their budgets say. */
export function isBeyondBudgets(pod: V1Pod): boolean {
  return pod.status?.phase === 'Pending' || hasEnded(pod);
}

/** Pods that cannot become ready any more. */
export function hasEnded({ status, metadata }: V1Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed' || metadata?.deletionTimestamp !== undefined;
}

export function isReady({ status }: V1Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
}

/** The budgets, of those of the pod's namespace, that select it. */
export function budgetsOf(pod: V1Pod, budgets: readonly V1PodDisruptionBudget[]): V1PodDisruptionBudget[] {
  return budgets.filter(({ spec }) => {
    const requirements = selectorRequirements(spec?.selector);
    return requirements !== undefined && matchesLabels(requirements, pod.metadata?.labels);
  });
}

/** Whether the budget lets go of a pod that is not ready without counting it: it was not counted as healthy either. */
export function letsGoUnready({ spec, status }: V1PodDisruptionBudget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy;
}

/** 429: the budget's controller has work to do first, or the pod has changed meanwhile. */
export function busyBudget(name: string): StatusError {
  return refusal(`The disruption budget ${name} is still being processed by the server.`, BUSY_SECONDS);
}

/**
 * The budget after one more disruption, a copy. Throws 429 when it allows none. `now` in ms; the pod is noted so that
 * the controller does not take it for healthy until it has gone.
 */
export function disrupted(budget: V1PodDisruptionBudget, podName: string, now: number): V1PodDisruptionBudget {
  const { metadata, status = {} } = budget;
  const name = metadata?.name ?? '';
  const { disruptionsAllowed = 0, disruptedPods = {}, observedGeneration = 0 } = status;
  if (observedGeneration < (metadata?.generation ?? 0)) throw busyBudget(name);
  if (disruptionsAllowed < 0) throw refuse(name, 'pdb disruptions allowed is negative');
  if (Object.keys(disruptedPods).length > DISRUPTED_PODS_MAX) {
    throw refuse(name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller');
  }
  if (disruptionsAllowed === 0) throw refusal(whyNot(budget), 0);
  const left = disruptionsAllowed - 1;
  return {
    ...budget,
    status: {
      ...status,
      disruptionsAllowed: left,
      disruptedPods: { ...disruptedPods, [podName]: rfc3339(now) },
      ...(left === 0 ? { conditions: exhausted(status.conditions ?? [], observedGeneration, now) } : {}),
    },
  };
}

function refuse(name: string, why: string): StatusError {
  return forbidden(RESOURCE, name, `poddisruptionbudget.policy "${name}" is forbidden: ${why}`);
}

function whyNot({ metadata, status = {} }: V1PodDisruptionBudget): string {
  const budget = `The disruption budget ${metadata?.name}`;
  const { currentHealthy = 0, desiredHealthy = 0, conditions = [] } = status;
  const said = conditions.find(({ type, status: is, message }) => type === ALLOWED && is === 'False' && message !== '');
  // Its numbers cannot be trusted then.
  if (said?.reason === 'SyncFailed') {
    return `${budget} does not allow evicting pods currently because it failed sync: ${said.message}`;
  }
  if (currentHealthy <= desiredHealthy) {
    return `${budget} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  }
  const why = said ? ` (${said.reason}): ${said.message}` : '';
  return `${budget} does not allow evicting pods currently${why}`;
}

function refusal(cause: string, retryAfterSeconds: number): StatusError {
  const causes: StatusCause[] = [{ reason: 'DisruptionBudget', message: cause }];
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    reason: 'TooManyRequests',
    // Go leaves out a zero.
    details: { causes, ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}) },
    code: 429,
  });
}

/** The conditions of a budget that allows no further disruption. */
function exhausted(conditions: readonly V1Condition[], observedGeneration: number, now: number): V1Condition[] {
  const before = conditions.find(({ type }) => type === ALLOWED);
  const condition: V1Condition = {
    type: ALLOWED,
    status: 'False',
    observedGeneration,
    lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : rfc3339(now),
    reason: 'InsufficientPods',
    message: '',
  };
  return before ? conditions.map((each) => (each === before ? condition : each)) : [...conditions, condition];
}

/** Upstream's answer to a pod that several budgets guard; it has no reason. */
export function severalBudgets(): StatusError {
  const message = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
  return new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 });
}

/** The pod's conditions with the one that tells why it goes. */
export function withDisruptionTarget({ metadata, status }: V1Pod, now: number): V1PodCondition[] {
  const conditions = status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === 'DisruptionTarget');
  const generation = metadata?.generation;
  const condition: V1PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    lastTransitionTime:
      before?.status === 'True' && before.lastTransitionTime ? before.lastTransitionTime : rfc3339(now),
    ...(generation ? { observedGeneration: generation } : {}),
  };
  return before ? conditions.map((each) => (each === before ? condition : each)) : [...conditions, condition];
}
