/** What each change that the server reports means to the scheduler's state, and to pods that wait. */
import type { Informer } from '../client/informer.ts';
import type {
  V1CSINode,
  V1Namespace,
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1StorageClass,
} from '../openapi/generated/types.ts';
import type { KubeObject } from '../openapi/object.ts';
import { keyOf } from '../openapi/object.ts';
import { asksLess, type ClusterEvent, type EventObjects } from './events.ts';
import type { InformerTargets } from './informers.ts';
import { sameLabels } from './label-selector.ts';
import { nodeEvents } from './node-events.ts';
import { PodInfo } from './pod-info.ts';
import type { SchedulingQueue } from './queue.ts';

/** Whether the pod has ended: it takes no more room. */
export function isDone(pod: V1Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

export function handlePods(pods: Informer<V1Pod>, { state, queue, isOurs }: InformerTargets): void {
  const occupies = (pod: V1Pod) => !isDone(pod) && (pod.spec?.nodeName ?? '') !== '';
  const waits = (pod: V1Pod) => !isDone(pod) && !pod.spec?.nodeName && isOurs(pod);
  const leave = (pod: V1Pod) => {
    const uid = pod.metadata?.uid ?? '';
    const hadRoom = occupies(pod) || state.isAssumed(pod) || state.nominator.nodeOf(uid) !== undefined;
    state.removePod(pod);
    state.nominator.delete(uid);
    if (queue.get(keyOf(pod))?.uid === uid) queue.delete(keyOf(pod));
    if (hadRoom) queue.moveOn('AssignedPodDelete', pod);
  };
  const enter = (pod: V1Pod, isNew: boolean) => {
    if (occupies(pod)) {
      queue.delete(keyOf(pod));
      state.nominator.delete(pod.metadata?.uid ?? '');
      state.setPod(pod);
      if (isNew) queue.moveOn('AssignedPodAdd', pod);
    } else if (waits(pod) && !state.isAssumed(pod)) {
      queue.set(pod);
      nominate(pod);
    }
  };
  const nominate = (pod: V1Pod) => {
    const promised = pod.status?.nominatedNodeName;
    if (promised) state.nominator.set(new PodInfo(pod), promised);
  };
  const loseNomination = (old: V1Pod, pod: V1Pod) => {
    const promised = old.status?.nominatedNodeName;
    if (!promised || pod.spec?.nodeName || pod.status?.nominatedNodeName === promised) return;
    const uid = pod.metadata?.uid ?? '';
    if (state.nominator.nodeOf(uid) === promised) state.nominator.delete(uid);
    queue.moveOn('AssignedPodDelete', old, undefined, uid);
  };
  pods.addHandler({
    added: (pod) => enter(pod, true),
    updated(pod, old) {
      if (pod.metadata?.uid !== old.metadata?.uid || (isDone(pod) && !isDone(old))) leave(old);
      enter(pod, !occupies(old));
      loseNomination(old, pod);
      if (!occupies(old) || !occupies(pod)) return;
      if (!sameLabels(pod.metadata?.labels, old.metadata?.labels)) queue.moveOn('AssignedPodLabel', pod, old);
      if (asksLess(old, pod)) queue.moveOn('AssignedPodScaleDown', pod, old);
    },
    deleted: leave,
  });
}

export function handleNodes(nodes: Informer<V1Node>, { state, queue }: InformerTargets): void {
  nodes.addHandler({
    added(node) {
      state.setNode(node);
      queue.moveOn('NodeAdd', node);
    },
    updated(node, old) {
      state.setNode(node);
      for (const event of nodeEvents(old, node)) queue.moveOn(event, node, old);
    },
    deleted(node) {
      state.removeNode(node.metadata?.name ?? '');
      queue.moveOn('NodeDelete', node);
    },
  });
}

export function handleNamespaces(namespaces: Informer<V1Namespace>, { state, queue }: InformerTargets): void {
  const changed = (namespace: V1Namespace, before?: V1Namespace) => {
    if (before && sameLabels(namespace.metadata?.labels, before.metadata?.labels)) return;
    state.counters.namespacesChanged();
    queue.moveOn('NamespaceLabel', namespace, before);
  };
  namespaces.addHandler({
    added: (namespace) => changed(namespace),
    updated: changed,
    deleted: (gone) => changed(gone),
  });
}

export interface VolumeInformers {
  claims: Informer<V1PersistentVolumeClaim>;
  volumes: Informer<V1PersistentVolume>;
  classes: Informer<V1StorageClass>;
  csiNodes: Informer<V1CSINode>;
}

/** `look` is called after every change of a claim or a volume. */
export function handleVolumes(informers: VolumeInformers, queue: SchedulingQueue, look: () => void): void {
  follow(informers.claims, queue, 'ClaimAdd', 'ClaimUpdate', look);
  follow(informers.volumes, queue, 'VolumeAdd', 'VolumeUpdate', look);
  follow(informers.classes, queue, 'ClassAdd', 'ClassUpdate');
  follow(informers.csiNodes, queue, 'CSINodeAdd', 'CSINodeUpdate');
}

function follow<
  A extends ClusterEvent,
  U extends ClusterEvent,
  T extends EventObjects[A] & EventObjects[U] & KubeObject,
>(informer: Informer<T>, queue: SchedulingQueue, add: A, update: U, look: () => void = () => undefined): void {
  informer.addHandler({
    added(object) {
      queue.moveOn(add, object);
      look();
    },
    updated(object, before) {
      queue.moveOn(update, object, before);
      look();
    },
    deleted: look,
  });
}
