/** How large the ReplicaSets of a Deployment should be: pure decisions, carried out by `sync.ts`. */
import type { V1Deployment, V1ReplicaSet } from '../../openapi/generated/types.ts';
import { scaledValue } from '../runtime/scaled-value.ts';
import { annotatedDesired, annotatedMax } from './annotations.ts';
import { desiredReplicas, isRollingUpdate, maxSurge, maxUnavailable } from './bounds.ts';
import {
  activeOf,
  allOf,
  availableIn,
  byCreation,
  bySizeNewer,
  bySizeOlder,
  type ReplicaSets,
  sizeOf,
  sum,
} from './replica-sets.ts';

/** One ReplicaSet and the size it is to have. */
export interface Scaling {
  set: V1ReplicaSet;
  replicas: number;
}

/**
 * The size of the new ReplicaSet, which has `size` now: as many more pods as the surge leaves room for, or for any other
 * strategy all of them. `total` is the size of all ReplicaSets.
 */
export function newSetSize(deployment: V1Deployment, size: number, total: number): number {
  const desired = desiredReplicas(deployment);
  if (!isRollingUpdate(deployment)) return desired;
  const surge = scaledValue(deployment.spec?.strategy?.rollingUpdate?.maxSurge ?? 0, desired, true);
  const room = desired + surge - total;
  return room <= 0 ? size : size + Math.min(room, desired - size);
}

/** The size of the new ReplicaSet in the next step of a rolling update. */
export function nextNewSetSize(deployment: V1Deployment, current: V1ReplicaSet, all: readonly V1ReplicaSet[]): number {
  const desired = desiredReplicas(deployment);
  const size = sizeOf(current);
  return size >= desired ? desired : newSetSize(deployment, size, sum(all, sizeOf));
}

/** Whether the Deployment was scaled since its ReplicaSets were sized. */
export function isScaled(deployment: V1Deployment, sets: ReplicaSets): boolean {
  return activeOf(allOf(sets)).some((set) => {
    const desired = annotatedDesired(set);
    return desired !== undefined && desired !== desiredReplicas(deployment);
  });
}

/** Whether the new ReplicaSet has all the pods of the Deployment, and they are available. */
export function isSaturated(deployment: V1Deployment, set: V1ReplicaSet | undefined): boolean {
  const desired = desiredReplicas(deployment);
  return (
    set !== undefined && sizeOf(set) === desired && annotatedDesired(set) === desired && availableIn(set) === desired
  );
}

/** What a Deployment that was scaled, or is paused, asks of its ReplicaSets. All are listed that need a look. */
export function scaledSets(deployment: V1Deployment, sets: ReplicaSets): Scaling[] {
  const single = activeOrLatest(sets);
  if (single) return [{ set: single, replicas: desiredReplicas(deployment) }];
  if (isSaturated(deployment, sets.current)) return activeOf(sets.old).map((set) => ({ set, replicas: 0 }));
  return isRollingUpdate(deployment) ? proportionalSizes(deployment, activeOf(allOf(sets))) : [];
}

/** The one active ReplicaSet, or the latest if none is active; `undefined` when several are active. */
export function activeOrLatest(sets: ReplicaSets): V1ReplicaSet | undefined {
  const active = activeOf(allOf(sets));
  if (active.length > 1) return undefined;
  return active[0] ?? sets.current ?? [...sets.old].sort(byCreation).at(-1);
}

/** Spreads what is to be added or removed over the active ReplicaSets by their sizes; the largest takes what is left. */
export function proportionalSizes(deployment: V1Deployment, active: readonly V1ReplicaSet[]): Scaling[] {
  const desired = desiredReplicas(deployment);
  const allowed = desired > 0 ? desired + maxSurge(deployment) : 0;
  const toAdd = allowed - sum(active, sizeOf);
  if (toAdd === 0) return active.map((set) => ({ set, replicas: sizeOf(set) }));
  const sorted = [...active].sort(toAdd > 0 ? bySizeNewer : bySizeOlder);
  let added = 0;
  const sizes = sorted.map((set) => {
    const share = proportionOf(deployment, set, toAdd, added);
    added += share;
    return { set, replicas: sizeOf(set) + share };
  });
  const [largest] = sizes;
  if (largest) largest.replicas = Math.max(0, largest.replicas + toAdd - added);
  return sizes;
}

/** What one ReplicaSet gets of `toAdd` (or gives, if that is negative), when `added` are dealt out already. */
function proportionOf(deployment: V1Deployment, set: V1ReplicaSet, toAdd: number, added: number): number {
  if (sizeOf(set) === 0 || toAdd === added) return 0;
  const share = shareOf(deployment, set);
  return toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added);
}

function shareOf(deployment: V1Deployment, set: V1ReplicaSet): number {
  const size = sizeOf(set);
  const desired = desiredReplicas(deployment);
  if (desired === 0) return -size;
  // Without the annotation, or with a useless one, the size the Deployment has is near enough.
  const before = annotatedMax(set) || deployment.status?.replicas || 0;
  if (before === 0) return 0;
  return Math.round((size * (desired + maxSurge(deployment))) / before) - size;
}

/**
 * How many pods of old ReplicaSets may go at most: those beyond what must be available, less those of the new one that
 * are not available yet.
 */
export function maxScaledDown(deployment: V1Deployment, current: V1ReplicaSet, all: readonly V1ReplicaSet[]): number {
  const unavailable = sizeOf(current) - availableIn(current);
  return sum(all, sizeOf) - minAvailable(deployment) - unavailable;
}

/**
 * First those that are not available go: their loss costs nothing, and they might hold up the update for ever.
 * `undefined` when a status is behind, so that nothing can be said.
 */
export function unhealthyScaleDown(old: readonly V1ReplicaSet[], most: number): Scaling[] | undefined {
  const scalings: Scaling[] = [];
  let left = most;
  for (const set of [...activeOf(old)].sort(byCreation)) {
    if (left <= 0) break;
    const unhealthy = sizeOf(set) - availableIn(set);
    if (unhealthy < 0) return undefined;
    if (unhealthy === 0) continue;
    const count = Math.min(left, unhealthy);
    scalings.push({ set, replicas: sizeOf(set) - count });
    left -= count;
  }
  return scalings;
}

/** Then as many of the old ones, oldest first, as there are available beyond what must be. */
export function oldScaleDown(deployment: V1Deployment, current: V1ReplicaSet, old: readonly V1ReplicaSet[]): Scaling[] {
  const scalings: Scaling[] = [];
  let left = sum([...old, current], availableIn) - minAvailable(deployment);
  for (const set of [...activeOf(old)].sort(byCreation)) {
    if (left <= 0) break;
    const count = Math.min(sizeOf(set), left);
    scalings.push({ set, replicas: sizeOf(set) - count });
    left -= count;
  }
  return scalings;
}

function minAvailable(deployment: V1Deployment): number {
  return desiredReplicas(deployment) - maxUnavailable(deployment);
}
