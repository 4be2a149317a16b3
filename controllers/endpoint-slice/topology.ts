/**
 * Hints by the size of zones: each zone gets as large a share of the endpoints as it has of the nodes' CPUs, so that
 * traffic may stay in its zone without too much for anybody. Pure: nodes and slices in, slices with hints out.
 */
import { quantityMillis } from '../../base/quantity.ts';
import type { V1Endpoint, V1EndpointSlice, V1Node } from '../../openapi/generated/types.ts';
import { zoneOf } from './endpoint.ts';
import { withoutHints } from './hints.ts';
import type { SlicePlan } from './slices.ts';

/** By zone; a share of all CPUs, or a number of endpoints. */
export type ByZone = Map<string, number>;

interface Allocation {
  minimum: number;
  maximum: number;
  desired: number;
}

/** By how much the endpoints of a zone may have more to do than those of others. */
const OVERLOAD = 0.2;
const EXCLUDED = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];

export const NO_NODE_INFO = 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes';
const ONE_ZONE = 'Nodes only ready in one zone';
const TOO_FEW = 'Insufficient number of endpoints';
const TOO_UNEVEN = 'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold';
const NO_ZONE = 'One or more endpoints do not have a zone specified';
const NOTHING = 'No hints allocated for zones';

/** The share of each zone in the CPUs of the nodes that work; `undefined` when a node does not say enough. */
export function cpuShares(nodes: readonly V1Node[]): ByZone | undefined {
  const millis: ByZone = new Map();
  let total = 0;
  for (const node of nodes) {
    if (EXCLUDED.some((label) => node.metadata?.labels?.[label] !== undefined) || !isReady(node)) continue;
    const zone = zoneOf(node);
    const cpu = quantityMillis(node.status?.allocatable?.cpu);
    if (zone === undefined || cpu === 0) return undefined;
    total += cpu;
    millis.set(zone, (millis.get(zone) ?? 0) + cpu);
  }
  if (millis.size < 2) return undefined;
  return new Map([...millis].map(([zone, cpu]) => [zone, cpu / total]));
}

function isReady(node: V1Node): boolean {
  return node.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
}

/** Whether a node's change can change the shares. */
export function concernsShares(node: V1Node, old: V1Node): boolean {
  return (
    isReady(node) !== isReady(old) ||
    zoneOf(node) !== zoneOf(old) ||
    node.status?.allocatable?.cpu !== old.status?.allocatable?.cpu
  );
}

function allocationsOf(shares: ByZone | undefined, count: number): Map<string, Allocation> | string {
  if (!shares) return NO_NODE_INFO;
  if (shares.size < 2) return ONE_ZONE;
  const numbers = `(${count} endpoints, ${shares.size} zones)`;
  if (shares.size > count) return `${TOO_FEW} ${numbers}`;
  const allocations = new Map<string, Allocation>();
  let left = count;
  for (const [zone, share] of shares) {
    const minimum = Math.ceil((share * count) / (1 + OVERLOAD));
    allocations.set(zone, { minimum, maximum: 0, desired: Math.max(share * count, minimum) });
    left -= minimum;
    if (left < 0) return `${TOO_UNEVEN} ${numbers}`;
  }
  for (const allocation of allocations.values()) allocation.maximum = allocation.minimum + left;
  return allocations;
}

export interface TopologyPlan {
  plan: SlicePlan;
  /** How many endpoints each zone was given. Absent when none was, and then `problem` says why. */
  allocated?: ByZone;
  problem?: string;
}

/** The plan with hints; slices that would stay as they are join it when their hints are not right any more. */
export function withTopologyHints(
  plan: SlicePlan,
  existing: readonly V1EndpointSlice[],
  shares: ByZone | undefined,
): TopologyPlan {
  const fail = (problem: string) => ({ plan: withoutHints(plan, existing), problem });
  const touched = new Set([...plan.update, ...plan.delete].map(({ metadata }) => metadata?.name));
  const staying = existing.filter(({ metadata }) => !touched.has(metadata?.name));
  const all = [...plan.create, ...plan.update, ...staying];
  const allocations = allocationsOf(
    shares,
    all.reduce((count, slice) => count + readyIn(slice).length, 0),
  );
  if (typeof allocations === 'string') return fail(allocations);
  const allocated: ByZone = new Map();
  const further: V1EndpointSlice[] = [];
  for (const slice of staying) {
    const hints = hintsOf(slice, allocated, allocations);
    if (!hints) further.push(slice);
    for (const [zone, count] of hints ?? []) add(allocated, zone, count);
  }
  const open = [...plan.create, ...plan.update, ...further];
  for (const endpoint of open.flatMap(readyIn)) {
    if (!endpoint.zone) return fail(NO_ZONE);
    add(allocated, endpoint.zone, 1);
  }
  const moves = movesOf(allocations, allocated);
  const apply = (slice: V1EndpointSlice) => hinted(slice, moves, allocated);
  const create = plan.create.map(apply);
  const update = [...plan.update, ...further].map(apply);
  if (allocated.size === 0) return fail(NOTHING);
  return { plan: { create, update, delete: plan.delete }, allocated };
}

function readyIn({ endpoints = [] }: V1EndpointSlice): V1Endpoint[] {
  return endpoints.filter(({ conditions }) => conditions?.ready);
}

function add(counts: ByZone, zone: string, count: number): void {
  counts.set(zone, (counts.get(zone) ?? 0) + count);
}

/** The hints of a slice that may stay as it is; `undefined` when it has to be changed. */
function hintsOf(
  slice: V1EndpointSlice,
  allocated: ByZone,
  allocations: ReadonlyMap<string, Allocation>,
): ByZone | undefined {
  const hints: ByZone = new Map();
  for (const endpoint of readyIn(slice)) {
    const zones = endpoint.hints?.forZones ?? [];
    if (zones.length === 0) return undefined;
    for (const { name } of zones) add(hints, name, 1);
  }
  for (const [zone, count] of hints) {
    const allocation = allocations.get(zone);
    if (!allocation || count + (allocated.get(zone) ?? 0) > allocation.maximum) return undefined;
  }
  return hints;
}

interface Moves {
  giving: ByZone;
  receiving: ByZone;
}

/** How many endpoints zones with too many should give to zones with too few. */
function movesOf(allocations: ReadonlyMap<string, Allocation>, allocated: ByZone): Moves {
  const surplus: ByZone = new Map();
  const want: ByZone = new Map();
  for (const [zone, { desired }] of allocations) {
    const difference = (allocated.get(zone) ?? 0) - desired;
    if (difference > 0) surplus.set(zone, difference);
    else if (difference < 0) want.set(zone, -difference);
  }
  const moves: Moves = { giving: new Map(), receiving: new Map() };
  for (;;) {
    const [from, give] = most(surplus);
    const [to, take] = most(want);
    if (from === undefined || to === undefined || (give < 1 && take < 1) || give < 0.5 || take < 0.5) return moves;
    add(moves.giving, from, 1);
    add(surplus, from, -1);
    add(moves.receiving, to, 1);
    add(want, to, -1);
  }
}

function most(counts: ByZone): [string | undefined, number] {
  let found: [string | undefined, number] = [undefined, 0];
  for (const [zone, count] of counts) if (count > found[1]) found = [zone, count];
  return found;
}

/** The slice with a hint for each ready endpoint: its own zone, or one that is short of endpoints. */
function hinted(slice: V1EndpointSlice, { giving, receiving }: Moves, allocated: ByZone): V1EndpointSlice {
  const endpoints = (slice.endpoints ?? []).map((endpoint) => {
    if (!endpoint.conditions?.ready) return endpoint;
    const own = endpoint.zone ?? '';
    const to = (giving.get(own) ?? 0) > 0 ? [...receiving].find(([, count]) => count > 0)?.[0] : undefined;
    if (to !== undefined) {
      add(giving, own, -1);
      add(receiving, to, -1);
      add(allocated, own, -1);
      add(allocated, to, 1);
    }
    return { ...endpoint, hints: { forZones: [{ name: to ?? own }] } };
  });
  return { ...slice, endpoints };
}
