/** Small words the whole kubelet shares: how pods are named in messages, what their labels on containers are called. */
import type { V1Container, V1Pod } from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import type { ContainerRecord, PodIdentity, PodRecord } from '../runtime/runtime.ts';

export const KUBELET_VERSION = 'v1.36.0';

export const HASH_LABEL = 'io.kubernetes.container.hash';
export const RESTART_COUNT_LABEL = 'io.kubernetes.container.restartCount';
export const MESSAGE_PATH_LABEL = 'io.kubernetes.container.terminationMessagePath';
export const MESSAGE_POLICY_LABEL = 'io.kubernetes.container.terminationMessagePolicy';
export const GRACE_LABEL = 'io.kubernetes.pod.terminationGracePeriod';
/** The sandbox a container was made in; the runtime's records do not tell. */
export const SANDBOX_LABEL = 'io.kubernetes.sandbox.id';

/** `web_default(uid)`, as upstream names a pod in messages. */
export function podText(pod: V1Pod): string {
  const { name, namespace, uid } = identityOf(pod);
  return `${name}_${namespace}(${uid})`;
}

export function identityOf(pod: V1Pod): PodIdentity {
  const { uid = '', namespace = '', name = '' } = pod.metadata ?? {};
  return { uid, namespace, name };
}

/** What an Event is about: list items carry neither kind nor version. */
export function referenceTo(pod: V1Pod): KubeObject {
  return { apiVersion: 'v1', kind: 'Pod', ...(pod.metadata ? { metadata: pod.metadata } : {}) };
}

export type ContainerKind = 'init' | 'container' | 'ephemeral';

/** Every container of the pod, in the order in which the spec lists them. */
export function containersOf(pod: V1Pod): { kind: ContainerKind; container: V1Container }[] {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = pod.spec ?? { containers: [] };
  return [
    ...initContainers.map((container) => ({ kind: 'init' as const, container })),
    ...containers.map((container) => ({ kind: 'container' as const, container })),
    ...ephemeralContainers.map((container) => ({ kind: 'ephemeral' as const, container: container as V1Container })),
  ];
}

export function findContainer(pod: V1Pod, name: string): V1Container | undefined {
  return containersOf(pod).find((entry) => entry.container.name === name)?.container;
}

/** `spec.containers{web}`: the part of the pod an Event is about. */
export function fieldPathOf(pod: V1Pod, name: string): string {
  const kind = containersOf(pod).find((entry) => entry.container.name === name)?.kind ?? 'container';
  const field = { init: 'initContainers', container: 'containers', ephemeral: 'ephemeralContainers' }[kind];
  return `spec.${field}{${name}}`;
}

/** Whether an init container is a sidecar: it runs beside the pod's containers instead of before them. */
export function isSidecar(container: V1Container): boolean {
  return container.restartPolicy === 'Always';
}

/** A container is made anew when this changes. As upstream since 1.31, only name and image count. */
export function containerHash(container: V1Container): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(JSON.stringify([container.name, container.image ?? '']))) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash.toString(16);
}

/** How often the container had been restarted when this instance was made. */
export function restartCountOf(record: ContainerRecord): number {
  const count = Number(record.labels[RESTART_COUNT_LABEL] ?? record.attempt);
  return Number.isInteger(count) && count >= 0 ? count : 0;
}

/** Instances of one container, newest first. */
export function instancesOf(record: PodRecord, name: string): ContainerRecord[] {
  return record.containers
    .filter((container) => container.name === name)
    .sort((a, b) => restartCountOf(b) - restartCountOf(a) || b.createdAt - a.createdAt);
}

/** A start that failed leaves a container that never ran: it counts as exited. One that was only made does not. */
export function hasExited(container: ContainerRecord): boolean {
  if (container.state === 'exited') return true;
  return container.state === 'created' && ((container.exitCode ?? 0) !== 0 || !!container.message);
}

/** The exit code of a container that has exited; 128, as containerd's, for one that could not be started. */
export function exitCodeOf(container: ContainerRecord): number {
  return container.exitCode ?? (container.state === 'created' ? 128 : 0);
}

export function emptyRecord(pod: V1Pod): PodRecord {
  return { pod: identityOf(pod), sandboxes: [], containers: [] };
}

export function isTerminal(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** A duration as Go prints it: `10s`, `1m20s`, `5m0s`, `1.234s`, `56ms`. */
export function goDuration(ms: number): string {
  if (ms <= 0) return '0s';
  if (ms < 1) return `${Math.round(ms * 1000)}µs`;
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const seconds = Number(((ms % 60_000) / 1000).toFixed(3));
  const minutes = Math.floor(ms / 60_000) % 60;
  const hours = Math.floor(ms / 3_600_000);
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`;
}

/** Copies what is defined: objects for the wire carry no empty keys. */
export function defined<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
