/** The phase of a pod, from the states of its containers. */
import type { V1ContainerStatus, V1Pod } from '../../openapi/generated/types.ts';
import { isSidecar } from './names.ts';

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

interface Counts {
  unknown: number;
  running: number;
  waiting: number;
  stopped: number;
  succeeded: number;
}

/**
 * As upstream's getPhase. `over` says that no container will be started any more; `initialized` that the pod's
 * containers have run before, so that a sidecar which restarts does not make it Pending again.
 */
export function phaseOf(
  pod: V1Pod,
  statuses: readonly V1ContainerStatus[],
  over: boolean,
  initialized: boolean,
): Phase {
  const byName = new Map(statuses.map((status) => [status.name, status]));
  const init = initProgress(pod, byName);
  const counts: Counts = { unknown: 0, running: 0, waiting: 0, stopped: 0, succeeded: 0 };
  const sidecarsPending = countSidecars(pod, byName, counts);
  for (const { name } of pod.spec?.containers ?? []) countContainer(byName.get(name), counts);

  const policy = pod.spec?.restartPolicy ?? 'Always';
  if (init.failed > 0 && policy === 'Never') return 'Failed';
  if (init.pending > 0 || (sidecarsPending > 0 && !initialized) || counts.waiting > 0) return 'Pending';
  if (counts.unknown > 0) return 'Pending';
  if (counts.running > 0) return 'Running';
  if (counts.stopped === 0) return 'Pending';
  if (over) return counts.stopped === counts.succeeded ? 'Succeeded' : 'Failed';
  if (policy === 'Always') return 'Running';
  if (counts.stopped === counts.succeeded) return 'Succeeded';
  return policy === 'Never' ? 'Failed' : 'Running';
}

function initProgress(pod: V1Pod, byName: Map<string, V1ContainerStatus>): { pending: number; failed: number } {
  let pending = 0;
  let failed = 0;
  for (const container of pod.spec?.initContainers ?? []) {
    if (isSidecar(container)) continue;
    const { state, lastState } = byName.get(container.name) ?? {};
    const ended = state?.terminated ?? (state?.waiting ? lastState?.terminated : undefined);
    if (!ended) pending++;
    else if (ended.exitCode !== 0) failed++;
  }
  return { pending, failed };
}

/** Counts those that run or wait; returns how many have not started yet. Ended sidecars say nothing of the phase. */
function countSidecars(pod: V1Pod, byName: Map<string, V1ContainerStatus>, counts: Counts): number {
  let pending = 0;
  for (const container of pod.spec?.initContainers ?? []) {
    if (!isSidecar(container)) continue;
    const status = byName.get(container.name);
    if (status?.state?.running) {
      counts.running++;
      if (!status.started) pending++;
    } else if (status?.state?.waiting) {
      if (status.lastState?.terminated) continue;
      counts.waiting++;
      pending++;
    } else if (!status?.state?.terminated) {
      counts.unknown++;
    }
  }
  return pending;
}

function countContainer(status: V1ContainerStatus | undefined, counts: Counts): void {
  const { state, lastState } = status ?? {};
  if (state?.running) counts.running++;
  else if (state?.terminated) {
    counts.stopped++;
    if (state.terminated.exitCode === 0) counts.succeeded++;
  } else if (state?.waiting) {
    if (lastState?.terminated) counts.stopped++;
    else counts.waiting++;
  } else counts.unknown++;
}
