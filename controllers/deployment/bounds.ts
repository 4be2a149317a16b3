/** How many pods a rolling update may have too many and too few. */
import type { V1Deployment } from '../../openapi/generated/types.ts';
import { scaledValue } from '../runtime/scaled-value.ts';

export function desiredReplicas(deployment: V1Deployment): number {
  return deployment.spec?.replicas ?? 1;
}

export function isRollingUpdate(deployment: V1Deployment): boolean {
  return deployment.spec?.strategy?.type === 'RollingUpdate';
}

/**
 * Both bounds of a rolling update. Percentages round up for what may be too many and down for what may be too few; if
 * both come out as nothing, one pod may be missing, since otherwise the update would never move.
 */
export function resolveBounds(deployment: V1Deployment): { surge: number; unavailable: number } {
  const { maxSurge = 0, maxUnavailable = 0 } = deployment.spec?.strategy?.rollingUpdate ?? {};
  const desired = desiredReplicas(deployment);
  const surge = scaledValue(maxSurge, desired, true);
  const unavailable = scaledValue(maxUnavailable, desired, false);
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

/** Pods beyond the desired number; none unless the strategy is a rolling update. */
export function maxSurge(deployment: V1Deployment): number {
  return isRollingUpdate(deployment) ? resolveBounds(deployment).surge : 0;
}

/** Pods that may be missing; none unless the strategy is a rolling update, never more than there are to be. */
export function maxUnavailable(deployment: V1Deployment): number {
  const desired = desiredReplicas(deployment);
  if (!isRollingUpdate(deployment) || desired === 0) return 0;
  return Math.min(resolveBounds(deployment).unavailable, desired);
}
