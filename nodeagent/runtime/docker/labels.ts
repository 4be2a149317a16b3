/**
 * Names and labels by which kubets' containers are known, on Docker and after a crash. They are those of Kubernetes'
 * own Docker integration, so that tools which read them work; what is ours begins with `io.kubets`.
 */
import type { ContainerSpec, PodIdentity, SandboxSpec } from '../runtime.ts';

export const LABEL = {
  cluster: 'io.kubets.cluster',
  attempt: 'io.kubets.attempt',
  createdAt: 'io.kubets.created-at',
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  containerName: 'io.kubernetes.container.name',
  type: 'io.kubernetes.docker.type',
  sandboxId: 'io.kubernetes.sandbox.id',
  /** The keys of the kubelet's own labels: Docker adds those of the image, which must not come back. */
  keys: 'io.kubets.label-keys',
} as const;

export const SANDBOX_TYPE = 'podsandbox';
const CONTAINER_TYPE = 'container';
/** What the sandbox's container is called where a container's name is expected. */
const SANDBOX_NAME = 'POD';

export type Labels = Record<string, string>;

/** `createdAt` is in milliseconds: Docker lists whole seconds, too coarse to sort by. */
export function sandboxLabels(spec: SandboxSpec, clusterId: string, createdAt: number): Labels {
  return {
    ...podLabels(spec.pod, clusterId),
    [LABEL.type]: SANDBOX_TYPE,
    [LABEL.containerName]: SANDBOX_NAME,
    [LABEL.attempt]: String(spec.attempt),
    [LABEL.createdAt]: String(createdAt),
  };
}

export function containerLabels(spec: ContainerSpec, clusterId: string): Labels {
  return {
    ...spec.labels,
    ...podLabels(spec.pod, clusterId),
    [LABEL.type]: CONTAINER_TYPE,
    [LABEL.containerName]: spec.name,
    [LABEL.attempt]: String(spec.attempt),
    [LABEL.sandboxId]: spec.sandboxId,
    [LABEL.keys]: JSON.stringify(Object.keys(spec.labels)),
  };
}

function podLabels(pod: PodIdentity, clusterId: string): Labels {
  return {
    [LABEL.cluster]: clusterId,
    [LABEL.podName]: pod.name,
    [LABEL.podNamespace]: pod.namespace,
    [LABEL.podUid]: pod.uid,
  };
}

export function podOf(labels: Labels): PodIdentity {
  return {
    uid: labels[LABEL.podUid] ?? '',
    namespace: labels[LABEL.podNamespace] ?? '',
    name: labels[LABEL.podName] ?? '',
  };
}

/** What the kubelet put on the container, without what the runtime and the image added. */
export function specLabels(labels: Labels): Labels {
  const keys = JSON.parse(labels[LABEL.keys] ?? '[]') as string[];
  return Object.fromEntries(keys.map((key) => [key, labels[key] ?? '']));
}

export function sandboxName({ pod, attempt }: SandboxSpec): string {
  return containerName({ pod, name: SANDBOX_NAME, attempt });
}

export function containerName({ pod, name, attempt }: Pick<ContainerSpec, 'pod' | 'name' | 'attempt'>): string {
  return ['k8s', name, pod.name, pod.namespace, pod.uid, attempt].join('_');
}

/** Docker's filter for what belongs to a cluster, or to one thing in it. */
export function labelFilter(clusterId: string, more: Labels = {}): { label: string[] } {
  return { label: Object.entries({ [LABEL.cluster]: clusterId, ...more }).map(([key, value]) => `${key}=${value}`) };
}
