/** Ends containers, with the grace they are due. */
import { messageOf } from '../../base/errors.ts';
import type { V1Pod } from '../../openapi/generated/types.ts';
import type { ContainerRuntime, PodRecord } from '../runtime/runtime.ts';
import type { ContainerToKill } from './actions.ts';
import { type KubeletDeps, podEvent } from './deps.ts';
import { preStop } from './hooks.ts';
import { findContainer, isSidecar } from './names.ts';

export interface KillOptions {
  graceSeconds: number;
  podIP: string;
  /** Aborted when there is no more time for hooks. */
  signal: AbortSignal;
}

/** Upstream leaves every container this long, whatever was asked. */
const GRACE_SECONDS_MIN = 2;

/** Event, preStop hook, SIGTERM, SIGKILL. Resolves when it has ended; rejects when the runtime cannot end it. */
export async function killContainer(
  pod: V1Pod,
  { id, name, message }: ContainerToKill,
  { graceSeconds, podIP, signal }: KillOptions,
  deps: KubeletDeps,
): Promise<void> {
  podEvent(deps, pod, 'Normal', 'Killing', message, name);
  const container = findContainer(pod, name);
  const hook = container?.lifecycle?.preStop;
  let left = graceSeconds;
  if (container && hook && graceSeconds > 0) {
    left -= await preStop(hook, { pod, container, containerId: id, podIP }, graceSeconds, deps, signal);
  }
  // A pod that is to go at once goes at once.
  const seconds = graceSeconds <= 1 ? Math.max(0, left) : Math.max(GRACE_SECONDS_MIN, left);
  await deps.runtime.stopContainer(id, seconds);
}

/**
 * Ends every running container of the pod: first its containers, then its sidecars in the reverse of their order.
 * Rejects with the first failure after all have been tried.
 */
export async function killPodContainers(
  pod: V1Pod,
  record: PodRecord,
  options: KillOptions,
  deps: KubeletDeps,
): Promise<void> {
  const running = record.containers.filter(({ state }) => state === 'running');
  const sidecars = (pod.spec?.initContainers ?? []).filter(isSidecar).map(({ name }) => name);
  const startedAt = deps.clock.monotonic();
  const kill = (ids: { id: string; name: string }[]) => {
    const spent = Math.floor((deps.clock.monotonic() - startedAt) / 1000);
    const graceSeconds = Math.max(Math.min(1, options.graceSeconds), options.graceSeconds - spent);
    return Promise.allSettled(
      ids.map(({ id, name }) =>
        killContainer(pod, { id, name, message: `Stopping container ${name}` }, { ...options, graceSeconds }, deps),
      ),
    );
  };
  const results = await kill(running.filter(({ name }) => !sidecars.includes(name)));
  for (const name of sidecars.toReversed()) {
    results.push(...(await kill(running.filter((container) => container.name === name))));
  }
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Removes all that the runtime has of a pod. */
export async function removePod(record: PodRecord, runtime: ContainerRuntime): Promise<void> {
  for (const { id } of record.sandboxes) await runtime.removeSandbox(id);
  // What a sandbox did not take with it.
  const left = record.sandboxes.length > 0 ? await runtime.get(record.pod.uid) : record;
  for (const { id, state } of left?.containers ?? []) {
    if (state === 'running') await runtime.stopContainer(id, 0);
    await runtime.removeContainer(id);
  }
}

/** Removes every pod of the runtime, running or not: for a node that goes. */
export async function removeAllPods(runtime: ContainerRuntime): Promise<void> {
  const records = await runtime.list();
  const results = await Promise.allSettled(records.map((record) => removePod(record, runtime)));
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [messageOf(result.reason)] : []));
  if (failures.length > 0) throw new Error(`could not remove every pod: ${failures.join('; ')}`);
}
