/**
 * Brings subsets of Endpoints into their canonical form: each address once per port, grouped by the ports that the same
 * addresses offer, everything sorted. Comparing two in this form tells whether anything changed.
 */
import { createHash } from 'node:crypto';
import type { CoreV1EndpointPort, V1EndpointAddress, V1EndpointSubset } from '../../openapi/generated/types.ts';

interface PortGroup {
  port: CoreV1EndpointPort | undefined;
  /** Whether each address is ready at this port, by `addressKey`. */
  ready: Map<string, boolean>;
}

/** Not ready wins where one address is given as both. The input is left as it is. */
export function repackSubsets(subsets: readonly V1EndpointSubset[]): V1EndpointSubset[] {
  const addresses = new Map<string, V1EndpointAddress>();
  const byPort = new Map<string, PortGroup>();
  for (const subset of subsets) {
    const ports = subset.ports?.length ? subset.ports : [undefined];
    for (const port of ports) {
      const group = entry(byPort, JSON.stringify(port ?? null), () => ({ port, ready: new Map() }));
      for (const address of subset.addresses ?? []) put(addresses, group, address, true);
      for (const address of subset.notReadyAddresses ?? []) put(addresses, group, address, false);
    }
  }
  const byAddresses = new Map<string, { ready: PortGroup['ready']; ports: CoreV1EndpointPort[] }>();
  for (const { port, ready } of byPort.values()) {
    const same = JSON.stringify([...ready].sort(([a], [b]) => (a < b ? -1 : 1)));
    const group = entry(byAddresses, same, () => ({ ready, ports: [] }));
    if (port) group.ports.push(port);
  }
  return [...byAddresses.values()]
    .map(({ ready, ports }) => subsetOf(addresses, ready, ports))
    .map((subset) => ({ subset, hash: hashOf(goSubset(subset)) }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
    .map(({ subset }) => subset);
}

function entry<V>(map: Map<string, V>, key: string, make: () => V): V {
  const found = map.get(key);
  if (found) return found;
  const made = make();
  map.set(key, made);
  return made;
}

function put(
  addresses: Map<string, V1EndpointAddress>,
  group: PortGroup,
  address: V1EndpointAddress,
  ready: boolean,
): void {
  const key = addressKey(address);
  if (!addresses.has(key)) addresses.set(key, address);
  group.ready.set(key, ready && group.ready.get(key) !== false);
}

/** Sorts like the address: by its text first, then by the uid of what it belongs to. */
function addressKey(address: V1EndpointAddress): string {
  return `${address.ip}\u0000${address.targetRef?.uid ?? ''}`;
}

function subsetOf(
  addresses: ReadonlyMap<string, V1EndpointAddress>,
  ready: PortGroup['ready'],
  ports: readonly CoreV1EndpointPort[],
): V1EndpointSubset {
  const keys = [...ready.keys()].sort();
  const pick = (wanted: boolean) => keys.filter((key) => ready.get(key) === wanted).map((key) => addresses.get(key)!);
  const readyOnes = pick(true);
  const notReadyOnes = pick(false);
  const sorted = ports
    .map((port) => ({ port, hash: hashOf(`(v1.EndpointPort)${goPort(port)}`) }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
    .map(({ port }) => port);
  return {
    ...(readyOnes.length > 0 ? { addresses: readyOnes } : {}),
    ...(notReadyOnes.length > 0 ? { notReadyAddresses: notReadyOnes } : {}),
    ...(sorted.length > 0 ? { ports: sorted } : {}),
  };
}

/*
 * Upstream sorts ports and subsets by the MD5 of how Go's spew prints them with %#v. To give the same order, the same
 * text is made here.
 */

function hashOf(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function goPointer(type: string, value: string | undefined): string {
  return `(*${type})${value ?? '<nil>'}`;
}

function goPort(port: CoreV1EndpointPort): string {
  const protocol = `(v1.Protocol)${port.protocol ?? ''}`;
  const application = goPointer('string', port.appProtocol);
  return `{Name:(string)${port.name ?? ''} Port:(int32)${port.port} Protocol:${protocol} AppProtocol:${application}}`;
}

function goAddress(address: V1EndpointAddress): string {
  const ref = address.targetRef;
  const target = ref
    ? `{Kind:(string)${ref.kind ?? ''} Namespace:(string)${ref.namespace ?? ''} Name:(string)${ref.name ?? ''} ` +
      `UID:(types.UID)${ref.uid ?? ''} APIVersion:(string)${ref.apiVersion ?? ''} ` +
      `ResourceVersion:(string)${ref.resourceVersion ?? ''} FieldPath:(string)${ref.fieldPath ?? ''}}`
    : undefined;
  return (
    `{IP:(string)${address.ip} Hostname:(string)${address.hostname ?? ''} ` +
    `NodeName:${goPointer('string', address.nodeName)} TargetRef:${goPointer('v1.ObjectReference', target)}}`
  );
}

function goSlice<T>(type: string, items: readonly T[] | undefined, print: (item: T) => string): string {
  return `([]${type})${items ? `[${items.map(print).join(' ')}]` : '<nil>'}`;
}

function goSubset(subset: V1EndpointSubset): string {
  return (
    `(v1.EndpointSubset){Addresses:${goSlice('v1.EndpointAddress', subset.addresses, goAddress)} ` +
    `NotReadyAddresses:${goSlice('v1.EndpointAddress', subset.notReadyAddresses, goAddress)} ` +
    `Ports:${goSlice('v1.EndpointPort', subset.ports, goPort)}}`
  );
}
