/** Which pods of an autoscaler count for a metric, and what they ask for. Pure. */
import { quantityMillis } from '../../base/quantity.ts';
import type { V1Container, V1Pod } from '../../openapi/generated/types.ts';
import { readyCondition } from '../runtime/pods.ts';

/** What one pod was measured at. */
export interface PodMetric {
  /** Milliseconds since the epoch. */
  at: number;
  /** How long before that it was looked at. */
  windowMs: number;
  /** Thousandths. */
  value: number;
}

/** By the name of the pod. */
export type PodMetrics = ReadonlyMap<string, PodMetric>;

export interface ReadinessOptions {
  /** How long after its start a pod's CPU is not trusted unless the pod has been ready for a whole window. */
  cpuInitializationPeriodMs: number;
  /** A pod that became unready within this time of its start was never ready. */
  initialReadinessDelayMs: number;
}

export interface PodGroups {
  /** How many have a figure that counts. */
  ready: number;
  /** Not yet to be judged. */
  unready: string[];
  /** Without a figure. */
  missing: string[];
}

/** Sorts pods as upstream does; those that are going or have failed are in no group. */
export function groupPods(
  pods: readonly V1Pod[],
  metrics: PodMetrics,
  isCpu: boolean,
  options: ReadinessOptions,
  nowMs: number,
): PodGroups {
  const groups: PodGroups = { ready: 0, unready: [], missing: [] };
  for (const pod of pods) {
    if (isGone(pod)) continue;
    const name = pod.metadata?.name ?? '';
    const metric = metrics.get(name);
    if (pod.status?.phase === 'Pending') groups.unready.push(name);
    else if (!metric) groups.missing.push(name);
    else if (isCpu && !isSettled(pod, metric, options, nowMs)) groups.unready.push(name);
    else groups.ready++;
  }
  return groups;
}

/** Going or failed: what it uses says nothing. */
export function isGone({ metadata, status }: V1Pod): boolean {
  return metadata?.deletionTimestamp !== undefined || status?.phase === 'Failed';
}

/** Whether a pod's CPU is that of its work, and not of its start. */
function isSettled(pod: V1Pod, metric: PodMetric, options: ReadinessOptions, nowMs: number): boolean {
  const ready = readyCondition(pod);
  if (!ready || pod.status?.startTime === undefined) return false;
  const startedAt = Date.parse(pod.status.startTime);
  const changedAt = ready.lastTransitionTime === undefined ? 0 : Date.parse(ready.lastTransitionTime);
  if (startedAt + options.cpuInitializationPeriodMs > nowMs) {
    return ready.status !== 'False' && metric.at >= changedAt + metric.windowMs;
  }
  return ready.status !== 'False' || startedAt + options.initialReadinessDelayMs <= changedAt;
}

/**
 * What each pod asks for of a resource, in thousandths: of one container if one is named, else what the pod asks for as
 * a whole or its containers together. Throws upstream's error for a pod that does not say.
 */
export function requestsOf(pods: readonly V1Pod[], resource: string, container = ''): Map<string, number> {
  return new Map(pods.map((pod) => [pod.metadata?.name ?? '', requestOf(pod, resource, container)]));
}

/** Resources that a pod as a whole can ask for. */
const POD_LEVEL = /^(?:cpu|memory|hugepages-.*)$/;

function requestOf(pod: V1Pod, resource: string, container: string): number {
  const name = pod.metadata?.name ?? '';
  const whole = pod.spec?.resources?.requests ?? {};
  if (container === '' && Object.keys(whole).some((key) => POD_LEVEL.test(key))) {
    if (whole[resource] !== undefined) return quantityMillis(whole[resource]);
    if (!POD_LEVEL.test(resource)) throw new Error(`missing pod-level request for ${resource} in Pod ${name}`);
  }
  const all = containersOf(pod);
  const chosen = container === '' ? all : all.filter((each) => each.name === container);
  if (container !== '' && chosen.length === 0) throw new Error(`container ${container} not found in Pod ${name}`);
  let total = 0;
  for (const each of chosen) {
    const request = each.resources?.requests?.[resource];
    if (request === undefined) {
      throw new Error(`missing request for ${resource} in container ${each.name} of Pod ${name}`);
    }
    total += quantityMillis(request);
  }
  return total;
}

/** Those that run beside each other: sidecars, too. */
function containersOf({ spec }: V1Pod): V1Container[] {
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...(spec?.containers ?? []), ...sidecars];
}
