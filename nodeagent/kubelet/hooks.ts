/** Lifecycle hooks: what a container runs after its start and before its end. */
import { messageOf } from '../../base/errors.ts';
import type { V1Container, V1LifecycleHandler, V1Pod } from '../../openapi/generated/types.ts';
import { type KubeletDeps, podEvent } from './deps.ts';
import { requestOf, runInContainer } from './handlers.ts';
import { deadline, httpGet, tcpConnect } from './http-get.ts';

const HOOK_HTTP_TIMEOUT_MS = 30_000;

export interface HookTarget {
  pod: V1Pod;
  container: V1Container;
  containerId: string;
  podIP: string;
}

/** Runs a lifecycle hook to its end; rejects when it fails. */
export async function runHook(
  hook: V1LifecycleHandler,
  { container, containerId, podIP }: HookTarget,
  deps: Pick<KubeletDeps, 'runtime' | 'clock'>,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = deps;
  // With nobody in the container to do it, it counts as done.
  if (!hook.sleep && deps.runtime.probe?.(containerId)) return;
  if (hook.exec) {
    const command = hook.exec.command ?? [];
    const { exitCode, output } = await runInContainer(deps, containerId, command, undefined, signal);
    if (exitCode !== 0) {
      throw new Error(`command '${command.join(' ')}' exited with ${exitCode}: ${output}`);
    }
  } else if (hook.httpGet) {
    const { status } = await httpGet(requestOf(hook.httpGet, container, podIP), HOOK_HTTP_TIMEOUT_MS, clock, signal);
    if (status >= 400) throw new Error(`HTTP hook failed with statuscode: ${status}`);
  } else if (hook.tcpSocket) {
    const { host, port } = requestOf({ ...hook.tcpSocket }, container, podIP);
    await tcpConnect(host, port, HOOK_HTTP_TIMEOUT_MS, clock, signal);
  } else if (hook.sleep) {
    await clock.sleep(hook.sleep.seconds * 1000, signal);
  }
}

/** Runs a preStop hook for at most `graceSeconds`; resolves with the seconds it took, whatever became of it. */
export async function preStop(
  hook: V1LifecycleHandler,
  target: HookTarget,
  graceSeconds: number,
  deps: KubeletDeps,
  signal: AbortSignal,
): Promise<number> {
  const start = deps.clock.monotonic();
  try {
    await deadline(graceSeconds * 1000, deps.clock, signal, (limit) => runHook(hook, target, deps, limit));
  } catch (error) {
    deps.log.info({ pod: target.pod.metadata?.name, error: messageOf(error) }, 'kubelet: preStop hook did not succeed');
    podEvent(deps, target.pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', target.container.name);
  }
  return Math.floor((deps.clock.monotonic() - start) / 1000);
}
