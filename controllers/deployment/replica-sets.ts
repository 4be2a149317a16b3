/** The ReplicaSets of a Deployment: which is the new one, which are old, in what order, and their sums. */
import type { V1Deployment, V1ReplicaSet } from '../../openapi/generated/types.ts';
import { revisionOf } from './annotations.ts';
import { equalIgnoringHash } from './template.ts';

/** A Deployment's ReplicaSets. `current` has the Deployment's template; there may be none yet. */
export interface ReplicaSets {
  current: V1ReplicaSet | undefined;
  old: readonly V1ReplicaSet[];
}

/** The new ReplicaSet first told from the old ones: the oldest, should several have the template. */
export function splitReplicaSets(deployment: V1Deployment, sets: readonly V1ReplicaSet[]): ReplicaSets {
  const sorted = [...sets].sort(byCreation);
  const current = sorted.find(({ spec }) => equalIgnoringHash(spec?.template, deployment.spec?.template));
  return { current, old: sorted.filter((set) => set !== current) };
}

export function allOf({ current, old }: ReplicaSets): V1ReplicaSet[] {
  return current ? [...old, current] : [...old];
}

export function sizeOf(set: V1ReplicaSet): number {
  return set.spec?.replicas ?? 1;
}

export function availableIn(set: V1ReplicaSet): number {
  return set.status?.availableReplicas ?? 0;
}

/** Those that are to have pods. */
export function activeOf(sets: readonly V1ReplicaSet[]): V1ReplicaSet[] {
  return sets.filter((set) => sizeOf(set) > 0);
}

export function sum(sets: readonly V1ReplicaSet[], of: (set: V1ReplicaSet) => number): number {
  return sets.reduce((total, set) => total + of(set), 0);
}

/** Oldest first. */
export function byCreation(a: V1ReplicaSet, b: V1ReplicaSet): number {
  return (
    compareText(a.metadata?.creationTimestamp, b.metadata?.creationTimestamp) ||
    compareText(a.metadata?.name, b.metadata?.name)
  );
}

/** Largest first, of those of one size the oldest. */
export function bySizeOlder(a: V1ReplicaSet, b: V1ReplicaSet): number {
  return sizeOf(b) - sizeOf(a) || byCreation(a, b);
}

/** Largest first, of those of one size the newest. */
export function bySizeNewer(a: V1ReplicaSet, b: V1ReplicaSet): number {
  return sizeOf(b) - sizeOf(a) || byCreation(b, a);
}

/** Lowest revision first; where a revision cannot be read, oldest first. */
export function byRevision(a: V1ReplicaSet, b: V1ReplicaSet): number {
  const [first, second] = [revisionOf(a), revisionOf(b)];
  if (first === undefined || second === undefined) return byCreation(a, b);
  return first < second ? -1 : first > second ? 1 : byCreation(a, b);
}

function compareText(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
