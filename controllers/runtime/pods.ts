/** Questions about pods and labels that several controllers ask. */
import type { V1OwnerReference, V1Pod, V1PodCondition } from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';

export function readyCondition(pod: V1Pod): V1PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === 'Ready');
}

export function isReady(pod: V1Pod): boolean {
  return readyCondition(pod)?.status === 'True';
}

/** Ready for at least `minReadySeconds`. */
export function isAvailable(pod: V1Pod, minReadySeconds: number, nowMs: number): boolean {
  const ready = readyCondition(pod);
  if (ready?.status !== 'True') return false;
  if (minReadySeconds === 0) return true;
  return (
    ready.lastTransitionTime !== undefined && Date.parse(ready.lastTransitionTime) + minReadySeconds * 1000 <= nowMs
  );
}

/** When the next ready pod will be available, in milliseconds from now; `undefined` when none is on its way. */
export function nextAvailableMs(pods: readonly V1Pod[], minReadySeconds: number, nowMs: number): number | undefined {
  if (minReadySeconds === 0) return undefined;
  let next: number | undefined;
  for (const pod of pods) {
    const ready = readyCondition(pod);
    if (ready?.status !== 'True' || ready.lastTransitionTime === undefined) continue;
    const ms = Date.parse(ready.lastTransitionTime) + minReadySeconds * 1000 - nowMs;
    if (ms > 0 && (next === undefined || ms < next)) next = ms;
  }
  return next;
}

/** Succeeded or Failed: it will never run again. */
export function isFinished(pod: V1Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** Neither finished nor being deleted: it counts as a replica. */
export function isActive(pod: V1Pod): boolean {
  return !isFinished(pod) && pod.metadata?.deletionTimestamp === undefined;
}

export function controllerOfObject(object: KubeObject): V1OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((reference) => reference.controller);
}

/** Whether `labels` carry every pair of `selector`. */
export function carries(labels: Record<string, string> | undefined, selector: Record<string, string>): boolean {
  for (const key in selector) if (labels?.[key] !== selector[key]) return false;
  return true;
}

/** Whether two maps of strings say the same; an absent one is empty. */
export function sameMap(a: Record<string, string> | undefined, b: Record<string, string> | undefined): boolean {
  const keys = Object.keys(a ?? {});
  return keys.length === Object.keys(b ?? {}).length && keys.every((key) => a?.[key] === b?.[key]);
}
