/** Handing out cluster IPs and node ports. */
import type { Clock } from '../../../base/clock.ts';
import type { V1Service, V1ServicePort, V1ServiceSpec } from '../../../openapi/generated/types.ts';
import { type FieldError, internalError, invalid, type StatusError } from '../../../openapi/status.ts';
import type { CacheEvent, WatchCache } from '../../storage/watch-cache.ts';
import { AllocationError, RangeFullError } from '../allocators/errors.ts';
import type { IpAllocator } from '../allocators/ip-allocator.ts';
import type { PortAllocator } from '../allocators/port-allocator.ts';
import { invalidValue } from '../validation/errors.ts';
import { isHeadless, needsClusterIp, needsHealthCheckPort, needsNodePorts } from './service-defaults.ts';

export interface ServiceAllocators {
  clusterIPs: IpAllocator;
  nodePorts: PortAllocator;
}

/** Who holds what belongs to a service: its uid, so that a namesake never counts as the same. */
function ownerOf(service: V1Service): string {
  const { uid, namespace = '', name = '' } = service.metadata ?? {};
  return uid || `${namespace}/${name}`;
}

function ipsOf(spec: V1ServiceSpec): string[] {
  if (!needsClusterIp(spec) || isHeadless(spec)) return [];
  return (spec.clusterIPs ?? [spec.clusterIP ?? '']).filter((ip) => ip !== '');
}

function portsOf({ ports = [], healthCheckNodePort = 0 }: V1ServiceSpec): number[] {
  return [...ports.map(({ nodePort = 0 }) => nodePort), healthCheckNodePort].filter((port) => port !== 0);
}

/** Names what a service holds, for claims in a storage that others share. */
export function claimsOf({ spec = {} }: V1Service): string[] {
  return [...ipsOf(spec).map((ip) => `ips/${ip}`), ...new Set(portsOf(spec).map((port) => `ports/${port}`))];
}

/** Keeps what was claimed by another server from being handed out here. */
export function occupy({ clusterIPs, nodePorts }: ServiceAllocators, claim: string, owner: string): void {
  const [what, value = ''] = claim.split('/');
  if (what === 'ips') clusterIPs.seed([{ ip: value, owner }]);
  else nodePorts.seed([{ port: Number(value), owner }]);
}

/**
 * Follows what other servers do to services, so that what they hand out is seldom tried here. Resolves when the signal
 * aborts. What counts are the claims; this is only a hint.
 */
export async function followServices(
  allocators: ServiceAllocators,
  cache: WatchCache,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const prefix = '/registry/services/specs/';
  for (let after = cache.revision; !signal.aborted; after = cache.revision) {
    try {
      for await (const { events } of cache.watch(prefix, after, signal)) {
        for (const event of events) follow(allocators, event);
      }
    } catch {
      // It has fallen behind, or the cache was loaded anew: from there on, with what there is.
      await clock.sleep(1_000, signal).catch(() => undefined);
      seedServices(allocators, servicesIn(cache));
    }
  }
}

export function servicesIn(cache: WatchCache): V1Service[] {
  return cache.list('/registry/services/specs/').items.map((item) => item.object as V1Service);
}

function follow(allocators: ServiceAllocators, { type, object, previous }: CacheEvent): void {
  const service = object.object as V1Service;
  if (type === 'delete') {
    releaseService(allocators, service);
    return;
  }
  seedServices(allocators, [service]);
  if (!previous) return;
  const held = new Set(claimsOf(service));
  const given = claimsOf(previous.object as V1Service).filter((claim) => !held.has(claim));
  if (given.length === 0) return;
  releaseService(allocators, service);
  seedServices(allocators, [service]);
}

/** Marks as used what stored services have. To be called once, before the first write. */
export function seedServices(allocators: ServiceAllocators, services: Iterable<V1Service>): void {
  for (const service of services) {
    const owner = ownerOf(service);
    const spec = service.spec ?? {};
    allocators.clusterIPs.seed(ipsOf(spec).map((ip) => ({ ip, owner })));
    allocators.nodePorts.seed(portsOf(spec).map((port) => ({ port, owner })));
  }
}

/**
 * Fills in the addresses and ports that a service is to have and does not name, and takes those it names. Throws the
 * 422 that upstream answers when one cannot be had; nothing stays taken then. Idempotent for one service.
 */
export function allocateService(allocators: ServiceAllocators, service: V1Service, old: V1Service | undefined): void {
  const owner = ownerOf(service);
  const spec = service.spec ?? {};
  const before = old?.spec ?? {};
  try {
    allocateClusterIp(allocators.clusterIPs, service, owner);
    allocateNodePorts(allocators.nodePorts, service, owner);
  } catch (error) {
    giveUp(allocators, owner, before);
    throw error;
  }
  allocators.clusterIPs.retain(owner, ipsOf(spec));
  allocators.nodePorts.retain(owner, portsOf(spec));
}

/** Back to what is stored. */
function giveUp(allocators: ServiceAllocators, owner: string, stored: V1ServiceSpec): void {
  allocators.clusterIPs.release(owner);
  allocators.nodePorts.release(owner);
  allocators.clusterIPs.seed(ipsOf(stored).map((ip) => ({ ip, owner })));
  allocators.nodePorts.seed(portsOf(stored).map((port) => ({ port, owner })));
}

/** Gives back what a deleted service had, or one that could not be stored. */
export function releaseService(allocators: ServiceAllocators, service: V1Service): void {
  const owner = ownerOf(service);
  allocators.clusterIPs.release(owner);
  allocators.nodePorts.release(owner);
}

function refuse(service: V1Service, errors: FieldError[]): StatusError {
  return invalid({ group: '', kind: 'Service' }, service.metadata?.name ?? '', errors);
}

function allocateClusterIp(ips: IpAllocator, service: V1Service, owner: string): void {
  const { spec } = service;
  if (!spec || !needsClusterIp(spec)) return;
  const errors = fillFamilies(spec, ips);
  if (errors.length > 0) throw refuse(service, errors);
  if (isHeadless(spec)) {
    spec.clusterIP = 'None';
    spec.clusterIPs = ['None'];
    return;
  }
  const wanted = spec.clusterIPs?.[0] ?? spec.clusterIP ?? '';
  try {
    if (wanted === '') spec.clusterIP = ips.allocateNext(owner);
    else ips.allocate(wanted, owner);
  } catch (error) {
    if (error instanceof RangeFullError) throw internalError(`failed to allocate a serviceIP: ${error.message}`);
    if (!(error instanceof AllocationError)) throw error;
    const detail = `failed to allocate IP ${wanted}: ${error.message}`;
    throw refuse(service, [invalidValue('spec.clusterIPs', spec.clusterIPs ?? [], detail)]);
  }
  const ip = spec.clusterIP || wanted;
  if (spec.clusterIP !== ip) spec.clusterIP = ip;
  if (spec.clusterIPs?.[0] !== ip) spec.clusterIPs = [ip];
}

/** Families and policy of a cluster that has one family. */
function fillFamilies(spec: V1ServiceSpec, { family }: IpAllocator): FieldError[] {
  spec.ipFamilyPolicy ??=
    (spec.ipFamilies?.length ?? 0) > 1 || (spec.clusterIPs?.length ?? 0) > 1 ? 'RequireDualStack' : 'SingleStack';
  const selectorless = Object.keys(spec.selector ?? {}).length === 0;
  if (isHeadless(spec) && selectorless) {
    // Its endpoints are written by hand, so it may have families that the cluster does not.
    if (!spec.ipFamilies?.length) spec.ipFamilies = [family];
    if (spec.ipFamilies.length < 2 && spec.ipFamilyPolicy !== 'SingleStack') {
      spec.ipFamilies = [...spec.ipFamilies, spec.ipFamilies[0] === 'IPv4' ? 'IPv6' : 'IPv4'];
    }
    return [];
  }
  const errors = (spec.ipFamilies ?? []).flatMap((wanted, i) =>
    wanted === family ? [] : [invalidValue(`spec.ipFamilies[${i}]`, wanted, 'not configured on this cluster')],
  );
  if (spec.ipFamilyPolicy === 'RequireDualStack') {
    const detail = 'this cluster is not configured for dual-stack services';
    errors.push(invalidValue('spec.ipFamilyPolicy', spec.ipFamilyPolicy, detail));
  }
  if (errors.length === 0 && !spec.ipFamilies?.length) spec.ipFamilies = [family];
  return errors;
}

function allocateNodePorts(nodePorts: PortAllocator, service: V1Service, owner: string): void {
  const spec = service.spec ?? {};
  const ports = spec.ports ?? [];
  // The ports that are named come first, lest one of them be handed out by chance.
  for (const [i, port] of ports.entries()) {
    if (port.nodePort) takePort(nodePorts, service, port.nodePort, owner, `spec.ports[${i}].nodePort`);
  }
  if (needsNodePorts(spec)) {
    for (const [i, port] of ports.entries()) {
      if (!port.nodePort) port.nodePort = sharedPort(ports, port) ?? nextPort(nodePorts, owner, i);
    }
  }
  if (!needsHealthCheckPort(spec)) return;
  if (spec.healthCheckNodePort) {
    takePort(nodePorts, service, spec.healthCheckNodePort, owner, 'spec.healthCheckNodePort');
  } else spec.healthCheckNodePort = nextPort(nodePorts, owner);
}

/** Ports that differ in nothing but the protocol have one node port. */
function sharedPort(ports: readonly V1ServicePort[], port: V1ServicePort): number | undefined {
  const same = ports.filter((other) => other.port === port.port && other.protocol !== port.protocol);
  return same.find(({ nodePort }) => nodePort)?.nodePort;
}

function takePort(nodePorts: PortAllocator, service: V1Service, port: number, owner: string, field: string): void {
  try {
    nodePorts.allocate(port, owner);
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    throw refuse(service, [invalidValue(field, port, error.message)]);
  }
}

function nextPort(nodePorts: PortAllocator, owner: string, index?: number): number {
  try {
    return nodePorts.allocateNext(owner);
  } catch (error) {
    if (!(error instanceof RangeFullError)) throw error;
    if (index === undefined) throw internalError(`failed to allocate a HealthCheck NodePort : ${error.message}`);
    throw internalError(`failed to allocate a nodePort: ${error.message}`);
  }
}
