/** What a Deployment and its ReplicaSets remember in annotations: revisions, and the size for which they were made. */
import type { V1Deployment, V1ReplicaSet } from '../../openapi/generated/types.ts';
import { desiredReplicas, maxSurge } from './bounds.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
export const ROLLBACK_TO = 'deprecated.deployment.rollback.to';

/** What a ReplicaSet does not get from its Deployment, nor a Deployment back from it. */
const NOT_COPIED: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  ROLLBACK_TO,
]);

const HISTORY_CHARACTERS_MAX = 2000;

type Annotations = Record<string, string>;

/** The revision of a ReplicaSet, of 64 bits: 0 when it has none, `undefined` when it is no number. */
export function revisionOf({ metadata }: V1ReplicaSet): bigint | undefined {
  const text = metadata?.annotations?.[REVISION];
  return text === undefined ? 0n : integerOf(text);
}

export function maxRevision(sets: readonly V1ReplicaSet[]): bigint {
  return revisionsOf(sets)[0] ?? 0n;
}

/** The revision before the latest; 0 when there is none. */
export function lastRevision(sets: readonly V1ReplicaSet[]): bigint {
  return revisionsOf(sets)[1] ?? 0n;
}

/** Highest first. */
function revisionsOf(sets: readonly V1ReplicaSet[]): bigint[] {
  return sets.map((set) => revisionOf(set) ?? 0n).sort((a, b) => (a > b ? -1 : a < b ? 1 : 0));
}

/** How many pods the Deployment had when the ReplicaSet was last sized; `undefined` when that is not known. */
export function annotatedDesired({ metadata }: V1ReplicaSet): number | undefined {
  return countOf(metadata?.annotations?.[DESIRED_REPLICAS]);
}

/** How many it could have had, the surge included. */
export function annotatedMax({ metadata }: V1ReplicaSet): number | undefined {
  return countOf(metadata?.annotations?.[MAX_REPLICAS]);
}

/** The annotations of the size for which a ReplicaSet is made. */
export function replicasAnnotations(deployment: V1Deployment): Annotations {
  const desired = desiredReplicas(deployment);
  return { [DESIRED_REPLICAS]: String(desired), [MAX_REPLICAS]: String(desired + maxSurge(deployment)) };
}

export function carriesReplicas({ metadata }: V1ReplicaSet, deployment: V1Deployment): boolean {
  return Object.entries(replicasAnnotations(deployment)).every(([key, text]) => metadata?.annotations?.[key] === text);
}

/**
 * The annotations that the ReplicaSet of the Deployment's template should have: the Deployment's own, and the revision.
 * An older revision goes into the history: the Deployment has come back to it. `undefined` when nothing is to change.
 */
export function newSetAnnotations(
  deployment: V1Deployment,
  before: Annotations | undefined,
  newRevision: bigint,
): Annotations | undefined {
  const annotations = { ...before, ...copied(deployment.metadata?.annotations) };
  const text = before?.[REVISION] ?? '';
  const oldRevision = text === '' ? 0n : integerOf(text);
  if (oldRevision === undefined) return undefined;
  if (oldRevision < newRevision) {
    annotations[REVISION] = String(newRevision);
    if (before?.[REVISION] !== undefined) {
      annotations[REVISION_HISTORY] = historyWith(before[REVISION_HISTORY] ?? '', text);
    }
  }
  const isSame = Object.entries(annotations).every(([key, value]) => before?.[key] === value);
  return isSame ? undefined : annotations;
}

/** The history with one more revision; the oldest are dropped when it grows too long. */
export function historyWith(history: string, revision: string): string {
  if (history === '') return revision;
  const revisions = [...history.split(','), revision];
  while (revisions.length > 1 && revisions.join(',').length > HISTORY_CHARACTERS_MAX) revisions.shift();
  return revisions.join(',');
}

/** The annotations of a Deployment that goes back to a ReplicaSet: those that this one had, and what is never copied. */
export function rolledBackAnnotations(deployment: V1Deployment, set: V1ReplicaSet): Annotations {
  const kept = Object.entries(deployment.metadata?.annotations ?? {}).filter(([key]) => NOT_COPIED.has(key));
  return { ...Object.fromEntries(kept), ...copied(set.metadata?.annotations) };
}

function copied(annotations: Annotations | undefined): Annotations {
  return Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => !NOT_COPIED.has(key)));
}

/** Reads an integer as Go does; `undefined` when it is none. */
export function integerOf(text: string): bigint | undefined {
  return /^[+-]?\d+$/.test(text) ? BigInt(text.replace('+', '')) : undefined;
}

function countOf(text: string | undefined): number | undefined {
  const count = text === undefined ? undefined : integerOf(text);
  return count !== undefined && count >= 0n ? Number(count) : undefined;
}
