/** What one pod contributes to the EndpointSlices of a Service. */
import { isIPv6 } from 'node:net';
import type {
  DiscoveryV1EndpointPort,
  V1Endpoint,
  V1Node,
  V1ObjectReference,
  V1Pod,
  V1Service,
} from '../../openapi/generated/types.ts';
import { targetPortOf } from '../endpoints/subsets.ts';
import { isFinished, isReady } from '../runtime/pods.ts';

export type AddressType = 'IPv4' | 'IPv6';

const ZONE = 'topology.kubernetes.io/zone';

/** An endpoint and the group of slices it belongs to: those that offer the same ports. */
export interface PodEndpoint {
  endpoint: V1Endpoint;
  /** Names the endpoint among those of a slice (`endpointHash`). */
  hash: string;
  ports: DiscoveryV1EndpointPort[];
  portKey: string;
}

/** The kinds of addresses that a Service has: those of its families, or as far as its cluster IP tells. */
export function addressTypesOf(service: V1Service): AddressType[] {
  const { ipFamilies = [], clusterIP } = service.spec ?? {};
  const types = (['IPv4', 'IPv6'] as const).filter((type) => ipFamilies.includes(type));
  if (types.length > 0) return types;
  if (!clusterIP || clusterIP === 'None') return ['IPv4', 'IPv6'];
  return [isIPv6(clusterIP) ? 'IPv6' : 'IPv4'];
}

export function zoneOf(node: V1Node | undefined): string | undefined {
  return node?.metadata?.labels?.[ZONE] || undefined;
}

/** Whether the pod has, or may have, traffic of its Services: it runs, or is on its way out. */
export function isInSlices(pod: V1Pod): boolean {
  return !isFinished(pod) && Boolean(pod.status?.podIP || pod.status?.podIPs?.length);
}

/**
 * The endpoint of a pod, or `undefined` when it has no address of the type. A terminating pod is never ready, but may
 * still serve; a Service that publishes unready addresses takes every pod for ready.
 */
export function podEndpoint(
  service: V1Service,
  pod: V1Pod,
  zone: string | undefined,
  type: AddressType,
): PodEndpoint | undefined {
  const addresses = addressesOf(pod, type);
  if (addresses.length === 0) return undefined;
  const serving = isReady(pod);
  const terminating = pod.metadata?.deletionTimestamp !== undefined;
  const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
  const { nodeName, subdomain, hostname } = pod.spec ?? {};
  const named = hostname && subdomain === service.metadata?.name ? { hostname } : {};
  const endpoint: V1Endpoint = {
    addresses,
    conditions: {
      ready: service.spec?.publishNotReadyAddresses === true || (serving && !terminating),
      serving,
      terminating,
    },
    ...named,
    ...(nodeName ? { nodeName } : {}),
    targetRef: { kind: 'Pod', name, namespace, uid },
    ...(zone ? { zone } : {}),
  };
  const ports = endpointPorts(service, pod);
  return { endpoint, hash: endpointHash(endpoint), ports, portKey: portKeyOf(ports) };
}

function addressesOf(pod: V1Pod, type: AddressType): string[] {
  const found: string[] = [];
  for (const { ip } of pod.status?.podIPs ?? []) {
    if (isIPv6(ip) === (type === 'IPv6')) found.push(ip);
  }
  return found.sort();
}

/** The ports of the Service that the pod offers; none for a headless Service without ports. */
function endpointPorts(service: V1Service, pod: V1Pod): DiscoveryV1EndpointPort[] {
  const ports: DiscoveryV1EndpointPort[] = [];
  for (const port of service.spec?.ports ?? []) {
    const number = targetPortOf(pod, port);
    if (number === undefined) continue;
    ports.push({
      name: port.name ?? '',
      port: number,
      protocol: port.protocol ?? 'TCP',
      ...(port.appProtocol ? { appProtocol: port.appProtocol } : {}),
    });
  }
  return ports;
}

/** Two lists of ports have the same key when they say the same, in whatever order. */
export function portKeyOf(ports: readonly DiscoveryV1EndpointPort[] = []): string {
  return ports
    .map(({ name = '', protocol = 'TCP', port = '', appProtocol = '' }) => `${name}/${protocol}/${port}/${appProtocol}`)
    .sort()
    .join(',');
}

/** Names an endpoint within its group: what else changes of it is changed in place. */
export function endpointHash({ addresses, hostname = '', targetRef }: V1Endpoint): string {
  const sorted = addresses.length > 1 ? [...addresses].sort().join(',') : addresses[0];
  return `${sorted} ${hostname} ${targetRef?.namespace ?? ''}/${targetRef?.name ?? ''}`;
}

/** Whether two endpoints of one hash say the same; hints are looked at elsewhere. */
export function sameEndpoint(a: V1Endpoint, b: V1Endpoint): boolean {
  return (
    a.nodeName === b.nodeName &&
    a.zone === b.zone &&
    a.conditions?.ready === b.conditions?.ready &&
    a.conditions?.serving === b.conditions?.serving &&
    a.conditions?.terminating === b.conditions?.terminating &&
    sameTarget(a.targetRef, b.targetRef)
  );
}

function sameTarget(a: V1ObjectReference | undefined, b: V1ObjectReference | undefined): boolean {
  if (!a || !b) return a === b;
  return a.kind === b.kind && a.name === b.name && a.namespace === b.namespace && a.uid === b.uid;
}
