/** What has to be done so that a pod's containers are as its spec wants them. Pure: reads records, touches nothing. */
import type { V1Container, V1Pod } from '../../openapi/generated/types.ts';
import type { ContainerRecord, PodRecord, SandboxRecord } from '../runtime/runtime.ts';
import {
  type ContainerKind,
  containerHash,
  containersOf,
  exitCodeOf,
  HASH_LABEL,
  hasExited,
  instancesOf,
  isSidecar,
  SANDBOX_LABEL,
} from './names.ts';

export interface ContainerToKill {
  id: string;
  name: string;
  /** What the Killing event says. */
  message: string;
}

export interface ContainerToStart {
  kind: ContainerKind;
  container: V1Container;
}

export interface PodActions {
  /** A sandbox must be made; `kill` then holds everything that still runs. */
  createSandbox?: { attempt: number };
  kill: ContainerToKill[];
  start: ContainerToStart[];
}

/** What probes found about running containers, by container id. */
export interface ProbeFindings {
  /** False while a startup probe has not yet succeeded. */
  started(containerId: string): boolean;
  /** Why the container must be killed: the probe that failed. */
  failed(containerId: string): 'liveness' | 'startup' | undefined;
}

const ALL_WELL: ProbeFindings = { started: () => true, failed: () => undefined };

/** The sandbox that holds the pod, if it can still be used. */
export function currentSandbox(pod: V1Pod, record: PodRecord): SandboxRecord | undefined {
  const newest = newestSandbox(record);
  if (!newest?.ready) return undefined;
  if (record.sandboxes.filter((sandbox) => sandbox.ready).length > 1) return undefined;
  return newest.ip || pod.spec?.hostNetwork ? newest : undefined;
}

export function newestSandbox(record: PodRecord): SandboxRecord | undefined {
  return [...record.sandboxes].sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt)[0];
}

/** Compares spec and records as upstream's computePodActions does. `record` is all that the runtime has of the pod. */
export function computePodActions(pod: V1Pod, record: PodRecord, probes: ProbeFindings = ALL_WELL): PodActions {
  const sandbox = currentSandbox(pod, record);
  if (!sandbox) return withoutSandbox(pod, record);
  const here = (container: ContainerRecord) => (container.labels[SANDBOX_LABEL] ?? sandbox.id) === sandbox.id;
  const kill = surplus(pod, record, here);
  const view: View = { pod, record, probes, kill, start: [], here };
  for (const container of ephemeral(pod)) {
    if (instancesOf(record, container.name).length === 0) view.start.push({ kind: 'ephemeral', container });
  }
  const initialized = initialize(view);
  if (initialized === 'failed') return { kill: [...kill, ...runningOf(record, kill, stopping)], start: [] };
  if (initialized === 'done') {
    const kept = regularContainers(view);
    const startsRegular = view.start.some(({ kind }) => kind === 'container');
    if (kept === 0 && !startsRegular) return { kill: [...kill, ...runningOf(record, kill, stopping)], start: [] };
  }
  return { kill, start: view.start };
}

interface View {
  pod: V1Pod;
  record: PodRecord;
  probes: ProbeFindings;
  kill: ContainerToKill[];
  start: ContainerToStart[];
  here: (container: ContainerRecord) => boolean;
}

function stopping(container: ContainerRecord): string {
  return `Stopping container ${container.name}`;
}

function runningOf(
  record: PodRecord,
  except: readonly ContainerToKill[],
  message: (container: ContainerRecord) => string,
): ContainerToKill[] {
  return record.containers
    .filter(({ id, state }) => state === 'running' && !except.some((kill) => kill.id === id))
    .map((container) => ({ id: container.id, name: container.name, message: message(container) }));
}

function ephemeral(pod: V1Pod): V1Container[] {
  return containersOf(pod).flatMap(({ kind, container }) => (kind === 'ephemeral' ? [container] : []));
}

/** No sandbox, or one that died: all that runs goes, and the pod begins anew unless it is over. */
function withoutSandbox(pod: V1Pod, record: PodRecord): PodActions {
  const newest = newestSandbox(record);
  const attempt = newest ? newest.attempt + 1 : 0;
  const kill = runningOf(record, [], stopping);
  const regular = pod.spec?.containers ?? [];
  const toStart = regular.filter((container) => {
    const last = instancesOf(record, container.name)[0];
    return !last || last.state === 'running' || shouldRestart(pod, container, last);
  });
  const ran = record.containers.length > 0;
  if (pod.spec?.restartPolicy === 'Never' && ran && attempt > 0 && !regular.some((c) => c.restartPolicyRules)) {
    return { kill, start: [] };
  }
  if (toStart.length === 0) return { kill, start: [] };
  const firstInit = pod.spec?.initContainers?.[0];
  const start: ContainerToStart[] = firstInit
    ? [{ kind: 'init', container: firstInit }]
    : toStart.map((container) => ({ kind: 'container', container }));
  return { createSandbox: { attempt }, kill, start };
}

/** Running containers nobody asked for: unknown names, older instances, and those of an earlier sandbox. */
function surplus(pod: V1Pod, record: PodRecord, here: (container: ContainerRecord) => boolean): ContainerToKill[] {
  const names = new Set(containersOf(pod).map(({ container }) => container.name));
  return record.containers
    .filter((container) => container.state === 'running')
    .filter(
      (container) =>
        !names.has(container.name) || !here(container) || newestRunning(record, container.name)?.id !== container.id,
    )
    .map((container) => ({ id: container.id, name: container.name, message: stopping(container) }));
}

function newestRunning(record: PodRecord, name: string): ContainerRecord | undefined {
  return instancesOf(record, name).find(({ state }) => state === 'running');
}

/** The instance that decides: the one that runs, or else the newest. */
function decisive(record: PodRecord, name: string): ContainerRecord | undefined {
  return newestRunning(record, name) ?? instancesOf(record, name)[0];
}

/** Goes through the init containers in order up to the first that is not finished (a sidecar: not started). */
function initialize(view: View): 'done' | 'pending' | 'failed' {
  const { pod, record } = view;
  const regularRan = (pod.spec?.containers ?? []).some(({ name }) => instancesOf(record, name).some(view.here));
  for (const container of pod.spec?.initContainers ?? []) {
    if (isSidecar(container)) {
      const started = keepSidecar(view, container);
      if (!started && !regularRan) return 'pending';
      continue;
    }
    if (regularRan) continue;
    const last = instancesOf(record, container.name).filter(view.here)[0];
    if (last?.state === 'running') return 'pending';
    if (!last || !hasExited(last)) {
      view.start.push({ kind: 'init', container });
      return 'pending';
    }
    if (exitCodeOf(last) === 0) continue;
    if (!shouldRestart(pod, container, last)) return 'failed';
    view.start.push({ kind: 'init', container });
    return 'pending';
  }
  return 'done';
}

/** Returns whether the sidecar runs and has started. */
function keepSidecar(view: View, container: V1Container): boolean {
  const last = decisive(view.record, container.name);
  if (last?.state === 'running' && view.here(last)) {
    if (!mustRestart(view, container, last, true)) return view.probes.started(last.id);
  }
  view.start.push({ kind: 'init', container });
  return false;
}

/** Returns how many containers stay as they are. */
function regularContainers(view: View): number {
  const { pod, record } = view;
  let kept = 0;
  for (const container of pod.spec?.containers ?? []) {
    const last = decisive(record, container.name);
    if (last?.state === 'running' && view.here(last)) {
      const restarts = restartPolicyOf(pod, container) !== 'Never';
      const changed = last.labels[HASH_LABEL] !== undefined && last.labels[HASH_LABEL] !== containerHash(container);
      if (!mustRestart(view, container, last, restarts || changed)) kept++;
      else if (restarts || changed) view.start.push({ kind: 'container', container });
    } else if (!last || last.state === 'running' || shouldRestart(pod, container, last)) {
      view.start.push({ kind: 'container', container });
    }
  }
  return kept;
}

/** Whether a running container must be killed, and if so adds it to `kill`. */
function mustRestart(view: View, container: V1Container, running: ContainerRecord, restarts: boolean): boolean {
  const hash = running.labels[HASH_LABEL];
  const failed = view.probes.failed(running.id);
  let why: string | undefined;
  if (hash !== undefined && hash !== containerHash(container)) why = 'definition changed';
  else if (failed) why = `failed ${failed} probe`;
  if (!why) return false;
  const message = `Container ${container.name} ${why}${restarts ? ', will be restarted' : ''}`;
  view.kill.push({ id: running.id, name: container.name, message });
  return true;
}

export function restartPolicyOf(pod: V1Pod, container: V1Container): string {
  return container.restartPolicy ?? pod.spec?.restartPolicy ?? 'Always';
}

/** Whether an instance that does not run is followed by another. As upstream's ShouldContainerBeRestarted. */
export function shouldRestart(pod: V1Pod, container: V1Container, last: ContainerRecord): boolean {
  if (last.state === 'running') return false;
  if (!hasExited(last)) return true;
  const exitCode = exitCodeOf(last);
  for (const rule of container.restartPolicyRules ?? []) {
    const { operator, values = [] } = rule.exitCodes ?? { operator: 'In' };
    const matches = operator === 'NotIn' ? !values.includes(exitCode) : values.includes(exitCode);
    if (matches && rule.action === 'Restart') return true;
  }
  const policy = restartPolicyOf(pod, container);
  if (policy === 'Never') return false;
  return policy === 'OnFailure' ? exitCode !== 0 : true;
}
