/** A node with what already runs on it, kept up to date pod by pod: what the filters and scores look at. */
import type { V1Node, V1Taint } from '../openapi/generated/types.ts';
import { Amounts } from './amounts.ts';
import { ANY_ADDRESS, type HostPort, type PodInfo } from './pod-info.ts';
import { readResources } from './resources.ts';
import type { TopologyKey } from './topology.ts';

export { type HostPort, PodInfo, podInfoOf } from './pod-info.ts';

const NO_TAINTS: readonly V1Taint[] = [];
const NO_LABELS: Readonly<Record<string, string>> = {};

export class NodeInfo {
  readonly name: string;
  /** Absent while pods name a node that has not been seen, or no longer exists. */
  #node: V1Node | undefined;
  labels: Readonly<Record<string, string>> = NO_LABELS;
  unschedulable = false;
  /** NoSchedule and NoExecute: those that keep pods away. */
  hardTaints: readonly V1Taint[] = NO_TAINTS;
  /** PreferNoSchedule. */
  softTaints: readonly V1Taint[] = NO_TAINTS;
  allocatable = new Amounts();
  /** How many pods the node takes. */
  allowedPods = 0;
  readonly requested = new Amounts();
  readonly nonZeroRequested = new Amounts();
  readonly #pods = new Map<string, PodInfo>();
  /** Pods with host ports. */
  readonly #portUsers = new Set<PodInfo>();
  /** Numbers of the node's domains by the index of their key; computed when first asked for. */
  #domains: (number | undefined)[] = [];

  constructor(name: string, node?: V1Node) {
    this.name = name;
    if (node) this.node = node;
  }

  get node(): V1Node | undefined {
    return this.#node;
  }

  set node(node: V1Node | undefined) {
    this.#node = node;
    const { allocatable, capacity } = node?.status ?? {};
    const amounts = readResources(allocatable ?? capacity);
    this.allowedPods = amounts.get('pods') ?? 0;
    this.allocatable = Amounts.of(amounts);
    this.labels = node?.metadata?.labels ?? NO_LABELS;
    this.unschedulable = node?.spec?.unschedulable === true;
    const taints = node?.spec?.taints ?? NO_TAINTS;
    this.hardTaints = taints.filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute');
    this.softTaints = taints.filter(({ effect }) => effect === 'PreferNoSchedule');
    this.#domains = [];
  }

  get pods(): ReadonlyMap<string, PodInfo> {
    return this.#pods;
  }

  /** The number of the domain the node is in; -1 when it lacks the label. */
  domainOf(key: TopologyKey): number {
    const known = this.#domains[key.index];
    if (known !== undefined) return known;
    const value = this.label(key.label);
    const domain = value === undefined ? -1 : key.domain(value);
    while (this.#domains.length < key.index) this.#domains.push(undefined);
    this.#domains[key.index] = domain;
    return domain;
  }

  /** The value of one of its labels. A stranger chooses the keys: `constructor` is no label of every node. */
  label(key: string): string | undefined {
    return Object.hasOwn(this.labels, key) ? this.labels[key] : undefined;
  }

  /** Whether a pod on this node already has the port, on the same or on any address. */
  usesPort(wanted: HostPort): boolean {
    for (const { hostPorts } of this.#portUsers) {
      if (hostPorts.some((used) => portsConflict(used, wanted))) return true;
    }
    return false;
  }

  /** Adds a pod, or puts its newer state in place of the older. */
  addPod(info: PodInfo): void {
    this.removePod(info.uid);
    this.#pods.set(info.uid, info);
    this.requested.add(info.requests, 1);
    this.nonZeroRequested.add(info.nonZero, 1);
    if (info.hostPorts.length > 0) this.#portUsers.add(info);
  }

  removePod(uid: string): void {
    const info = this.#pods.get(uid);
    if (!info) return;
    this.#pods.delete(uid);
    this.requested.add(info.requests, -1);
    this.nonZeroRequested.add(info.nonZero, -1);
    this.#portUsers.delete(info);
  }
}

/** Whether two pods of one node cannot both have what they ask for. */
export function portsConflict(used: HostPort, wanted: HostPort): boolean {
  if (used.port !== wanted.port || used.protocol !== wanted.protocol) return false;
  return used.ip === wanted.ip || used.ip === ANY_ADDRESS || wanted.ip === ANY_ADDRESS;
}
