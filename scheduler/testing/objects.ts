/** Short ways to write nodes and pods in tests. */
import type { V1Container, V1Node, V1ObjectMeta, V1Pod, V1PodSpec, V1Taint } from '../../openapi/generated/types.ts';

export function node(
  name: string,
  options: {
    allocatable?: Record<string, string>;
    labels?: Record<string, string>;
    taints?: V1Taint[];
    unschedulable?: boolean;
  } = {},
): V1Node {
  const { labels, taints, unschedulable } = options;
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: { ...(taints ? { taints } : {}), ...(unschedulable ? { unschedulable } : {}) },
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...options.allocatable } },
  };
}

export function container(requests: Record<string, string> = {}, extra: Partial<V1Container> = {}): V1Container {
  return { name: 'main', resources: { requests }, ...extra };
}

export function pod(name: string, spec: Partial<V1PodSpec> = {}, metadata: V1ObjectMeta = {}): V1Pod {
  return {
    metadata: { name, namespace: 'default', uid: `uid-of-${name}`, ...metadata },
    spec: { containers: [container()], schedulerName: 'default-scheduler', ...spec },
    status: { phase: 'Pending' },
  };
}
