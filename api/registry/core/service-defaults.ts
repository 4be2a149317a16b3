/** Upstream's defaults of services, and what an update of one means for the fields that hang together. */
import type { V1Service, V1ServicePort, V1ServiceSpec } from '../../../openapi/generated/types.ts';
import { semanticEqual } from '../validation/equality.ts';

/** Three hours, in seconds. */
const AFFINITY_SECONDS = 10800;

export function needsClusterIp({ type }: V1ServiceSpec): boolean {
  return type === 'ClusterIP' || type === 'NodePort' || type === 'LoadBalancer';
}

export function needsNodePorts({ type, allocateLoadBalancerNodePorts }: V1ServiceSpec): boolean {
  return type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false);
}

/** Only a load balancer that must know which nodes have endpoints asks for a port to check that. */
export function needsHealthCheckPort({ type, externalTrafficPolicy }: V1ServiceSpec): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
}

export function isHeadless({ clusterIP, clusterIPs }: V1ServiceSpec): boolean {
  return clusterIP === 'None' || clusterIPs?.[0] === 'None';
}

export function isExternallyAccessible({ type, externalIPs }: V1ServiceSpec): boolean {
  return type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && (externalIPs?.length ?? 0) > 0);
}

export function defaultService(service: V1Service): void {
  service.spec ??= {};
  service.status ??= {};
  service.status.loadBalancer ??= {};
  const { spec } = service;
  defaultAffinity(spec);
  spec.type ||= 'ClusterIP';
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP';
    if (!port.targetPort) port.targetPort = port.port;
  }
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= 'Cluster';
  if (needsClusterIp(spec)) spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') {
    spec.allocateLoadBalancerNodePorts ??= true;
    for (const ingress of service.status.loadBalancer.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
  }
}

function defaultAffinity(spec: V1ServiceSpec): void {
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: AFFINITY_SECONDS } };
  }
}

/** A creator who knows only the older `clusterIP` means `clusterIPs` too. */
export function normalizeNew(spec: V1ServiceSpec): void {
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
}

/** What was allocated stays when the updater leaves it out; what the new type does not have goes. */
export function normalizeChanged(spec: V1ServiceSpec, old: V1ServiceSpec): void {
  normalizeClusterIps(spec, old);
  keepAllocated(spec, old);
  dropFieldsOfOldType(spec, old);
}

function normalizeClusterIps(spec: V1ServiceSpec, old: V1ServiceSpec): void {
  const sameIps = semanticEqual(spec.clusterIPs, old.clusterIPs);
  if (spec.clusterIP === old.clusterIP) return;
  if (spec.clusterIP) {
    if (!spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
    else if (sameIps) spec.clusterIPs = [spec.clusterIP, ...spec.clusterIPs.slice(1)];
  } else if (sameIps) delete spec.clusterIPs;
}

function keepAllocated(spec: V1ServiceSpec, old: V1ServiceSpec): void {
  if (needsClusterIp(old) && needsClusterIp(spec)) {
    if (!spec.clusterIP && old.clusterIP) spec.clusterIP = old.clusterIP;
    if (!spec.clusterIPs?.length && old.clusterIPs && spec.clusterIP === old.clusterIP) {
      spec.clusterIPs = [...old.clusterIPs];
    }
    if (!spec.ipFamilyPolicy && old.ipFamilyPolicy) spec.ipFamilyPolicy = old.ipFamilyPolicy;
    if (!spec.ipFamilies?.length && old.ipFamilies) spec.ipFamilies = [...old.ipFamilies];
  }
  if (needsNodePorts(old) && needsNodePorts(spec)) {
    const used = new Set(spec.ports?.map(nodePortKey));
    for (const port of spec.ports ?? []) {
      const before = old.ports?.find((other) => other.protocol === port.protocol && other.port === port.port);
      if (!port.nodePort && before?.nodePort && !used.has(nodePortKey(before))) port.nodePort = before.nodePort;
    }
  }
  if (needsHealthCheckPort(old) && needsHealthCheckPort(spec) && old.healthCheckNodePort) {
    spec.healthCheckNodePort ||= old.healthCheckNodePort;
  }
}

function nodePortKey({ nodePort, protocol }: V1ServicePort): string {
  return `${nodePort ?? 0}/${protocol}`;
}

function dropFieldsOfOldType(spec: V1ServiceSpec, old: V1ServiceSpec): void {
  if (needsClusterIp(old) && !needsClusterIp(spec)) {
    if (semanticEqual(spec.clusterIPs, old.clusterIPs)) delete spec.clusterIP;
    dropSame(spec, old, ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy']);
  }
  if (needsNodePorts(old) && !needsNodePorts(spec)) {
    const before = new Set(old.ports?.map(({ nodePort }) => nodePort));
    for (const port of spec.ports ?? []) if (before.has(port.nodePort)) delete port.nodePort;
  }
  if (needsHealthCheckPort(old) && !needsHealthCheckPort(spec)) dropSame(spec, old, ['healthCheckNodePort']);
  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    dropSame(spec, old, ['allocateLoadBalancerNodePorts', 'loadBalancerClass']);
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(spec)) dropSame(spec, old, ['externalTrafficPolicy']);
}

function dropSame(spec: V1ServiceSpec, old: V1ServiceSpec, fields: readonly (keyof V1ServiceSpec)[]): void {
  for (const field of fields) if (semanticEqual(spec[field], old[field])) delete spec[field];
}
