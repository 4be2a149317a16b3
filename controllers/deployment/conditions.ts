/** Conditions of a Deployment: how they are made, set and taken away. */
import { rfc3339 } from '../../base/clock.ts';
import type { V1DeploymentCondition, V1DeploymentStatus } from '../../openapi/generated/types.ts';

/** Upstream's reasons, as scripts know them. */
export const REASONS = {
  replicaSetUpdated: 'ReplicaSetUpdated',
  failedCreate: 'ReplicaSetCreateError',
  newReplicaSet: 'NewReplicaSetCreated',
  foundNewReplicaSet: 'FoundNewReplicaSet',
  newReplicaSetAvailable: 'NewReplicaSetAvailable',
  timedOut: 'ProgressDeadlineExceeded',
  paused: 'DeploymentPaused',
  resumed: 'DeploymentResumed',
  available: 'MinimumReplicasAvailable',
  unavailable: 'MinimumReplicasUnavailable',
} as const;

type Conditions = readonly V1DeploymentCondition[] | undefined;

export function newCondition(
  type: 'Available' | 'Progressing',
  status: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
  nowMs: number,
): V1DeploymentCondition {
  const now = rfc3339(nowMs);
  return { type, status, lastUpdateTime: now, lastTransitionTime: now, reason, message };
}

export function conditionOf(status: V1DeploymentStatus | undefined, type: string): V1DeploymentCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** The conditions with this one: as it was, if status and reason are; last, if it changed. */
export function withCondition(conditions: Conditions = [], condition: V1DeploymentCondition): V1DeploymentCondition[] {
  const before = conditions.find(({ type }) => type === condition.type);
  if (before?.status === condition.status && before.reason === condition.reason) return [...conditions];
  return [...withoutCondition(conditions, condition.type), keepingTransition(before, condition)];
}

/** The condition with the time of the last transition that it had, if its status is still the same. */
export function keepingTransition(
  before: V1DeploymentCondition | undefined,
  condition: V1DeploymentCondition,
): V1DeploymentCondition {
  if (before?.status !== condition.status || before.lastTransitionTime === undefined) return condition;
  return { ...condition, lastTransitionTime: before.lastTransitionTime };
}

export function withoutCondition(conditions: Conditions = [], type: string): V1DeploymentCondition[] {
  return conditions.filter((condition) => condition.type !== type);
}
