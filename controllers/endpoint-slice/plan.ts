/** Which slices of a Service to make, change and delete, so that few are written and none holds too many endpoints. */
import type { DiscoveryV1EndpointPort, V1Endpoint, V1EndpointSlice, V1Service } from '../../openapi/generated/types.ts';
import { controllerReference } from '../runtime/claim.ts';
import { sameMap } from '../runtime/pods.ts';
import { type AddressType, endpointHash, type PodEndpoint, portKeyOf, sameEndpoint } from './endpoint.ts';
import { isOwnedBy, MANAGED_BY, SERVICE_NAME, type SlicePlan, slicePrefix } from './slices.ts';

export const CONTROLLER_NAME = 'endpointslice-controller.k8s.io';
const HEADLESS = 'service.kubernetes.io/headless';
const RESERVED: ReadonlySet<string> = new Set([SERVICE_NAME, MANAGED_BY, HEADLESS]);

/** The endpoints that slices of one set of ports should hold. */
interface Group {
  ports: DiscoveryV1EndpointPort[];
  /** By hash; what finds a place is taken out. */
  desired: Map<string, V1Endpoint>;
}

export interface PlanOptions {
  /** Upstream's 100. */
  maxEndpointsPerSlice: number;
  /** The hashes of a slice's endpoints, in order; a place to remember them in. */
  hashesOf?(slice: V1EndpointSlice): readonly string[];
}

/**
 * The plan for one address type of a Service. `existing` are the slices of that type that carry our label; those that
 * belong to an earlier Service of the name are deleted. A Service without any endpoint keeps one empty slice.
 */
export function planSlices(
  service: V1Service,
  type: AddressType,
  endpoints: readonly PodEndpoint[],
  existing: readonly V1EndpointSlice[],
  options: PlanOptions,
): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], delete: [] };
  const byPorts = new Map<string, V1EndpointSlice[]>();
  for (const slice of existing) {
    if (!isOwnedBy(slice, { kind: 'Service', uid: service.metadata?.uid ?? '' })) plan.delete.push(slice);
    else push(byPorts, portKeyOf(slice.ports), slice);
  }
  const groups = groupsOf(endpoints);
  for (const [key, group] of groups) {
    planGroup(plan, service, type, group, byPorts.get(key) ?? [], options);
  }
  for (const [key, slices] of byPorts) if (!groups.has(key)) plan.delete.push(...slices);
  if (existing.length === plan.delete.length && plan.create.length === 0) keepPlaceholder(plan, service, type);
  return plan;
}

function push(lists: Map<string, V1EndpointSlice[]>, key: string, slice: V1EndpointSlice): void {
  const list = lists.get(key);
  if (list) list.push(slice);
  else lists.set(key, [slice]);
}

function groupsOf(endpoints: readonly PodEndpoint[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const { endpoint, hash, ports, portKey } of endpoints) {
    let group = groups.get(portKey);
    if (!group) {
      group = { ports, desired: new Map() };
      groups.set(portKey, group);
    }
    group.desired.set(hash, endpoint);
  }
  return groups;
}

function keepPlaceholder(plan: SlicePlan, service: V1Service, type: AddressType): void {
  const placeholder = newSlice(service, type, []);
  const [only] = plan.delete;
  const isThere =
    plan.delete.length === 1 &&
    only !== undefined &&
    (only.endpoints ?? []).length === 0 &&
    (only.ports ?? []).length === 0 &&
    only.addressType === type &&
    isOwnedBy(only, { kind: 'Service', uid: service.metadata?.uid ?? '' }) &&
    sameMap(only.metadata?.labels, placeholder.metadata?.labels);
  if (isThere) plan.delete = [];
  else plan.create.push(placeholder);
}

/** Keeps what is in its place, fills the gaps of slices that change anyway, and only then touches others. */
function planGroup(
  plan: SlicePlan,
  service: V1Service,
  type: AddressType,
  { ports, desired }: Group,
  existing: readonly V1EndpointSlice[],
  { maxEndpointsPerSlice: max, hashesOf = hashesOfSlice }: PlanOptions,
): void {
  const labels = sliceLabels(service);
  const changed: V1EndpointSlice[] = [];
  const unchanged: V1EndpointSlice[] = [];
  for (const slice of existing) {
    const kept = keptEndpoints(slice, desired, hashesOf(slice));
    const count = slice.endpoints?.length ?? 0;
    if (kept && kept.length === 0 && count > 0) plan.delete.push(slice);
    else if (kept || labelsDiffer(slice, labels)) changed.push(changedSlice(slice, labels, kept));
    else unchanged.push(slice);
  }
  changed.sort((a, b) => (b.endpoints?.length ?? 0) - (a.endpoints?.length ?? 0));
  for (const slice of changed) fill(slice, desired, max);
  while (desired.size > 0) {
    const roomy = desired.size < max ? sliceToFill(unchanged, desired.size, max) : undefined;
    if (roomy) {
      unchanged.splice(unchanged.indexOf(roomy), 1);
      changed.push(fill(changedSlice(roomy, labels), desired, max));
    } else {
      plan.create.push(fill(newSlice(service, type, ports), desired, max));
    }
  }
  plan.update.push(...changed);
}

function hashesOfSlice(slice: V1EndpointSlice): string[] {
  return (slice.endpoints ?? []).map(endpointHash);
}

/** The endpoints that stay, as they should be, taken out of `desired`; `undefined` when all stay as they are. */
function keptEndpoints(
  slice: V1EndpointSlice,
  desired: Map<string, V1Endpoint>,
  hashes: readonly string[],
): V1Endpoint[] | undefined {
  const endpoints = slice.endpoints ?? [];
  let kept: V1Endpoint[] | undefined;
  for (const [index, endpoint] of endpoints.entries()) {
    const hash = hashes[index] ?? '';
    const wanted = desired.get(hash);
    if (wanted) desired.delete(hash);
    if (!kept && (!wanted || !sameEndpoint(wanted, endpoint))) kept = endpoints.slice(0, index);
    // An endpoint that says the same keeps its hints.
    if (kept && wanted) kept.push(sameEndpoint(wanted, endpoint) ? endpoint : wanted);
  }
  return kept;
}

/** A copy of the slice that may be filled up. */
function changedSlice(
  slice: V1EndpointSlice,
  labels: Record<string, string>,
  endpoints: readonly V1Endpoint[] = slice.endpoints ?? [],
): V1EndpointSlice {
  return { ...slice, metadata: { ...slice.metadata, labels }, endpoints: [...endpoints] };
}

function fill(slice: V1EndpointSlice, desired: Map<string, V1Endpoint>, max: number): V1EndpointSlice {
  const endpoints = slice.endpoints ?? [];
  for (const [hash, endpoint] of desired) {
    if (endpoints.length >= max) break;
    endpoints.push(endpoint);
    desired.delete(hash);
  }
  slice.endpoints = endpoints;
  return slice;
}

/** The slice that would be nearest to full with `count` more; none that would overflow. */
function sliceToFill(slices: readonly V1EndpointSlice[], count: number, max: number): V1EndpointSlice | undefined {
  let closest: V1EndpointSlice | undefined;
  let left = max;
  for (const slice of slices) {
    const room = max - count - (slice.endpoints?.length ?? 0);
    if (room >= 0 && room < left) {
      left = room;
      closest = slice;
    }
  }
  return closest;
}

function newSlice(service: V1Service, type: AddressType, ports: DiscoveryV1EndpointPort[]): V1EndpointSlice {
  const { name = '', namespace = '' } = service.metadata ?? {};
  return {
    metadata: {
      generateName: slicePrefix(name),
      namespace,
      labels: sliceLabels(service),
      ownerReferences: [controllerReference({ ...service, apiVersion: 'v1', kind: 'Service' })],
    },
    addressType: type,
    endpoints: [],
    ports,
  };
}

/** The Service's labels and ours. */
function sliceLabels(service: V1Service): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [key, value] of Object.entries(service.metadata?.labels ?? {})) {
    if (!RESERVED.has(key)) labels[key] = value;
  }
  const { clusterIP } = service.spec ?? {};
  if (!clusterIP || clusterIP === 'None') labels[HEADLESS] = '';
  labels[SERVICE_NAME] = service.metadata?.name ?? '';
  labels[MANAGED_BY] = CONTROLLER_NAME;
  return labels;
}

/** Whether the Service's labels have changed; a change of the reserved ones alone is no reason to write. */
function labelsDiffer(slice: V1EndpointSlice, wanted: Record<string, string>): boolean {
  const has = slice.metadata?.labels ?? {};
  const keys = Object.keys({ ...has, ...wanted }).filter((key) => !RESERVED.has(key));
  return keys.some((key) => has[key] !== wanted[key]);
}
