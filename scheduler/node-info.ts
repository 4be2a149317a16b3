/** A node with what already runs on it, kept up to date pod by pod: what the filters and scores look at. */
import type { V1Node, V1Pod } from '../openapi/generated/types.ts';
import { addTo, isSidecar, NON_ZERO_REQUESTS, podRequests, type Resources, readResources } from './resources.ts';

export interface HostPort {
  ip: string;
  protocol: string;
  port: number;
}

/** A pod with what is derived from its spec once. */
export interface PodInfo {
  readonly pod: V1Pod;
  readonly requests: Resources;
  /** Requests with upstream's defaults for containers that ask for nothing; only for scores. */
  readonly nonZero: Resources;
  readonly hostPorts: readonly HostPort[];
}

const ANY_ADDRESS = '0.0.0.0';

export function podInfoOf(pod: V1Pod): PodInfo {
  return {
    pod,
    requests: podRequests(pod),
    nonZero: podRequests(pod, NON_ZERO_REQUESTS),
    hostPorts: hostPortsOf(pod),
  };
}

function hostPortsOf(pod: V1Pod): HostPort[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter(isSidecar);
  const ports = [...(pod.spec?.containers ?? []), ...sidecars].flatMap((container) => container.ports ?? []);
  return ports
    .filter((port) => (port.hostPort ?? 0) > 0)
    .map((port) => ({ ip: port.hostIP || ANY_ADDRESS, protocol: port.protocol || 'TCP', port: port.hostPort ?? 0 }));
}

export class NodeInfo {
  readonly name: string;
  #node: V1Node | undefined;
  #allocatable: Resources = new Map();
  readonly #requested = new Map<string, number>();
  readonly #nonZero = new Map<string, number>();
  readonly #pods = new Map<string, PodInfo>();

  constructor(name: string, node?: V1Node) {
    this.name = name;
    if (node) this.node = node;
  }

  /** Absent while pods name a node that has not been seen, or no longer exists. */
  get node(): V1Node | undefined {
    return this.#node;
  }

  set node(node: V1Node | undefined) {
    this.#node = node;
    this.#allocatable = readResources(node?.status?.allocatable ?? node?.status?.capacity);
  }

  get labels(): Readonly<Record<string, string>> {
    return this.#node?.metadata?.labels ?? {};
  }

  get pods(): ReadonlyMap<string, PodInfo> {
    return this.#pods;
  }

  /** Millicores for `cpu`, units for the rest; 0 for what the node does not have. */
  allocatable(resource: string): number {
    return this.#allocatable.get(resource) ?? 0;
  }

  requested(resource: string): number {
    return this.#requested.get(resource) ?? 0;
  }

  nonZeroRequested(resource: string): number {
    return this.#nonZero.get(resource) ?? 0;
  }

  /** Whether a pod on this node already has the port, on the same or on any address. */
  usesPort(wanted: HostPort): boolean {
    for (const { hostPorts } of this.#pods.values()) {
      if (hostPorts.some((used) => conflicts(used, wanted))) return true;
    }
    return false;
  }

  /** Adds a pod, or puts its newer state in place of the older. */
  addPod(info: PodInfo): void {
    const uid = info.pod.metadata?.uid ?? '';
    this.removePod(uid);
    this.#pods.set(uid, info);
    addTo(this.#requested, info.requests);
    addTo(this.#nonZero, info.nonZero);
  }

  removePod(uid: string): void {
    const info = this.#pods.get(uid);
    if (!info) return;
    this.#pods.delete(uid);
    addTo(this.#requested, info.requests, -1);
    addTo(this.#nonZero, info.nonZero, -1);
  }
}

function conflicts(used: HostPort, wanted: HostPort): boolean {
  if (used.port !== wanted.port || used.protocol !== wanted.protocol) return false;
  return used.ip === wanted.ip || used.ip === ANY_ADDRESS || wanted.ip === ANY_ADDRESS;
}
