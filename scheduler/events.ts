/** What happens in the cluster, as far as it may make an unschedulable pod schedulable. */
import type {
  V1CSINode,
  V1Namespace,
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1StorageClass,
} from '../openapi/generated/types.ts';
import { sameLabels } from './label-selector.ts';
import type { PodInfo } from './pod-info.ts';
import { podRequests, resizeState } from './resources.ts';

/** Each event with what it is about. */
export interface EventObjects {
  NodeAdd: V1Node;
  NodeDelete: V1Node;
  NodeAllocatable: V1Node;
  NodeLabel: V1Node;
  NodeTaint: V1Node;
  NodeUnschedulable: V1Node;
  AssignedPodAdd: V1Pod;
  AssignedPodLabel: V1Pod;
  /** It asks for less than before. */
  AssignedPodScaleDown: V1Pod;
  AssignedPodDelete: V1Pod;
  /** The waiting pod itself changed. */
  PodLabel: V1Pod;
  PodToleration: V1Pod;
  PodScaleDown: V1Pod;
  NamespaceLabel: V1Namespace;
  ClaimAdd: V1PersistentVolumeClaim;
  ClaimUpdate: V1PersistentVolumeClaim;
  VolumeAdd: V1PersistentVolume;
  VolumeUpdate: V1PersistentVolume;
  ClassAdd: V1StorageClass;
  ClassUpdate: V1StorageClass;
  CSINodeAdd: V1CSINode;
  CSINodeUpdate: V1CSINode;
}

export type ClusterEvent = keyof EventObjects;

/**
 * Whether the event makes another try of the pod worth while. `object` is the state after it (of what was deleted, the
 * last), `before` the one before an update.
 */
export type QueueingHint<T> = (pod: PodInfo, object: T, before: T | undefined) => boolean;

/** The events that may help pods that a plugin turned away. */
export type EventHints = { readonly [E in ClusterEvent]?: QueueingHint<EventObjects[E]> };

/** For events that always help. */
export const always = (): boolean => true;

/** What of a waiting pod's change may help it. */
export function podEvents(before: V1Pod, after: V1Pod): ('PodLabel' | 'PodToleration' | 'PodScaleDown')[] {
  const events: ('PodLabel' | 'PodToleration' | 'PodScaleDown')[] = [];
  if (!sameLabels(before.metadata?.labels, after.metadata?.labels)) events.push('PodLabel');
  if ((before.spec?.tolerations?.length ?? 0) !== (after.spec?.tolerations?.length ?? 0)) events.push('PodToleration');
  if (asksLess(before, after)) events.push('PodScaleDown');
  return events;
}

/** Whether the pod asks for less of some resource than before. */
export function asksLess(before: V1Pod, after: V1Pod): boolean {
  const { generation } = after.metadata ?? {};
  const sameSpec =
    before.spec === after.spec || (generation !== undefined && generation === before.metadata?.generation);
  if (sameSpec && resizeState(before) === resizeState(after)) return false;
  const now = podRequests(after);
  for (const [resource, amount] of podRequests(before)) if ((now.get(resource) ?? 0) < amount) return true;
  return false;
}
