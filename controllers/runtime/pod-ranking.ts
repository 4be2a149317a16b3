/** Which pods go first when there are too many: those whose loss costs least. */
import type { V1ContainerStatus, V1Pod } from '../../openapi/generated/types.ts';
import { isReady, readyCondition } from './pods.ts';

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const PHASES: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** A pod with all that decides, read once: thousands are compared with one another. */
interface Ranked {
  pod: V1Pod;
  assigned: boolean;
  phase: number;
  ready: boolean;
  cost: number;
  /** How many pods of its kin are on its node. */
  kin: number;
  readySinceMs: number | undefined;
  restarts: number;
  initRestarts: number;
  createdMs: number | undefined;
}

/** Orders pods for deletion, first to go first. `nowMs` weighs ages: they are compared by order of magnitude. */
export function compareForDeletion(a: V1Pod, b: V1Pod, nowMs: number): number {
  return compareRanked(ranked(a, 0), ranked(b, 0), nowMs);
}

/**
 * The `count` pods that should go, most expendable first. `kinOnNode` says how many pods of its kin are on a node: of
 * two pods that are alike otherwise, the one in greater company goes.
 */
export function podsToDelete(
  pods: readonly V1Pod[],
  count: number,
  nowMs: number,
  kinOnNode: ReadonlyMap<string, number> = new Map(),
): V1Pod[] {
  if (count >= pods.length) return [...pods];
  return pods
    .map((pod) => ranked(pod, kinOnNode.get(pod.spec?.nodeName ?? '') ?? 0))
    .sort((a, b) => compareRanked(a, b, nowMs))
    .slice(0, count)
    .map(({ pod }) => pod);
}

function ranked(pod: V1Pod, kin: number): Ranked {
  const ready = isReady(pod);
  return {
    pod,
    assigned: Boolean(pod.spec?.nodeName),
    phase: PHASES[pod.status?.phase ?? ''] ?? 0,
    ready,
    cost: deletionCost(pod),
    kin,
    readySinceMs: ready ? parsed(readyCondition(pod)?.lastTransitionTime) : undefined,
    restarts: mostRestarts(pod.status?.containerStatuses),
    initRestarts: mostRestarts(pod.status?.initContainerStatuses),
    createdMs: parsed(pod.metadata?.creationTimestamp),
  };
}

function compareRanked(a: Ranked, b: Ranked, nowMs: number): number {
  return (
    // Unassigned before assigned, pending before running, not ready before ready, cheap before dear.
    Number(a.assigned) - Number(b.assigned) ||
    a.phase - b.phase ||
    Number(a.ready) - Number(b.ready) ||
    a.cost - b.cost ||
    // In company before alone, ready for a short time before ready for long.
    b.kin - a.kin ||
    (a.ready && b.ready ? compareAges(a, b, a.readySinceMs, b.readySinceMs, nowMs) : 0) ||
    // Often restarted before seldom, young before old.
    b.restarts - a.restarts ||
    b.initRestarts - a.initRestarts ||
    compareAges(a, b, a.createdMs, b.createdMs, nowMs)
  );
}

function deletionCost(pod: V1Pod): number {
  const text = pod.metadata?.annotations?.[DELETION_COST] ?? '0';
  return /^[+-]?\d+$/.test(text) ? Number(text) : 0;
}

function mostRestarts(statuses: readonly V1ContainerStatus[] = []): number {
  return statuses.reduce((most, { restartCount }) => Math.max(most, restartCount), 0);
}

function parsed(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}

/** Younger first; an unknown time is youngest. Ages of one order of magnitude are as good as equal: the uid decides. */
function compareAges(a: Ranked, b: Ranked, aMs: number | undefined, bMs: number | undefined, nowMs: number): number {
  if (aMs === bMs) return 0;
  if (aMs === undefined || bMs === undefined) return aMs === undefined ? -1 : 1;
  const difference = magnitude(nowMs - aMs) - magnitude(nowMs - bMs);
  if (difference !== 0) return difference;
  return (a.pod.metadata?.uid ?? '') < (b.pod.metadata?.uid ?? '') ? -1 : 1;
}

/** Binary order of magnitude of an age, counted in nanoseconds as upstream does. */
function magnitude(ms: number): number {
  return ms > 0 ? Math.floor(Math.log2(ms * 1e6)) : -1;
}
