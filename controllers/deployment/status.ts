/** The status of a Deployment, computed from its ReplicaSets. */
import type {
  V1Deployment,
  V1DeploymentCondition,
  V1DeploymentStatus,
  V1ReplicaSet,
} from '../../openapi/generated/types.ts';
import { desiredReplicas, maxUnavailable } from './bounds.ts';
import {
  conditionOf,
  keepingTransition,
  newCondition,
  REASONS,
  withCondition,
  withoutCondition,
} from './conditions.ts';
import { allOf, availableIn, type ReplicaSets, sizeOf, sum } from './replica-sets.ts';

/** What upstream takes for no limit. */
export const NO_LIMIT = 2 ** 31 - 1;

/** Seconds without progress after which an update counts as stuck; `undefined` when nobody asks. */
export function progressDeadlineOf({ spec }: V1Deployment): number | undefined {
  const seconds = spec?.progressDeadlineSeconds;
  return seconds === undefined || seconds === NO_LIMIT ? undefined : seconds;
}

/** The counts and whether enough pods are available; nothing about progress. */
export function statusOf(deployment: V1Deployment, sets: ReplicaSets, nowMs: number): V1DeploymentStatus {
  const all = allOf(sets);
  const before = deployment.status;
  const available = sum(all, availableIn);
  const terminating = terminatingIn(all);
  const isAvailable = available >= desiredReplicas(deployment) - maxUnavailable(deployment);
  const condition = isAvailable
    ? newCondition('Available', 'True', REASONS.available, 'Deployment has minimum availability.', nowMs)
    : newCondition('Available', 'False', REASONS.unavailable, 'Deployment does not have minimum availability.', nowMs);
  return {
    observedGeneration: deployment.metadata?.generation ?? 0,
    replicas: sum(all, replicasIn),
    updatedReplicas: sets.current ? replicasIn(sets.current) : 0,
    readyReplicas: sum(all, ({ status }) => status?.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum(all, sizeOf) - available),
    ...(terminating === undefined ? {} : { terminatingReplicas: terminating }),
    ...(before?.collisionCount === undefined ? {} : { collisionCount: before.collisionCount }),
    conditions: withCondition(before?.conditions, condition),
  };
}

function replicasIn({ status }: V1ReplicaSet): number {
  return status?.replicas ?? 0;
}

/** `undefined` when a ReplicaSet does not tell, though its controller has seen it. */
function terminatingIn(sets: readonly V1ReplicaSet[]): number | undefined {
  let total = 0;
  for (const { status } of sets) {
    if (status?.terminatingReplicas !== undefined) total += status.terminatingReplicas;
    else if (status?.observedGeneration) return undefined;
  }
  return total;
}

/** The status while an update is under way: also whether it moves, is done, or is stuck. */
export function rolloutStatusOf(deployment: V1Deployment, sets: ReplicaSets, nowMs: number): V1DeploymentStatus {
  const status = statusOf(deployment, sets, nowMs);
  status.conditions = progressConditions(deployment, status, sets.current, nowMs);
  const failure = replicaFailureOf(sets);
  status.conditions = failure
    ? withCondition(status.conditions, failure)
    : withoutCondition(status.conditions, 'ReplicaFailure');
  return status;
}

function progressConditions(
  deployment: V1Deployment,
  status: V1DeploymentStatus,
  current: V1ReplicaSet | undefined,
  nowMs: number,
): V1DeploymentCondition[] {
  if (progressDeadlineOf(deployment) === undefined) return withoutCondition(status.conditions, 'Progressing');
  const before = conditionOf(deployment.status, 'Progressing');
  // Once done, nothing is estimated before the next update begins.
  const wasDone = status.replicas === status.updatedReplicas && before?.reason === REASONS.newReplicaSetAvailable;
  if (wasDone) return [...(status.conditions ?? [])];
  const what = current ? `ReplicaSet "${current.metadata?.name}"` : `Deployment "${deployment.metadata?.name}"`;
  const { newReplicaSetAvailable, replicaSetUpdated, timedOut } = REASONS;
  if (isComplete(deployment, status)) {
    const message = `${what} has successfully progressed.`;
    return withCondition(
      status.conditions,
      newCondition('Progressing', 'True', newReplicaSetAvailable, message, nowMs),
    );
  }
  if (hasProgressed(deployment.status, status)) {
    const condition = newCondition('Progressing', 'True', replicaSetUpdated, `${what} is progressing.`, nowMs);
    // Also with the same reason: the time of the update is what the deadline counts from.
    return [...withoutCondition(status.conditions, 'Progressing'), keepingTransition(before, condition)];
  }
  if (hasTimedOut(deployment, status, nowMs)) {
    const message = `${what} has timed out progressing.`;
    return withCondition(status.conditions, newCondition('Progressing', 'False', timedOut, message, nowMs));
  }
  return [...(status.conditions ?? [])];
}

/** Whether all pods are of the new template and available, none of an old one is left, and the status is not behind. */
export function isComplete(deployment: V1Deployment, status: V1DeploymentStatus | undefined): boolean {
  const desired = desiredReplicas(deployment);
  return (
    (status?.updatedReplicas ?? 0) === desired &&
    (status?.replicas ?? 0) === desired &&
    (status?.availableReplicas ?? 0) === desired &&
    (status?.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0)
  );
}

/** Whether there are more new pods, fewer old ones, or more that are ready or available. */
export function hasProgressed(before: V1DeploymentStatus | undefined, now: V1DeploymentStatus): boolean {
  const oldPods = (status: V1DeploymentStatus = {}) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (now.updatedReplicas ?? 0) > (before?.updatedReplicas ?? 0) ||
    oldPods(now) < oldPods(before) ||
    (now.readyReplicas ?? 0) > (before?.readyReplicas ?? 0) ||
    (now.availableReplicas ?? 0) > (before?.availableReplicas ?? 0)
  );
}

/** Whether the last sign of progress is longer ago than the deadline allows. */
export function hasTimedOut(deployment: V1Deployment, status: V1DeploymentStatus, nowMs: number): boolean {
  const deadline = progressDeadlineOf(deployment);
  const condition = conditionOf(status, 'Progressing');
  if (deadline === undefined || !condition || condition.reason === REASONS.newReplicaSetAvailable) return false;
  if (condition.reason === REASONS.timedOut) return true;
  return updatedMs(condition) + deadline * 1000 < nowMs;
}

/** In how many ms a Deployment that does not move is to be looked at again; `undefined` when there is no need. */
export function progressCheckMs(
  deployment: V1Deployment,
  status: V1DeploymentStatus,
  nowMs: number,
): number | undefined {
  const deadline = progressDeadlineOf(deployment);
  const condition = conditionOf(deployment.status, 'Progressing');
  if (deadline === undefined || !condition) return undefined;
  if (isComplete(deployment, status) || condition.reason === REASONS.timedOut) return undefined;
  // A second more: timestamps are cut to seconds.
  return Math.max(0, updatedMs(condition) + deadline * 1000 - nowMs) + 1000;
}

function updatedMs({ lastUpdateTime = '' }: V1DeploymentCondition): number {
  return Date.parse(lastUpdateTime) || 0;
}

/** Why a ReplicaSet cannot make its pods, the new one's reason first. */
function replicaFailureOf(sets: ReplicaSets): V1DeploymentCondition | undefined {
  const candidates = sets.current ? [sets.current, ...sets.old] : sets.old;
  for (const { status } of candidates) {
    const failure = status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
    if (!failure) continue;
    const { lastTransitionTime } = failure;
    return { ...failure, ...(lastTransitionTime === undefined ? {} : { lastUpdateTime: lastTransitionTime }) };
  }
  return undefined;
}

const COUNTS = [
  'observedGeneration',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
] as const;

/** Whether two statuses say the same; a count that is absent is zero, as on the wire. */
export function sameStatus(a: V1DeploymentStatus | undefined, b: V1DeploymentStatus): boolean {
  return (
    COUNTS.every((count) => (a?.[count] ?? 0) === (b[count] ?? 0)) &&
    a?.terminatingReplicas === b.terminatingReplicas &&
    a?.collisionCount === b.collisionCount &&
    sameConditions(a?.conditions, b.conditions)
  );
}

function sameConditions(a: readonly V1DeploymentCondition[] = [], b: readonly V1DeploymentCondition[] = []): boolean {
  if (a.length !== b.length) return false;
  const fields = ['type', 'status', 'reason', 'message', 'lastUpdateTime', 'lastTransitionTime'] as const;
  return a.every((condition, index) => fields.every((field) => condition[field] === b[index]?.[field]));
}
