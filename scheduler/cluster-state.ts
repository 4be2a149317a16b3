/**
 * All nodes with their pods, updated as events come in, plus the pods that were given a node but whose binding has not
 * come back through the watch yet ("assumed"). A scheduling cycle runs without interruption in one turn of the event
 * loop, so it reads this directly; upstream's copy per cycle is not needed.
 */
import type { V1Node, V1Pod } from '../openapi/generated/types.ts';
import { NodeInfo, type PodInfo, podInfoOf } from './node-info.ts';

export class ClusterState {
  readonly #nodes = new Map<string, NodeInfo>();
  /** Where each pod is counted, by uid. */
  readonly #placed = new Map<string, { nodeName: string; assumed: boolean }>();
  #listed: NodeInfo[] | undefined;

  /** Nodes that exist, in the order in which they appeared. */
  get nodes(): readonly NodeInfo[] {
    this.#listed ??= [...this.#nodes.values()].filter((info) => info.node !== undefined);
    return this.#listed;
  }

  setNode(node: V1Node): void {
    const info = this.#info(node.metadata?.name ?? '');
    if (!info.node) this.#listed = undefined;
    info.node = node;
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (!info) return;
    info.node = undefined;
    this.#listed = undefined;
    this.#dropIfEmpty(info);
  }

  /** Counts a pod that has a node; confirms it when it was assumed, wherever it was assumed to be. */
  setPod(pod: V1Pod): void {
    const nodeName = pod.spec?.nodeName ?? '';
    const known = this.#nodes.get(nodeName)?.pods.get(pod.metadata?.uid ?? '');
    this.#place(known && sameSpec(known.pod, pod) ? { ...known, pod } : podInfoOf(pod), nodeName, false);
  }

  removePod(pod: V1Pod): void {
    this.#unplace(pod.metadata?.uid ?? '');
  }

  /** Counts the pod on a node before the server has said so. */
  assume(info: PodInfo, nodeName: string): void {
    this.#place(info, nodeName, true);
  }

  /** Takes an assumption back; does nothing once it has been confirmed. */
  forget(pod: V1Pod): void {
    const uid = pod.metadata?.uid ?? '';
    if (this.#placed.get(uid)?.assumed) this.#unplace(uid);
  }

  isAssumed(pod: V1Pod): boolean {
    return this.#placed.get(pod.metadata?.uid ?? '')?.assumed === true;
  }

  #place(info: PodInfo, nodeName: string, assumed: boolean): void {
    const uid = info.pod.metadata?.uid ?? '';
    const before = this.#placed.get(uid);
    if (before && before.nodeName !== nodeName) this.#unplace(uid);
    this.#placed.set(uid, { nodeName, assumed });
    this.#info(nodeName).addPod(info);
  }

  #unplace(uid: string): void {
    const placed = this.#placed.get(uid);
    if (!placed) return;
    this.#placed.delete(uid);
    const info = this.#nodes.get(placed.nodeName);
    info?.removePod(uid);
    if (info) this.#dropIfEmpty(info);
  }

  #info(name: string): NodeInfo {
    let info = this.#nodes.get(name);
    if (!info) {
      info = new NodeInfo(name);
      this.#nodes.set(name, info);
    }
    return info;
  }

  #dropIfEmpty(info: NodeInfo): void {
    if (!info.node && info.pods.size === 0) this.#nodes.delete(info.name);
  }
}

/** The server counts the generation up with each change of the spec: most updates are of the status. */
function sameSpec(before: V1Pod, after: V1Pod): boolean {
  const generation = after.metadata?.generation;
  return generation !== undefined && generation === before.metadata?.generation;
}
