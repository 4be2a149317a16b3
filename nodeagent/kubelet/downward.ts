/** The downward API: what a pod may know of itself, as environment or as files. */
import { parseQuantity } from '../../base/quantity.ts';
import type { V1Container, V1Pod, V1ResourceFieldSelector } from '../../openapi/generated/types.ts';
import { findContainer } from './names.ts';

/** What the kubelet knows beside the object. */
export interface DownwardFacts {
  nodeName: string;
  hostIP: string;
  podIP: string;
  /** What a container without limits may use. */
  allocatable: { cpuMillis: number; memoryBytes: number; ephemeralStorageBytes: number };
}

/** The text a field path stands for. Throws upstream's message for paths that are not supported. */
export function fieldValue(pod: V1Pod, path: string, facts: DownwardFacts): string {
  const subscript = /^(metadata\.(?:annotations|labels))\['(.*)'\]$/.exec(path);
  const { metadata = {}, spec } = pod;
  if (subscript) {
    const map = subscript[1] === 'metadata.labels' ? metadata.labels : metadata.annotations;
    return map?.[subscript[2] ?? ''] ?? '';
  }
  switch (path) {
    case 'metadata.name':
      return metadata.name ?? '';
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(metadata.labels);
    case 'metadata.annotations':
      return formatMap(metadata.annotations);
    case 'spec.nodeName':
      return spec?.nodeName ?? facts.nodeName;
    case 'spec.serviceAccountName':
      return spec?.serviceAccountName ?? '';
    case 'spec.restartPolicy':
      return spec?.restartPolicy ?? '';
    case 'spec.schedulerName':
      return spec?.schedulerName ?? '';
    case 'status.phase':
      return pod.status?.phase ?? '';
    case 'status.hostIP':
    case 'status.hostIPs':
      return facts.hostIP;
    case 'status.podIP':
    case 'status.podIPs':
      return facts.podIP;
    default:
      throw new Error(`unsupported fieldPath: ${path}`);
  }
}

/** `key="value"` lines in order, as upstream's FormatMap. */
function formatMap(map: Record<string, string> = {}): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');
}

/** A container's request or limit in units of the divisor, rounded up. Without a limit: what the node has. */
export function resourceValue(
  pod: V1Pod,
  own: V1Container | undefined,
  selector: V1ResourceFieldSelector,
  facts: DownwardFacts,
): string {
  const container = selector.containerName ? findContainer(pod, selector.containerName) : own;
  if (!container) throw new Error(`container ${selector.containerName ?? ''} not found`);
  const match = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/.exec(selector.resource);
  if (!match) throw new Error(`unsupported container resource : ${selector.resource}`);
  const [, list = '', resource = ''] = match;
  const { limits, requests } = container.resources ?? {};
  const text = list === 'limits' ? (limits?.[resource] ?? wholeNode(resource, facts)) : (requests?.[resource] ?? '0');
  const divisor = parseQuantity(selector.divisor && selector.divisor !== '0' ? selector.divisor : '1') ?? 1n;
  const value = parseQuantity(text) ?? 0n;
  return String((value + divisor - 1n) / divisor);
}

function wholeNode(resource: string, { allocatable }: DownwardFacts): string {
  if (resource === 'cpu') return `${allocatable.cpuMillis}m`;
  if (resource === 'memory') return String(allocatable.memoryBytes);
  return resource === 'ephemeral-storage' ? String(allocatable.ephemeralStorageBytes) : '0';
}
