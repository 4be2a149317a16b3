/** The status of a ReplicationController or a ReplicaSet, computed from its pods. */
import { rfc3339 } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { V1Pod, V1ReplicaSetCondition, V1ReplicaSetStatus } from '../../openapi/generated/types.ts';
import { carries, isAvailable, isReady } from '../runtime/pods.ts';
import { type Replicated, replicasOf } from './kinds.ts';

/** The pods that are the owner's own. */
export interface OwnPods {
  active: readonly V1Pod[];
  /** How many are on their way out; absent where that is not told. */
  terminating?: number;
}

/** `failure` is why the number of pods could not be put right. */
export function statusOf(owner: Replicated, pods: OwnPods, failure: unknown, nowMs: number): V1ReplicaSetStatus {
  const templateLabels = owner.spec?.template?.metadata?.labels ?? {};
  const minReadySeconds = owner.spec?.minReadySeconds ?? 0;
  const conditions = conditionsOf(owner, pods.active.length, failure, nowMs);
  const status: V1ReplicaSetStatus = {
    replicas: pods.active.length,
    fullyLabeledReplicas: 0,
    readyReplicas: 0,
    availableReplicas: 0,
    observedGeneration: owner.metadata?.generation ?? 0,
    ...(pods.terminating === undefined ? {} : { terminatingReplicas: pods.terminating }),
    ...(conditions.length > 0 ? { conditions } : {}),
  };
  let labeled = 0;
  let ready = 0;
  let available = 0;
  for (const pod of pods.active) {
    if (carries(pod.metadata?.labels, templateLabels)) labeled++;
    if (!isReady(pod)) continue;
    ready++;
    if (isAvailable(pod, minReadySeconds, nowMs)) available++;
  }
  return { ...status, fullyLabeledReplicas: labeled, readyReplicas: ready, availableReplicas: available };
}

function conditionsOf(owner: Replicated, count: number, failure: unknown, nowMs: number): V1ReplicaSetCondition[] {
  const before = owner.status?.conditions ?? [];
  const others = before.filter((condition) => condition.type !== 'ReplicaFailure');
  if (failure === undefined) return others;
  // A failure that lasts keeps the words it began with.
  if (others.length < before.length) return before;
  const difference = count - replicasOf(owner);
  return [
    ...others,
    {
      type: 'ReplicaFailure',
      status: 'True',
      lastTransitionTime: rfc3339(nowMs),
      reason: difference < 0 ? 'FailedCreate' : difference > 0 ? 'FailedDelete' : '',
      message: messageOf(failure),
    },
  ];
}

/** Whether two statuses say the same; a count that is absent is zero, as on the wire. */
export function sameStatus(a: V1ReplicaSetStatus | undefined, b: V1ReplicaSetStatus): boolean {
  return (
    (a?.replicas ?? 0) === b.replicas &&
    (a?.fullyLabeledReplicas ?? 0) === (b.fullyLabeledReplicas ?? 0) &&
    (a?.readyReplicas ?? 0) === (b.readyReplicas ?? 0) &&
    (a?.availableReplicas ?? 0) === (b.availableReplicas ?? 0) &&
    a?.terminatingReplicas === b.terminatingReplicas &&
    (a?.observedGeneration ?? 0) === (b.observedGeneration ?? 0) &&
    JSON.stringify(a?.conditions ?? []) === JSON.stringify(b.conditions ?? [])
  );
}

/** From so many pods on, news about them is taken together. */
const BATCH_FROM = 500;
const BATCH_MAX_MS = 200;

/**
 * How long news about a single pod may wait for more, in ms: thousands of pods are not counted anew for every one of
 * them. None for owners of a usual size.
 */
export function batchMsOf(owner: Replicated): number {
  const pods = Math.max(replicasOf(owner), owner.status?.replicas ?? 0);
  return pods <= BATCH_FROM ? 0 : Math.min(Math.ceil(pods / 50), BATCH_MAX_MS);
}
