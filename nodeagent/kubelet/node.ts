/** The Node object of this machine. Pure: what was measured goes in, what to write comes out. */
import { rfc3339 } from '../../base/clock.ts';
import type {
  V1ContainerImage,
  V1Node,
  V1NodeCondition,
  V1NodeStatus,
  V1NodeSystemInfo,
  V1Taint,
} from '../../openapi/generated/types.ts';
import type { ImageRecord } from '../runtime/runtime.ts';
import { KUBELET_VERSION } from './names.ts';

export interface NodeFacts {
  nodeName: string;
  nodeIP: string;
  labels: Record<string, string>;
  annotations?: Record<string, string>;
  taints: V1Taint[];
  maxPods: number;
  /** Where the kubelet's server listens; 0 when it has none. */
  port: number;
  capacity: { cpuMillis: number; memoryBytes: number; ephemeralStorageBytes: number };
  info: Omit<V1NodeSystemInfo, 'kubeletVersion' | 'kubeProxyVersion' | 'operatingSystem'>;
  images: readonly ImageRecord[];
  /** Why the node cannot take pods, if it cannot. */
  notReady?: string;
}

const IMAGES_MAX = 50;
const NAMES_PER_IMAGE_MAX = 5;
/** Upstream's hard eviction threshold: what is kept back from pods. */
const MEMORY_RESERVED_BYTES = 100 * 1024 * 1024;
const STORAGE_RESERVED_SHARE = 0.1;

export function defaultLabels(nodeName: string, architecture: string): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture,
    'kubernetes.io/hostname': nodeName,
    'kubernetes.io/os': 'linux',
  };
}

export function newNode(facts: NodeFacts, now: number): V1Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: facts.nodeName,
      labels: { ...defaultLabels(facts.nodeName, facts.info.architecture), ...facts.labels },
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true', ...facts.annotations },
    },
    spec: facts.taints.length > 0 ? { taints: facts.taints } : {},
    status: nodeStatusOf(facts, undefined, now),
  };
}

/** An existing Node with our labels and annotations; whatever others have set on it stays. `undefined` when nothing is missing. */
export function withOurLabels(node: V1Node, facts: NodeFacts): V1Node | undefined {
  const ours = { ...defaultLabels(facts.nodeName, facts.info.architecture), ...facts.labels };
  const labels = { ...node.metadata?.labels, ...ours };
  const annotations = { ...node.metadata?.annotations, ...facts.annotations };
  const isMissing =
    Object.entries(ours).some(([key, value]) => node.metadata?.labels?.[key] !== value) ||
    Object.entries(facts.annotations ?? {}).some(([key, value]) => node.metadata?.annotations?.[key] !== value);
  return isMissing ? { ...node, metadata: { ...node.metadata, labels, annotations } } : undefined;
}

export function nodeStatusOf(facts: NodeFacts, old: V1NodeStatus | undefined, now: number): V1NodeStatus {
  const { capacity } = facts;
  const memory = `${Math.floor(capacity.memoryBytes / 1024)}Ki`;
  const storage = Math.floor(capacity.ephemeralStorageBytes);
  return {
    ...old,
    addresses: [
      { type: 'InternalIP', address: facts.nodeIP },
      { type: 'Hostname', address: facts.nodeName },
    ],
    capacity: {
      ...old?.capacity,
      cpu: cpuText(capacity.cpuMillis),
      'ephemeral-storage': `${Math.floor(storage / 1024)}Ki`,
      memory,
      pods: String(facts.maxPods),
    },
    allocatable: {
      ...old?.allocatable,
      cpu: cpuText(capacity.cpuMillis),
      'ephemeral-storage': String(Math.floor(storage * (1 - STORAGE_RESERVED_SHARE))),
      memory: `${Math.max(0, Math.floor((capacity.memoryBytes - MEMORY_RESERVED_BYTES) / 1024))}Ki`,
      pods: String(facts.maxPods),
    },
    conditions: conditions(facts, old?.conditions ?? [], now),
    daemonEndpoints: { kubeletEndpoint: { Port: facts.port } },
    nodeInfo: {
      ...facts.info,
      kubeletVersion: KUBELET_VERSION,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
    },
    images: imagesOf(facts.images),
  };
}

function cpuText(millis: number): string {
  return millis % 1000 === 0 ? String(millis / 1000) : `${millis}m`;
}

function imagesOf(images: readonly ImageRecord[]): V1ContainerImage[] {
  return [...images]
    .filter(({ names }) => names.length > 0)
    .sort((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, IMAGES_MAX)
    .map(({ names, sizeBytes }) => ({ names: names.slice(0, NAMES_PER_IMAGE_MAX), sizeBytes }));
}

const CALM = [
  ['MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ['DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ['PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
] as const;

function conditions(facts: NodeFacts, old: readonly V1NodeCondition[], now: number): V1NodeCondition[] {
  const ready = facts.notReady === undefined;
  const wanted: Omit<V1NodeCondition, 'lastHeartbeatTime' | 'lastTransitionTime'>[] = [
    ...CALM.map(([type, reason, message]) => ({ type, status: 'False', reason, message })),
    {
      type: 'Ready',
      status: ready ? 'True' : 'False',
      reason: ready ? 'KubeletReady' : 'KubeletNotReady',
      message: facts.notReady ?? 'kubelet is posting ready status',
    },
  ];
  const ours = wanted.map((condition) => {
    const before = old.find(({ type }) => type === condition.type);
    const since = before?.status === condition.status ? before.lastTransitionTime : undefined;
    return { ...condition, lastHeartbeatTime: rfc3339(now), lastTransitionTime: since ?? rfc3339(now) };
  });
  return [...old.filter(({ type }) => !wanted.some((condition) => condition.type === type)), ...ours];
}

/** Whether two statuses differ in more than their heartbeats. */
export function nodeStatusChanged(a: V1NodeStatus | undefined, b: V1NodeStatus | undefined): boolean {
  return JSON.stringify(stable(a)) !== JSON.stringify(stable(b));
}

function stable(status: V1NodeStatus | undefined): unknown {
  const { conditions: list = [], capacity, allocatable, addresses, daemonEndpoints, nodeInfo, images } = status ?? {};
  const calm = list.map(({ type, status: verdict, reason, message }) => [type, verdict, reason, message]);
  return [
    calm.sort(),
    sorted(capacity),
    sorted(allocatable),
    addresses,
    daemonEndpoints,
    sorted(nodeInfo),
    images?.map(({ names, sizeBytes }) => [names, sizeBytes]),
  ];
}

function sorted(object: object | undefined): unknown {
  return Object.entries(object ?? {})
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
