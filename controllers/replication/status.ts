/** The status of a ReplicationController, computed from its pods. */
import { rfc3339 } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type {
  V1Pod,
  V1ReplicationController,
  V1ReplicationControllerCondition,
  V1ReplicationControllerStatus,
} from '../../openapi/generated/types.ts';
import { carries, isAvailable, isReady } from '../runtime/pods.ts';

export function replicasOf(rc: V1ReplicationController): number {
  return rc.spec?.replicas ?? 1;
}

/** `pods` are the active pods that are the controller's own; `failure` is why their number could not be put right. */
export function statusOf(
  rc: V1ReplicationController,
  pods: readonly V1Pod[],
  failure: unknown,
  nowMs: number,
): V1ReplicationControllerStatus {
  const templateLabels = rc.spec?.template?.metadata?.labels ?? {};
  const minReadySeconds = rc.spec?.minReadySeconds ?? 0;
  const conditions = conditionsOf(rc, pods.length, failure, nowMs);
  return {
    replicas: pods.length,
    fullyLabeledReplicas: pods.filter((pod) => carries(pod.metadata?.labels, templateLabels)).length,
    readyReplicas: pods.filter(isReady).length,
    availableReplicas: pods.filter((pod) => isAvailable(pod, minReadySeconds, nowMs)).length,
    observedGeneration: rc.metadata?.generation ?? 0,
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

function conditionsOf(
  rc: V1ReplicationController,
  count: number,
  failure: unknown,
  nowMs: number,
): V1ReplicationControllerCondition[] {
  const before = rc.status?.conditions ?? [];
  const others = before.filter((condition) => condition.type !== 'ReplicaFailure');
  if (failure === undefined) return others;
  // A failure that lasts keeps the words it began with.
  if (others.length < before.length) return before;
  const difference = count - replicasOf(rc);
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
export function sameStatus(a: V1ReplicationControllerStatus | undefined, b: V1ReplicationControllerStatus): boolean {
  return (
    (a?.replicas ?? 0) === b.replicas &&
    (a?.fullyLabeledReplicas ?? 0) === (b.fullyLabeledReplicas ?? 0) &&
    (a?.readyReplicas ?? 0) === (b.readyReplicas ?? 0) &&
    (a?.availableReplicas ?? 0) === (b.availableReplicas ?? 0) &&
    (a?.observedGeneration ?? 0) === (b.observedGeneration ?? 0) &&
    JSON.stringify(a?.conditions ?? []) === JSON.stringify(b.conditions ?? [])
  );
}
