/** The status of one container, from the runtime's records of its instances. */
import { rfc3339 } from '../../base/clock.ts';
import type {
  V1Container,
  V1ContainerState,
  V1ContainerStatus,
  V1Pod,
  V1VolumeMountStatus,
} from '../../openapi/generated/types.ts';
import type { ContainerRecord, PodRecord } from '../runtime/runtime.ts';
import { shouldRestart } from './actions.ts';
import { type ContainerKind, defined, exitCodeOf, hasExited, instancesOf, isSidecar, restartCountOf } from './names.ts';

/** Why a container could not be started, as its waiting state tells it. */
export interface WaitingReason {
  reason: string;
  message?: string;
}

/** What probes say of a running container. */
export interface ProbeView {
  started(container: V1Container, containerId: string): boolean;
  ready(container: V1Container, containerId: string): boolean;
}

export interface ContainerStatusView {
  pod: V1Pod;
  record: PodRecord;
  /** `docker` in `docker://3f2a…`. */
  runtimeName: string;
  waiting: ReadonlyMap<string, WaitingReason>;
  probes: ProbeView;
  /** Termination messages by container id. */
  messages: ReadonlyMap<string, string>;
  /** No container will be started any more. */
  over: boolean;
}

/** As upstream's convertToAPIContainerStatuses. `old` is what was last written about this container. */
export function containerStatusOf(
  view: ContainerStatusView,
  kind: ContainerKind,
  container: V1Container,
  old: V1ContainerStatus | undefined,
): V1ContainerStatus {
  const [newest, before] = instancesOf(view.record, container.name);
  const status = newest
    ? fromRecord(view, container, newest, before ?? undefined, old)
    : withoutRecord(view, container, old);
  applyWaiting(view, kind, container, newest, status);
  applyProbes(view, kind, container, newest, status);
  return status;
}

function fromRecord(
  view: ContainerStatusView,
  container: V1Container,
  newest: ContainerRecord,
  before: ContainerRecord | undefined,
  old: V1ContainerStatus | undefined,
): V1ContainerStatus {
  const id = `${view.runtimeName}://${newest.id}`;
  // What the runtime has forgotten since, the status remembers.
  const remembered = old?.containerID === id ? old.lastState : (terminatedOf(old) ?? old?.lastState);
  return {
    name: container.name,
    state: stateOf(view, newest),
    lastState: before && hasExited(before) ? stateOf(view, before) : (remembered ?? {}),
    ready: false,
    restartCount: restartCountOf(newest),
    image: newest.image || (container.image ?? ''),
    imageID: newest.imageId,
    containerID: id,
    started: false,
    ...resourcesOf(container, newest),
    ...mountsOf(container),
  };
}

function terminatedOf(status: V1ContainerStatus | undefined): V1ContainerState | undefined {
  return status?.state?.terminated ? { terminated: status.state.terminated } : undefined;
}

function stateOf(view: ContainerStatusView, record: ContainerRecord): V1ContainerState {
  if (record.state === 'running') return { running: { startedAt: rfc3339(record.startedAt ?? record.createdAt) } };
  if (!hasExited(record)) return { waiting: { reason: 'ContainerCreating' } };
  const exitCode = exitCodeOf(record);
  const message = view.messages.get(record.id) || record.message;
  return {
    terminated: defined({
      exitCode,
      reason: reasonOf(record, exitCode),
      message: message || undefined,
      startedAt: rfc3339(record.startedAt ?? 0),
      finishedAt: rfc3339(record.finishedAt ?? record.createdAt),
      containerID: `${view.runtimeName}://${record.id}`,
    }),
  };
}

function reasonOf(record: ContainerRecord, exitCode: number): string {
  if (record.oomKilled) return 'OOMKilled';
  if (neverRan(record)) return 'StartError';
  return exitCode === 0 ? 'Completed' : 'Error';
}

/** Docker gives a container that could not be started its creation for start and end. */
function neverRan({ startedAt, finishedAt, createdAt, message }: ContainerRecord): boolean {
  return startedAt === undefined || (startedAt === createdAt && finishedAt === createdAt && !!message);
}

function resourcesOf(container: V1Container, record: ContainerRecord): Partial<V1ContainerStatus> {
  if (record.state !== 'running') return {};
  const requests = container.resources?.requests;
  return { ...(requests ? { allocatedResources: requests } : {}), resources: container.resources ?? {} };
}

function mountsOf(container: V1Container): { volumeMounts?: V1VolumeMountStatus[] } {
  if (!container.volumeMounts?.length) return {};
  return {
    volumeMounts: container.volumeMounts.map(({ name, mountPath, readOnly }) => ({
      name,
      mountPath,
      ...(readOnly ? { readOnly, recursiveReadOnly: 'Disabled' } : {}),
    })),
  };
}

/** Nothing in the runtime: not made yet, or gone. */
function withoutRecord(
  view: ContainerStatusView,
  container: V1Container,
  old: V1ContainerStatus | undefined,
): V1ContainerStatus {
  if (old?.state?.terminated) return { ...old, ready: false, started: false };
  const reason = (view.pod.spec?.initContainers?.length ?? 0) > 0 ? 'PodInitializing' : 'ContainerCreating';
  const status: V1ContainerStatus = {
    name: container.name,
    state: { waiting: { reason } },
    lastState: old?.lastState ?? {},
    ready: false,
    restartCount: old?.restartCount ?? 0,
    image: container.image ?? '',
    imageID: '',
    started: false,
    ...mountsOf(container),
  };
  if (old?.state?.running && !status.lastState?.terminated) {
    const deleted = view.pod.metadata?.deletionTimestamp !== undefined;
    status.lastState = { terminated: lost(deleted ? 'deleted.  The container used to be Running' : 'terminated') };
    if (!deleted) status.restartCount += 1;
  }
  return status;
}

function lost(when: string) {
  return {
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: `The container could not be located when the pod was ${when}`,
    startedAt: rfc3339(0),
    finishedAt: rfc3339(0),
  };
}

/** A container that ought to be started and could not be shows why, and its end as its last state. */
function applyWaiting(
  view: ContainerStatusView,
  kind: ContainerKind,
  container: V1Container,
  newest: ContainerRecord | undefined,
  status: V1ContainerStatus,
): void {
  const reason = view.waiting.get(container.name);
  if (!reason || view.over || newest?.state === 'running') return;
  if (newest && !restarts(view.pod, kind, container, newest)) return;
  if (status.state?.terminated) status.lastState = { terminated: status.state.terminated };
  status.state = { waiting: defined({ reason: reason.reason, message: reason.message }) };
}

function restarts(pod: V1Pod, kind: ContainerKind, container: V1Container, last: ContainerRecord): boolean {
  if (kind === 'ephemeral') return false;
  if (kind === 'init' && !isSidecar(container) && hasExited(last) && exitCodeOf(last) === 0) return false;
  return shouldRestart(pod, container, last);
}

function applyProbes(
  view: ContainerStatusView,
  kind: ContainerKind,
  container: V1Container,
  newest: ContainerRecord | undefined,
  status: V1ContainerStatus,
): void {
  if (newest?.state === 'running' && kind !== 'ephemeral') {
    status.started = view.probes.started(container, newest.id);
    const probed = kind === 'container' || isSidecar(container);
    status.ready = probed && status.started && newest.ready !== false && view.probes.ready(container, newest.id);
    return;
  }
  status.started = false;
  status.ready = kind === 'init' && !isSidecar(container) && status.state?.terminated?.exitCode === 0;
  if (kind === 'ephemeral') delete status.started;
}

/** For a pod that is over: what has not ended is reported as ended, nobody knows how. */
export function asTerminated(status: V1ContainerStatus): V1ContainerStatus {
  if (status.state?.terminated) return status;
  if (status.state?.waiting && status.lastState?.terminated) {
    return { ...status, state: { terminated: status.lastState.terminated }, ready: false, started: false };
  }
  return { ...status, state: { terminated: lost('terminated') }, ready: false, started: false };
}
