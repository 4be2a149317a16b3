/** Which addresses a Service's Endpoints list: computed from the Service and the pods its selector finds. */
import { isIPv6 } from 'node:net';
import type {
  CoreV1EndpointPort,
  V1EndpointAddress,
  V1EndpointSubset,
  V1Pod,
  V1Service,
  V1ServicePort,
} from '../../openapi/generated/types.ts';
import { isFinished, isReady } from '../runtime/pods.ts';
import { repackSubsets } from './repack.ts';

/** Addresses that one Endpoints object may hold. */
export const CAPACITY = 1000;

/** The canonical subsets of `service`; `pods` are those its selector matches. Not yet cut to capacity. */
export function subsetsOf(service: V1Service, pods: readonly V1Pod[]): V1EndpointSubset[] {
  const publishAll = service.spec?.publishNotReadyAddresses === true;
  const subsets: V1EndpointSubset[] = [];
  for (const pod of pods) {
    if (!belongs(pod, publishAll)) continue;
    const address = addressOf(service, pod);
    if (!address) continue;
    const field = publishAll || isReady(pod) ? 'addresses' : 'notReadyAddresses';
    for (const ports of portsOf(service, pod)) subsets.push({ [field]: [address], ports });
  }
  return repackSubsets(subsets);
}

function belongs(pod: V1Pod, includeTerminating: boolean): boolean {
  if (isFinished(pod)) return false;
  if (!pod.status?.podIP && !pod.status?.podIPs?.length) return false;
  return includeTerminating || pod.metadata?.deletionTimestamp === undefined;
}

function addressOf(service: V1Service, pod: V1Pod): V1EndpointAddress | undefined {
  const ip = podIpFor(service, pod);
  if (!ip) return undefined;
  const { name, namespace, uid } = pod.metadata ?? {};
  const hostname = pod.spec?.subdomain === service.metadata?.name ? pod.spec?.hostname : undefined;
  return {
    ...(hostname ? { hostname } : {}),
    ip,
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: {
      kind: 'Pod',
      ...(name ? { name } : {}),
      ...(namespace ? { namespace } : {}),
      ...(uid ? { uid } : {}),
    },
  };
}

/** The pod's address of the Service's first family. */
function podIpFor(service: V1Service, pod: V1Pod): string | undefined {
  const podIp = pod.status?.podIP;
  const all = pod.status?.podIPs?.map(({ ip }) => ip) ?? (podIp ? [podIp] : []);
  const wantsV6 = familyOf(service, podIp) === 'IPv6';
  return all.find((ip) => isIPv6(ip) === wantsV6);
}

function familyOf(service: V1Service, podIp: string | undefined): string {
  const { ipFamilies, clusterIP } = service.spec ?? {};
  if (ipFamilies?.[0]) return ipFamilies[0];
  const example = clusterIP && clusterIP !== 'None' ? clusterIP : (podIp ?? '');
  return isIPv6(example) ? 'IPv6' : 'IPv4';
}

/** A list of ports for each subset that the pod appears in: one for each port of the Service that the pod offers. */
function portsOf(service: V1Service, pod: V1Pod): CoreV1EndpointPort[][] {
  const ports = service.spec?.ports ?? [];
  // Only a headless Service may go without ports.
  if (ports.length === 0) return service.spec?.clusterIP === 'None' ? [[]] : [];
  return ports.flatMap((port) => {
    const number = targetPortOf(pod, port);
    return number === undefined ? [] : [[endpointPort(port, number)]];
  });
}

function endpointPort(port: V1ServicePort, number: number): CoreV1EndpointPort {
  return {
    ...(port.appProtocol ? { appProtocol: port.appProtocol } : {}),
    ...(port.name ? { name: port.name } : {}),
    port: number,
    protocol: port.protocol ?? 'TCP',
  };
}

/** The container port that a Service port leads to: a number as it is, a name as the pod's containers define it. */
export function targetPortOf(pod: V1Pod, port: V1ServicePort): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target === 0 ? port.port : target;
  if (target === '') return port.port;
  const protocol = port.protocol ?? 'TCP';
  // Init containers that are sidecars serve, too.
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    for (const offered of container.ports ?? []) {
      if (offered.name === target && (offered.protocol ?? 'TCP') === protocol) return offered.containerPort;
    }
  }
  return undefined;
}

/**
 * Cuts subsets to `capacity` addresses, ready ones first, from each subset in proportion. `truncated` says whether
 * anything was left out.
 */
export function truncate(
  subsets: V1EndpointSubset[],
  capacity = CAPACITY,
): { subsets: V1EndpointSubset[]; truncated: boolean } {
  const readyCount = sum(subsets, 'addresses');
  const notReadyCount = sum(subsets, 'notReadyAddresses');
  if (readyCount + notReadyCount <= capacity) return { subsets, truncated: false };
  const cutReady = readyCount > capacity;
  const field = cutReady ? 'addresses' : 'notReadyAddresses';
  const room = cutReady ? capacity : capacity - readyCount;
  const total = cutReady ? readyCount : notReadyCount;
  let left = room;
  const kept = subsets.map((subset) => {
    const share = Math.min(left, Math.ceil(((subset[field]?.length ?? 0) / total) * room));
    const addresses = (subset[field] ?? []).slice(0, share);
    left -= addresses.length;
    const { addresses: ready, notReadyAddresses: _notReady, ...rest } = subset;
    const before = cutReady || !ready ? {} : { addresses: ready };
    return { ...before, ...(addresses.length > 0 ? { [field]: addresses } : {}), ...rest };
  });
  return { subsets: kept, truncated: true };
}

function sum(subsets: readonly V1EndpointSubset[], field: 'addresses' | 'notReadyAddresses'): number {
  return subsets.reduce((count, subset) => count + (subset[field]?.length ?? 0), 0);
}
