/** The EndpointSlices that say what hand-made Endpoints say: one for each subset and kind of address. */
import { isIP } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type {
  CoreV1EndpointPort,
  DiscoveryV1EndpointPort,
  V1Endpoint,
  V1EndpointAddress,
  V1EndpointSlice,
  V1Endpoints,
} from '../../openapi/generated/types.ts';
import { type AddressType, endpointHash, portKeyOf, sameEndpoint } from '../endpoint-slice/endpoint.ts';
import {
  MANAGED_BY,
  recycled,
  SERVICE_NAME,
  type SlicePlan,
  slicePrefix,
  TRIGGER_TIME,
} from '../endpoint-slice/slices.ts';
import { controllerReference } from '../runtime/claim.ts';
import { sameMap } from '../runtime/pods.ts';

export const CONTROLLER_NAME = 'endpointslicemirroring-controller.k8s.io';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER = 'control-plane.alpha.kubernetes.io/leader';

export interface MirrorPlan extends SlicePlan {
  /** Addresses that are no IP addresses. */
  invalid: number;
  /** Addresses that are not mirrored, for being invalid or one too many. */
  skipped: number;
}

/** Whether Endpoints are to be mirrored, as far as they say themselves. */
export function shouldMirror(endpoints: V1Endpoints | undefined): endpoints is V1Endpoints {
  if (!endpoints) return false;
  const { labels, annotations } = endpoints.metadata ?? {};
  return labels?.[SKIP_MIRROR] !== 'true' && annotations?.[LEADER] === undefined;
}

interface Group {
  type: AddressType;
  ports: DiscoveryV1EndpointPort[];
  desired: Map<string, V1Endpoint>;
}

/** What to make, change and delete; of each subset at most `max` addresses are taken, ready ones first. */
export function mirrorPlan(endpoints: V1Endpoints, existing: readonly V1EndpointSlice[], max: number): MirrorPlan {
  const { groups, invalid, skipped } = groupsOf(endpoints, max);
  const byKey = new Map<string, V1EndpointSlice[]>();
  for (const slice of existing) {
    const key = groupKey(slice.addressType, slice.ports);
    byKey.set(key, [...(byKey.get(key) ?? []), slice]);
  }
  const plan: SlicePlan = { create: [], update: [], delete: [] };
  for (const [key, group] of groups) planGroup(plan, endpoints, group, byKey.get(key) ?? [], max);
  for (const [key, slices] of byKey) if (!groups.has(key)) plan.delete.push(...slices);
  const settled = recycled(plan, () => true);
  const leaving = endpoints.metadata?.deletionTimestamp !== undefined;
  return { ...settled, create: leaving ? [] : settled.create, invalid, skipped };
}

function groupKey(type: string, ports: readonly DiscoveryV1EndpointPort[] | undefined): string {
  return `${type} ${portKeyOf(ports)}`;
}

function groupsOf(endpoints: V1Endpoints, max: number) {
  const groups = new Map<string, Group>();
  let invalid = 0;
  let skipped = 0;
  for (const subset of endpoints.subsets ?? []) {
    const ports = (subset.ports ?? []).map(slicePort);
    for (const type of ['IPv4', 'IPv6'] as const) {
      const key = groupKey(type, ports);
      if (!groups.has(key)) groups.set(key, { type, ports, desired: new Map() });
    }
    const addresses = [
      ...(subset.addresses ?? []).map((address) => ({ address, ready: true })),
      ...(subset.notReadyAddresses ?? []).map((address) => ({ address, ready: false })),
    ];
    let added = 0;
    for (const { address, ready } of addresses) {
      if (added >= max) break;
      const family = isIP(address.ip);
      const group = family === 0 ? undefined : groups.get(groupKey(`IPv${family}`, ports));
      if (!group) {
        invalid++;
        continue;
      }
      const endpoint = endpointOf(address, ready);
      group.desired.set(endpointHash(endpoint), endpoint);
      added++;
    }
    skipped += addresses.length - added;
  }
  return { groups, invalid, skipped };
}

function slicePort({ name = '', port, protocol = 'TCP', appProtocol }: CoreV1EndpointPort): DiscoveryV1EndpointPort {
  return { name, port, protocol, ...(appProtocol ? { appProtocol } : {}) };
}

function endpointOf({ ip, hostname, nodeName, targetRef }: V1EndpointAddress, ready: boolean): V1Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(targetRef ? { targetRef } : {}),
  };
}

function planGroup(
  plan: SlicePlan,
  endpoints: V1Endpoints,
  { type, ports, desired }: Group,
  existing: readonly V1EndpointSlice[],
  max: number,
): void {
  if (desired.size === 0) {
    plan.delete.push(...existing);
    return;
  }
  const [first, ...surplus] = existing;
  plan.delete.push(...surplus);
  if (first && isCurrent(first, endpoints, desired)) return;
  const slice = newSlice(endpoints, type, ports);
  slice.endpoints = [...desired.values()].slice(0, max);
  if (first) plan.update.push({ ...slice, metadata: { ...slice.metadata, name: first.metadata?.name ?? '' } });
  else plan.create.push(slice);
}

function isCurrent(slice: V1EndpointSlice, endpoints: V1Endpoints, desired: ReadonlyMap<string, V1Endpoint>): boolean {
  const present = slice.endpoints ?? [];
  const same =
    present.length === desired.size &&
    present.every((endpoint) => {
      const wanted = desired.get(endpointHash(endpoint));
      return wanted !== undefined && sameEndpoint(wanted, endpoint);
    });
  return (
    same &&
    sameMap(slice.metadata?.labels, labelsOf(endpoints)) &&
    sameMap(slice.metadata?.annotations, annotationsOf(endpoints)) &&
    isDeepStrictEqual(slice.metadata?.ownerReferences?.[0]?.uid, endpoints.metadata?.uid)
  );
}

function newSlice(endpoints: V1Endpoints, type: AddressType, ports: DiscoveryV1EndpointPort[]): V1EndpointSlice {
  const { name = '', namespace = '' } = endpoints.metadata ?? {};
  return {
    metadata: {
      generateName: slicePrefix(name),
      namespace,
      labels: labelsOf(endpoints),
      annotations: annotationsOf(endpoints),
      ownerReferences: [controllerReference({ ...endpoints, apiVersion: 'v1', kind: 'Endpoints' })],
    },
    addressType: type,
    endpoints: [],
    ports,
  };
}

function labelsOf({ metadata }: V1Endpoints): Record<string, string> {
  return { ...metadata?.labels, [SERVICE_NAME]: metadata?.name ?? '', [MANAGED_BY]: CONTROLLER_NAME };
}

function annotationsOf({ metadata }: V1Endpoints): Record<string, string> {
  const { [TRIGGER_TIME]: _time, [LAST_APPLIED]: _applied, ...annotations } = metadata?.annotations ?? {};
  return annotations;
}
