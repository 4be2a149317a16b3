/** Pure translation of what Docker reports into the runtime's records. */
import type { ContainerInfo, ContainerInspectInfo } from 'dockerode';
import type { ContainerRecord, ContainerState, PodRecord, SandboxRecord } from '../runtime.ts';
import { LABEL, podOf, SANDBOX_TYPE, specLabels } from './labels.ts';

/** What of an inspection is kept. */
export interface Inspected {
  /** Docker's word, to compare with what a later listing says. */
  status: string;
  tty: boolean;
  record: ContainerRecord;
}

export function isSandbox(info: ContainerInfo): boolean {
  return info.Labels[LABEL.type] === SANDBOX_TYPE;
}

export function sandboxRecord(info: ContainerInfo): SandboxRecord {
  const ip = Object.values(info.NetworkSettings?.Networks ?? {})[0]?.IPAddress;
  return {
    id: info.Id,
    pod: podOf(info.Labels),
    attempt: Number(info.Labels[LABEL.attempt] ?? 0),
    ready: info.State === 'running',
    createdAt: Number(info.Labels[LABEL.createdAt] ?? info.Created * 1000),
    ...(ip ? { ip } : {}),
  };
}

/** A container that never ran because its start failed counts as exited at its creation, as upstream has it. */
export function containerRecord(inspect: ContainerInspectInfo): Inspected {
  const { State: state, Config: config } = inspect;
  const labels = config.Labels;
  const createdAt = Date.parse(inspect.Created);
  const failedToStart = state.Status === 'created' && state.ExitCode !== 0;
  const phase = phaseOf(state, failedToStart);
  const startedAt = failedToStart ? createdAt : timeOf(state.StartedAt);
  // Docker notes the start after the fact: a process that ends at once seems to end before it began.
  const finishedAt = Math.max(failedToStart ? createdAt : (timeOf(state.FinishedAt) ?? createdAt), startedAt ?? 0);
  const record: ContainerRecord = {
    id: inspect.Id,
    pod: podOf(labels),
    name: labels[LABEL.containerName] ?? '',
    attempt: Number(labels[LABEL.attempt] ?? 0),
    state: phase,
    image: config.Image,
    imageId: inspect.Image,
    createdAt,
    ...(startedAt === undefined || phase === 'created' ? {} : { startedAt }),
    ...(phase === 'exited' ? { exitCode: state.ExitCode, finishedAt } : {}),
    ...(state.OOMKilled && phase === 'exited' ? { oomKilled: true } : {}),
    ...(state.Error ? { message: state.Error } : {}),
    labels: specLabels(labels),
  };
  return { status: state.Status, tty: config.Tty, record };
}

function phaseOf(state: ContainerInspectInfo['State'], failedToStart: boolean): ContainerState {
  if (state.Running || state.Paused || state.Restarting) return 'running';
  return state.Status === 'created' && !failedToStart ? 'created' : 'exited';
}

/** Docker's zero time is the year 1. */
function timeOf(text: string): number | undefined {
  const ms = Date.parse(text);
  return ms > 0 ? ms : undefined;
}

/** Sandboxes and containers sorted into pods, newest first in each. */
export function podRecords(sandboxes: SandboxRecord[], containers: ContainerRecord[]): PodRecord[] {
  const pods = new Map<string, PodRecord>();
  const podFor = ({ pod }: { pod: PodRecord['pod'] }) => {
    const known = pods.get(pod.uid) ?? { pod, sandboxes: [], containers: [] };
    pods.set(pod.uid, known);
    return known;
  };
  for (const sandbox of sandboxes) podFor(sandbox).sandboxes.push(sandbox);
  for (const container of containers) podFor(container).containers.push(container);
  const newest = <T extends { createdAt: number; attempt: number }>(a: T, b: T) =>
    b.createdAt - a.createdAt || b.attempt - a.attempt;
  for (const pod of pods.values()) {
    pod.sandboxes.sort(newest);
    pod.containers.sort(newest);
  }
  return [...pods.values()];
}
