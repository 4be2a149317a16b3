/** The Node objects of a simulation. Pure: what was asked for goes in, what to write comes out. */
import { parseQuantity, quantityUnits } from '../../base/quantity.ts';
import type { V1Node, V1NodeStatus, V1Taint } from '../../openapi/generated/types.ts';
import { type NodeFacts, newNode, nodeStatusOf } from '../kubelet/node.ts';
import type { NodeNetwork } from './network.ts';

/** Whose a node is: the simulator with this name plays every Node that carries the label, whoever made it. */
export const SIMULATOR_LABEL = 'simulation.kubets.dev/simulator';
const ZONE = 'topology.kubernetes.io/zone';
const REGION = 'topology.kubernetes.io/region';

/** What the nodes of a simulation are like. */
export interface NodeShape {
  simulator: string;
  /** Of each node; what is not said of `allocatable` is as the capacity. */
  capacity: Readonly<Record<string, string>>;
  allocatable?: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  taints: readonly V1Taint[];
  /** Nodes are dealt out to them in turn. */
  zones: readonly { zone: string; region?: string }[];
}

export const DEFAULT_CAPACITY: Readonly<Record<string, string>> = {
  cpu: '32',
  memory: '256Gi',
  'ephemeral-storage': '1Ti',
  pods: '110',
};

/** A new Node, the `index`th. */
export function simulatedNode(
  name: string,
  index: number,
  shape: NodeShape,
  network: NodeNetwork,
  now: number,
): V1Node {
  const place = shape.zones[index % Math.max(1, shape.zones.length)];
  const labels = {
    ...shape.labels,
    ...(place ? { [ZONE]: place.zone } : {}),
    ...(place?.region ? { [REGION]: place.region } : {}),
    [SIMULATOR_LABEL]: shape.simulator,
  };
  const node = newNode({ ...factsOf(name, network.address), labels, taints: [...shape.taints] }, now);
  const annotations = { ...node.metadata?.annotations, ...shape.annotations };
  return {
    ...node,
    metadata: { ...node.metadata, annotations },
    spec: { ...node.spec, podCIDR: network.podCidr, podCIDRs: [network.podCidr] },
    status: statusWith(node.status ?? {}, shape),
  };
}

/**
 * The status a Node ought to have that is not silent, or nothing when it has it already. What it says of its capacity
 * and its addresses it keeps; `refresh` writes the heartbeats of its conditions anew.
 */
export function nextNodeStatus(
  node: V1Node,
  shape: NodeShape,
  address: string,
  now: number,
  refresh = false,
): V1NodeStatus | undefined {
  const facts = factsOf(node.metadata?.name ?? '', address);
  const old = node.status;
  const told = nodeStatusOf(facts, old, now);
  const status = statusWith({ ...told, ...(old?.addresses?.length ? { addresses: old.addresses } : {}) }, shape, old);
  return refresh || lacksAnything(old, status) ? status : undefined;
}

/** Only what matters to others: an older server may leave out what we would write again and again. */
function lacksAnything(old: V1NodeStatus | undefined, wanted: V1NodeStatus): boolean {
  if (!old?.capacity || !old.allocatable || !old.addresses?.length || !old.nodeInfo?.kubeletVersion) return true;
  return OURS.some((type) => {
    const [is, ought] = [old, wanted].map(({ conditions }) => conditions?.find((condition) => condition.type === type));
    return is?.status !== ought?.status || is?.reason !== ought?.reason;
  });
}

const OURS = ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'];

/** How many addresses a node of this shape needs. */
export function podsPerNodeOf({ capacity }: Pick<NodeShape, 'capacity'>): number {
  return quantityUnits(capacity.pods);
}

/** How many pods the node takes. */
export function podsMaxOf({ status }: V1Node): number {
  const text = status?.allocatable?.pods ?? status?.capacity?.pods;
  return text === undefined || parseQuantity(text) === undefined ? Number.POSITIVE_INFINITY : quantityUnits(text);
}

function statusWith(status: V1NodeStatus, shape: NodeShape, old?: V1NodeStatus): V1NodeStatus {
  const capacity = old?.capacity ?? shape.capacity;
  const allocatable = old?.allocatable ?? { ...capacity, ...shape.allocatable };
  // Lists of images and volumes belong to real machines.
  const { images: _, ...rest } = status;
  return { ...rest, capacity: { ...capacity }, allocatable: { ...allocatable } };
}

function factsOf(nodeName: string, nodeIP: string): NodeFacts {
  return {
    nodeName,
    nodeIP,
    labels: {},
    taints: [],
    maxPods: 0,
    port: 0,
    capacity: { cpuMillis: 0, memoryBytes: 0, ephemeralStorageBytes: 0 },
    info: {
      architecture: 'amd64',
      bootID: nodeName,
      containerRuntimeVersion: 'simulated://0.1.0',
      kernelVersion: 'simulated',
      machineID: nodeName,
      osImage: 'simulated',
      systemUUID: nodeName,
    },
    images: [],
  };
}
