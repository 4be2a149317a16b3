/** The status of a StatefulSet, computed from its pods. Pure. */
import type { V1Pod, V1StatefulSet, V1StatefulSetStatus } from '../../openapi/generated/types.ts';
import { isAvailable, isReady } from '../runtime/pods.ts';
import { replicasOf, revisionOf } from './identity.ts';

export interface Revisions {
  /** Names of the revisions the set comes from and goes to. */
  current: string;
  update: string;
  /** How often a revision's name was taken already. */
  collisionCount: number;
}

/** Of `pods`, the `outdated` are being deleted because their revision is old, although they do not show it yet. */
export function statusOf(
  set: V1StatefulSet,
  pods: readonly V1Pod[],
  revisions: Revisions,
  outdated: readonly V1Pod[],
  nowMs: number,
): V1StatefulSetStatus {
  const counts = countsOf(pods, revisions, set.spec?.minReadySeconds ?? 0, nowMs);
  const status = {
    observedGeneration: set.metadata?.generation ?? 0,
    ...counts,
    currentReplicas: counts.currentReplicas - outdated.filter((pod) => revisionOf(pod) === revisions.current).length,
    currentRevision: revisions.current,
    updateRevision: revisions.update,
    collisionCount: revisions.collisionCount,
  };
  return isComplete(set, status) ? { ...status, ...completed(status) } : status;
}

function countsOf(pods: readonly V1Pod[], revisions: Revisions, minReadySeconds: number, nowMs: number) {
  const counts = {
    replicas: pods.length,
    readyReplicas: 0,
    availableReplicas: 0,
    currentReplicas: 0,
    updatedReplicas: 0,
  };
  for (const pod of pods) {
    if (pod.status?.phase === 'Running' && isReady(pod)) {
      counts.readyReplicas++;
      if (minReadySeconds === 0 || isAvailable(pod, minReadySeconds, nowMs)) counts.availableReplicas++;
    }
    if (pod.metadata?.deletionTimestamp !== undefined) continue;
    const revision = revisionOf(pod);
    if (revision === revisions.current) counts.currentReplicas++;
    if (revision === revisions.update) counts.updatedReplicas++;
  }
  return counts;
}

/** Whether every replica is there, ready, and of the new revision: it then is the current one. */
function isComplete(set: V1StatefulSet, status: V1StatefulSetStatus): boolean {
  const wanted = replicasOf(set);
  return (
    set.spec?.updateStrategy?.type === 'RollingUpdate' &&
    status.updatedReplicas === wanted &&
    status.readyReplicas === wanted &&
    status.replicas === wanted
  );
}

function completed({ updatedReplicas, updateRevision }: V1StatefulSetStatus): Partial<V1StatefulSetStatus> {
  return { currentReplicas: updatedReplicas ?? 0, currentRevision: updateRevision ?? '' };
}

const COUNTS = ['replicas', 'readyReplicas', 'availableReplicas', 'currentReplicas', 'updatedReplicas'] as const;

/** Whether `b` has nothing to tell that `a` does not; a count that is absent is zero, as on the wire. */
export function sameStatus(a: V1StatefulSetStatus | undefined, b: V1StatefulSetStatus): boolean {
  return (
    (a?.observedGeneration ?? 0) >= (b.observedGeneration ?? 0) &&
    COUNTS.every((count) => (a?.[count] ?? 0) === (b[count] ?? 0)) &&
    (a?.currentRevision ?? '') === (b.currentRevision ?? '') &&
    (a?.updateRevision ?? '') === (b.updateRevision ?? '')
  );
}
