/**
 * All nodes with their pods, updated as events come in, plus the pods that were given a node but whose binding has not
 * come back through the watch yet ("assumed"), and the counts and indexes that plugins read. A scheduling cycle runs
 * without interruption in one turn of the event loop, so it reads this directly; upstream's copy per cycle is not
 * needed. What if a pod were not there, or were? `attach` and `detach` answer that, undone within the same turn.
 */
import type { V1Node, V1Pod } from '../openapi/generated/types.ts';
import type { Labels } from '../openapi/selectors.ts';
import { Amounts } from './amounts.ts';
import { ImageIndex } from './image-index.ts';
import { sameLabels } from './label-selector.ts';
import { NodeInfo } from './node-info.ts';
import { Nominator } from './nominator.ts';
import { PodCounters } from './pod-counters.ts';
import { PodInfo } from './pod-info.ts';
import { podRequests, resizeState } from './resources.ts';
import { TermGroups } from './term-groups.ts';
import { Topology } from './topology.ts';
import { zoneOf, zonesInterleaved } from './zones.ts';

export class ClusterState {
  readonly topology = new Topology();
  readonly counters = new PodCounters();
  readonly terms = new TermGroups(this.topology);
  readonly images = new ImageIndex();
  readonly nominator = new Nominator();
  readonly #nodes = new Map<string, NodeInfo>();
  /** Where each pod is counted, by uid. */
  readonly #placed = new Map<string, { nodeName: string; assumed: boolean }>();
  /** How many placed pods have a priority. */
  readonly #priorities = new Map<number, number>();
  /** Placed pods by the key of each claim they use. */
  readonly #claimUsers = new Map<string, number>();
  #namespaceLabels: (namespace: string) => Labels = () => undefined;
  #listed: NodeInfo[] | undefined;

  /** Nodes that exist, one of each zone in turn, as upstream's node tree lists them. */
  get nodes(): readonly NodeInfo[] {
    this.#listed ??= zonesInterleaved([...this.#nodes.values()].filter((info) => info.node !== undefined));
    return this.#listed;
  }

  /** A node that exists. */
  node(name: string): NodeInfo | undefined {
    const info = this.#nodes.get(name);
    return info?.node ? info : undefined;
  }

  /** Where the labels of namespaces are read from. */
  readNamespaces(labels: (namespace: string) => Labels): void {
    this.#namespaceLabels = labels;
  }

  namespaceLabels = (namespace: string): Labels => this.#namespaceLabels(namespace);

  setNode(node: V1Node): void {
    const info = this.#info(node.metadata?.name ?? '');
    this.images.set(info.name, node);
    const before = info.node;
    if (before && sameForOthers(before, node)) {
      info.node = node;
      return;
    }
    if (before) this.#nodeLeaves(info);
    if (!before || zoneOf(before) !== zoneOf(node)) this.#listed = undefined;
    info.node = node;
    this.#nodeEnters(info);
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (!info?.node) return;
    this.images.set(name, undefined);
    this.#nodeLeaves(info);
    info.node = undefined;
    this.#listed = undefined;
    this.#dropIfEmpty(info);
  }

  /** Counts a pod that has a node; confirms it when it was assumed, wherever it was assumed to be. */
  setPod(pod: V1Pod): void {
    const nodeName = pod.spec?.nodeName ?? '';
    const uid = pod.metadata?.uid ?? '';
    const known = this.#nodes.get(nodeName)?.pods.get(uid);
    const placed = this.#placed.get(uid);
    if (known && placed?.nodeName === nodeName && sameDerived(known, pod)) {
      known.pod = pod;
      placed.assumed = false;
      return;
    }
    this.#place(new PodInfo(pod), nodeName, false);
  }

  removePod(pod: V1Pod): void {
    this.#unplace(pod.metadata?.uid ?? '');
  }

  /** Counts the pod on a node before the server has said so. */
  assume(info: PodInfo, nodeName: string): void {
    this.nominator.delete(info.uid);
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

  /** How many placed pods use a claim (`namespace/name`). */
  claimUsers(key: string): number {
    return this.#claimUsers.get(key) ?? 0;
  }

  /** Whether any placed pod is less important. */
  hasLowerPriority(than: number): boolean {
    for (const priority of this.#priorities.keys()) if (priority < than) return true;
    return false;
  }

  /** Puts a pod on a node for as long as a question takes; `detach` undoes it. */
  attach(info: PodInfo, node: NodeInfo): void {
    node.addPod(info);
    this.#count(info, node, 1);
  }

  /** Takes a pod off its node for as long as a question takes; `attach` undoes it. */
  detach(info: PodInfo, node: NodeInfo): void {
    this.#count(info, node, -1);
    node.removePod(info.uid);
  }

  #count(info: PodInfo, node: NodeInfo, sign: 1 | -1): void {
    for (const claim of info.claims) {
      const users = this.claimUsers(claim) + sign;
      if (users > 0) this.#claimUsers.set(claim, users);
      else this.#claimUsers.delete(claim);
    }
    if (!node.node) return;
    this.counters.pod(info, node, sign);
    this.terms.pod(info, node, sign);
  }

  #nodeEnters(info: NodeInfo): void {
    this.counters.node(info, 1);
    for (const pod of info.pods.values()) {
      this.counters.pod(pod, info, 1);
      this.terms.pod(pod, info, 1);
    }
  }

  #nodeLeaves(info: NodeInfo): void {
    for (const pod of info.pods.values()) {
      this.counters.pod(pod, info, -1);
      this.terms.pod(pod, info, -1);
    }
    this.counters.node(info, -1);
  }

  #place(info: PodInfo, nodeName: string, assumed: boolean): void {
    this.#unplace(info.uid);
    this.#placed.set(info.uid, { nodeName, assumed });
    this.#countPriority(info.priority, 1);
    this.attach(info, this.#info(nodeName));
  }

  #unplace(uid: string): void {
    const placed = this.#placed.get(uid);
    if (!placed) return;
    this.#placed.delete(uid);
    const node = this.#nodes.get(placed.nodeName);
    const info = node?.pods.get(uid);
    if (!node || !info) return;
    this.#countPriority(info.priority, -1);
    this.detach(info, node);
    this.#dropIfEmpty(node);
  }

  #countPriority(priority: number, by: 1 | -1): void {
    const pods = (this.#priorities.get(priority) ?? 0) + by;
    if (pods > 0) this.#priorities.set(priority, pods);
    else this.#priorities.delete(priority);
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

/** Whether nothing changed that counts over several nodes depend on. */
function sameForOthers(before: V1Node, after: V1Node): boolean {
  if (!sameLabels(before.metadata?.labels, after.metadata?.labels)) return false;
  const taints = ({ spec }: V1Node) => (spec?.taints?.length ? JSON.stringify(spec.taints) : '');
  return before.spec?.taints === after.spec?.taints || taints(before) === taints(after);
}

/** Whether nothing changed that a PodInfo is made of: most updates are of the status. */
function sameDerived({ pod: before, requests }: PodInfo, after: V1Pod): boolean {
  const generation = after.metadata?.generation;
  // The server counts the generation up with each change of the spec.
  if (generation === undefined || generation !== before.metadata?.generation) return false;
  if ((before.metadata?.deletionTimestamp === undefined) !== (after.metadata?.deletionTimestamp === undefined)) {
    return false;
  }
  if (!sameLabels(before.metadata?.labels, after.metadata?.labels)) return false;
  return resizeState(before) === resizeState(after) || requests.equals(Amounts.of(podRequests(after)));
}
