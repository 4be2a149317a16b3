/** What the proxy has to know of Services and Endpoints, flattened to one entry a service port. */
import { isIPv4 } from 'node:net';
import type { V1Endpoints, V1Service, V1ServicePort } from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import { servicePortName } from './chains.ts';

export interface Endpoint {
  ip: string;
  port: number;
  /** Whether its pod is on this node. */
  local: boolean;
}

export interface ServicePort {
  /** `ns/name:port`. */
  name: string;
  /** In lower case. */
  protocol: string;
  clusterIP: string;
  port: number;
  /** 0 when there is none. */
  nodePort: number;
  externalIPs: readonly string[];
  loadBalancerIPs: readonly string[];
  /** Who may use the load balancer's addresses; anybody when empty. */
  sourceRanges: readonly string[];
  /** How long a client sticks to its endpoint; absent without ClientIP affinity. */
  affinitySeconds?: number;
  internalLocal: boolean;
  externalLocal: boolean;
  /** Ready ones, in order. */
  endpoints: readonly Endpoint[];
}

const AFFINITY_SECONDS = 10_800;
/** Services with this label belong to another proxy. */
const OTHER_PROXY_LABEL = 'service.kubernetes.io/service-proxy-name';

/** All IPv4 service ports, in order of their names. Headless and ExternalName services have none. */
export function servicePorts(
  services: Iterable<V1Service>,
  endpointsOf: (key: string) => V1Endpoints | undefined,
  nodeName: string,
): ServicePort[] {
  const out: ServicePort[] = [];
  for (const service of services) {
    if (!isProxied(service)) continue;
    const endpoints = endpointsOf(keyOf(service));
    for (const port of service.spec?.ports ?? []) out.push(servicePort(service, port, endpoints, nodeName));
  }
  const sortKey = ({ name, protocol }: ServicePort) => `${name} ${protocol}`;
  return out.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

function isProxied({ metadata, spec }: V1Service): boolean {
  if (spec?.type === 'ExternalName' || metadata?.labels?.[OTHER_PROXY_LABEL] !== undefined) return false;
  return isIPv4(spec?.clusterIP ?? '');
}

function servicePort(
  { metadata, spec, status }: V1Service,
  port: V1ServicePort,
  endpoints: V1Endpoints | undefined,
  nodeName: string,
): ServicePort {
  const affinity = spec?.sessionAffinity === 'ClientIP';
  const ingress = status?.loadBalancer?.ingress ?? [];
  return {
    name: servicePortName(metadata?.namespace ?? '', metadata?.name ?? '', port.name ?? ''),
    protocol: (port.protocol ?? 'TCP').toLowerCase(),
    clusterIP: spec?.clusterIP ?? '',
    port: port.port,
    nodePort: port.nodePort ?? 0,
    externalIPs: (spec?.externalIPs ?? []).filter((ip) => isIPv4(ip)),
    loadBalancerIPs: ingress
      .filter(({ ip, ipMode }) => isIPv4(ip ?? '') && ipMode !== 'Proxy')
      .map(({ ip }) => ip ?? ''),
    sourceRanges: (spec?.loadBalancerSourceRanges ?? []).filter((range) => isIPv4(range.split('/')[0] ?? '')),
    ...(affinity ? { affinitySeconds: spec?.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS } : {}),
    internalLocal: spec?.internalTrafficPolicy === 'Local',
    externalLocal: spec?.externalTrafficPolicy === 'Local',
    endpoints: readyEndpoints(endpoints, port, nodeName),
  };
}

function readyEndpoints(endpoints: V1Endpoints | undefined, wanted: V1ServicePort, nodeName: string): Endpoint[] {
  const found = new Map<string, Endpoint>();
  for (const { addresses = [], ports = [] } of endpoints?.subsets ?? []) {
    for (const { name = '', protocol = 'TCP', port } of ports) {
      if (name !== (wanted.name ?? '') || protocol !== (wanted.protocol ?? 'TCP')) continue;
      for (const address of addresses) {
        if (!isIPv4(address.ip)) continue;
        found.set(`${address.ip}:${port}`, { ip: address.ip, port, local: address.nodeName === nodeName });
      }
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);
}
