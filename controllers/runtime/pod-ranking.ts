/** Which pods go first when there are too many: those whose loss costs least. */
import type { V1ContainerStatus, V1Pod } from '../../openapi/generated/types.ts';
import { isReady, readyCondition } from './pods.ts';

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const PHASES: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** Orders pods for deletion, first to go first. `nowMs` weighs ages: they are compared by order of magnitude. */
export function compareForDeletion(a: V1Pod, b: V1Pod, nowMs: number): number {
  return (
    // Unassigned before assigned, pending before running, not ready before ready, cheap before dear.
    Number(Boolean(a.spec?.nodeName)) - Number(Boolean(b.spec?.nodeName)) ||
    phaseRank(a) - phaseRank(b) ||
    Number(isReady(a)) - Number(isReady(b)) ||
    deletionCost(a) - deletionCost(b) ||
    // Ready for a short time before ready for long, often restarted before seldom, young before old.
    (isReady(a) && isReady(b) ? compareAges(a, b, readySinceMs(a), readySinceMs(b), nowMs) : 0) ||
    compareRestarts(a, b) ||
    compareAges(a, b, createdMs(a), createdMs(b), nowMs)
  );
}

/** The `count` pods that should go, most expendable first. */
export function podsToDelete(pods: readonly V1Pod[], count: number, nowMs: number): V1Pod[] {
  if (count >= pods.length) return [...pods];
  return [...pods].sort((a, b) => compareForDeletion(a, b, nowMs)).slice(0, count);
}

function phaseRank(pod: V1Pod): number {
  return PHASES[pod.status?.phase ?? ''] ?? 0;
}

function deletionCost(pod: V1Pod): number {
  const text = pod.metadata?.annotations?.[DELETION_COST] ?? '0';
  return /^[+-]?\d+$/.test(text) ? Number(text) : 0;
}

function compareRestarts(a: V1Pod, b: V1Pod): number {
  return (
    mostRestarts(b.status?.containerStatuses) - mostRestarts(a.status?.containerStatuses) ||
    mostRestarts(b.status?.initContainerStatuses) - mostRestarts(a.status?.initContainerStatuses)
  );
}

function mostRestarts(statuses: readonly V1ContainerStatus[] = []): number {
  return Math.max(0, ...statuses.map((container) => container.restartCount));
}

function readySinceMs(pod: V1Pod): number | undefined {
  return parsed(readyCondition(pod)?.lastTransitionTime);
}

function createdMs(pod: V1Pod): number | undefined {
  return parsed(pod.metadata?.creationTimestamp);
}

function parsed(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}

/** Younger first; an unknown time is youngest. Ages of one order of magnitude are as good as equal: the uid decides. */
function compareAges(a: V1Pod, b: V1Pod, aMs: number | undefined, bMs: number | undefined, nowMs: number): number {
  if (aMs === bMs) return 0;
  if (aMs === undefined || bMs === undefined) return aMs === undefined ? -1 : 1;
  const difference = magnitude(nowMs - aMs) - magnitude(nowMs - bMs);
  if (difference !== 0) return difference;
  return (a.metadata?.uid ?? '') < (b.metadata?.uid ?? '') ? -1 : 1;
}

/** Binary order of magnitude of an age, counted in nanoseconds as upstream does. */
function magnitude(ms: number): number {
  return ms > 0 ? Math.floor(Math.log2(ms * 1e6)) : -1;
}
