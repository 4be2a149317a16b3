/** Small pure readings of a pod that its worker decides by. */
import { isDeepStrictEqual } from 'node:util';
import type { V1ContainerStatus, V1Pod, V1PodStatus } from '../../openapi/generated/types.ts';
import type { ContainerRecord, PodRecord } from '../runtime/runtime.ts';
import { isKubeletCondition } from './conditions.ts';
import { containersOf, instancesOf, restartCountOf } from './names.ts';
import type { ProbeTarget } from './probes.ts';

/** Whether a newer object asks for anything new: its status is our own doing. */
export function changesWork(pod: V1Pod, old: V1Pod): boolean {
  const [a, b] = [pod.metadata ?? {}, old.metadata ?? {}];
  return (
    a.deletionTimestamp !== b.deletionTimestamp ||
    a.generation !== b.generation ||
    !isDeepStrictEqual(a.labels, b.labels) ||
    !isDeepStrictEqual(a.annotations, b.annotations) ||
    !isDeepStrictEqual(pod.spec, old.spec) ||
    !isDeepStrictEqual(foreignConditions(pod.status), foreignConditions(old.status))
  );
}

function foreignConditions(status: V1PodStatus | undefined) {
  return (status?.conditions ?? []).filter(({ type }) => !isKubeletCondition(type));
}

/** Seconds the pod has from the first signal to the last: what its deletion asked for, or its spec. */
export function graceOf(pod: V1Pod): number {
  return pod.metadata?.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
}

/** When `activeDeadlineSeconds` are over, in milliseconds since the epoch. */
export function deadlineOf(pod: V1Pod, status: V1PodStatus | undefined): number | undefined {
  const seconds = pod.spec?.activeDeadlineSeconds;
  const start = status?.startTime ?? pod.status?.startTime;
  return seconds === undefined || start === undefined ? undefined : Date.parse(start) + seconds * 1000;
}

/** The restart count of the next instance: after the last one the runtime has, or the last one the API was told of. */
export function nextRestartCount(last: ContainerRecord | undefined, old: V1ContainerStatus | undefined): number {
  if (last) return restartCountOf(last) + 1;
  if (!old) return 0;
  return old.containerID ? old.restartCount + 1 : old.restartCount;
}

/** The running containers that probes may look at, with what the API last said of these very instances. */
export function probeTargets(
  pod: V1Pod,
  record: PodRecord,
  previous: V1PodStatus | undefined,
  runtimeName: string,
): ProbeTarget[] {
  const statuses = [...(previous?.containerStatuses ?? []), ...(previous?.initContainerStatuses ?? [])];
  const targets: ProbeTarget[] = [];
  for (const { kind, container } of containersOf(pod)) {
    if (kind === 'ephemeral') continue;
    const running = instancesOf(record, container.name).find(({ state }) => state === 'running');
    if (!running) continue;
    const told = statuses.find(({ containerID }) => containerID === `${runtimeName}://${running.id}`);
    targets.push({
      container,
      containerId: running.id,
      startedAt: running.startedAt ?? running.createdAt,
      ...(told ? { before: { started: told.started === true, ready: told.ready } } : {}),
    });
  }
  return targets;
}
