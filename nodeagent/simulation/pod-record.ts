/**
 * What a runtime would say of a simulated pod, read back from the pod's own status. There is no runtime: the status is
 * all there is, and a simulator that starts anew goes on where the last one stopped. Times on the wire are whole
 * seconds; the exact ones are remembered aside.
 */
import type { V1ContainerStatus, V1Pod } from '../../openapi/generated/types.ts';
import {
  containerHash,
  containersOf,
  HASH_LABEL,
  identityOf,
  isTerminal,
  RESTART_COUNT_LABEL,
} from '../kubelet/names.ts';
import type { ContainerRecord, PodRecord } from '../runtime/runtime.ts';

export const RUNTIME_NAME = 'simulated';

/** One run of a container, to the millisecond. */
export interface Run {
  attempt: number;
  startedAt: number;
  finishedAt?: number;
  /** How many restarts in a row followed runs that were short. */
  restarts: number;
}

/** The last run of each container that has one, by name. */
export type Runs = ReadonlyMap<string, Run>;

/** The pod as its status tells; `podIP` is where its sandbox is. Mutable: it is made for the caller. */
export function recordOf(pod: V1Pod, podIP: string, runs: Runs): PodRecord {
  const record: PodRecord = { pod: identityOf(pod), sandboxes: [], containers: [] };
  const status = pod.status ?? {};
  const statuses = [
    ...(status.initContainerStatuses ?? []),
    ...(status.containerStatuses ?? []),
    ...(status.ephemeralContainerStatuses ?? []),
  ];
  for (const { container } of containersOf(pod)) {
    const told = statuses.find(({ name }) => name === container.name);
    const instance = told?.containerID ? instanceOf(pod, told, runs.get(container.name)) : undefined;
    if (instance) record.containers.push(instance);
  }
  if (record.containers.length > 0 && !isTerminal(status.phase)) addSandbox(record, pod, podIP);
  return record;
}

/** Gives the pod its network. */
export function addSandbox(record: PodRecord, pod: V1Pod, podIP: string): void {
  const { pod: identity } = record;
  const ip = pod.spec?.hostNetwork ? {} : { ip: podIP };
  record.sandboxes.push({ id: identity.uid, pod: identity, attempt: 0, ready: true, createdAt: 0, ...ip });
}

/** A new instance of a container. Its id follows from whose it is: the same run has the same id, whoever works it out. */
export function newInstance(
  pod: V1Pod,
  container: { name: string; image?: string },
  attempt: number,
  startedAt: number,
): ContainerRecord {
  const identity = identityOf(pod);
  return {
    id: instanceId(identity.uid, container.name, attempt),
    pod: identity,
    name: container.name,
    attempt,
    state: 'running',
    image: container.image ?? '',
    imageId: imageId(container.image ?? ''),
    createdAt: startedAt,
    startedAt,
    labels: labelsOf(container.name, container.image, attempt),
  };
}

function instanceOf(pod: V1Pod, told: V1ContainerStatus, run: Run | undefined): ContainerRecord | undefined {
  const { running, terminated } = told.state ?? {};
  // While a container waits for its restart, its last state is the one that counts.
  const ended = terminated ?? (running ? undefined : told.lastState?.terminated);
  if (!running && !ended) return undefined;
  const exact = run?.attempt === told.restartCount ? run : undefined;
  const startedAt = exact?.startedAt ?? msOf(running?.startedAt ?? ended?.startedAt);
  return {
    id: (told.containerID ?? '').replace(/^[^:]*:\/\//, ''),
    pod: identityOf(pod),
    name: told.name,
    attempt: told.restartCount,
    state: ended ? 'exited' : 'running',
    image: told.image,
    imageId: told.imageID,
    createdAt: startedAt,
    startedAt,
    ...(ended ? { finishedAt: exact?.finishedAt ?? msOf(ended.finishedAt), exitCode: ended.exitCode } : {}),
    labels: labelsOf(told.name, told.image, told.restartCount),
  };
}

function labelsOf(name: string, image: string | undefined, attempt: number): Record<string, string> {
  return { [HASH_LABEL]: containerHash({ name, image: image ?? '' }), [RESTART_COUNT_LABEL]: String(attempt) };
}

function msOf(time: string | undefined): number {
  const ms = Date.parse(time ?? '');
  return Number.isNaN(ms) ? 0 : ms;
}

function instanceId(uid: string, name: string, attempt: number): string {
  return (uid.replaceAll('-', '') + hex(fnv(name)) + hex(attempt)).padEnd(64, '0').slice(0, 64);
}

function imageId(image: string): string {
  return `sha256:${[0, 1, 2, 3, 4, 5, 6, 7].map((salt) => hex(fnv(`${salt}${image}`))).join('')}`;
}

function hex(number: number): string {
  return number.toString(16).padStart(8, '0');
}

/** 32-bit FNV-1a. */
export function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}

/** Uniform in [0, 1), the same each time for the same run of the same container. */
export function drawOf(uid: string, name: string, attempt: number, what: string): number {
  let h = fnv(`${uid}/${name}/${attempt}/${what}`);
  // FNV alone spreads the last characters badly.
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}
