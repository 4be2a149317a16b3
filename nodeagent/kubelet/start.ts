/** Brings things to life: a pod's sandbox, a container in it. */
import { mkdir } from 'node:fs/promises';
import { isAbort, messageOf } from '../../base/errors.ts';
import type { V1Container, V1LifecycleHandler, V1Pod } from '../../openapi/generated/types.ts';
import type { PodRecord, SandboxRecord } from '../runtime/runtime.ts';
import { type ContainerContext, containerSpecOf, sandboxSpecOf } from './container-spec.ts';
import { factsFor, type KubeletDeps, podEvent } from './deps.ts';
import { runHook } from './hooks.ts';
import { StartError } from './images.ts';
import { killContainer } from './kill.ts';
import { containerHash, goDuration, hasExited, identityOf, instancesOf, podText } from './names.ts';
import { podDirectory, prepareVolumes } from './volumes.ts';
import { claimVolumes } from './volumes-claims.ts';

/** Makes the pod's directory and volumes. Rejects with `StartError`, after an Event that says why. */
export async function makeVolumes(pod: V1Pod, deps: KubeletDeps, podIP: string): Promise<Map<string, string>> {
  const warn = (message: string) => podEvent(deps, pod, 'Warning', 'FailedMount', message);
  try {
    await mkdir(podDirectory(deps.rootDir, identityOf(pod).uid), { recursive: true });
    return await prepareVolumes(pod, {
      rootDir: deps.rootDir,
      config: deps.config,
      claims: claimVolumes(deps.client),
      tokens: deps.tokens,
      random: deps.random,
      facts: factsFor(deps, podIP),
      warn,
    });
  } catch (error) {
    warn(messageOf(error));
    throw new StartError('ContainerCreating', messageOf(error));
  }
}

/** Rejects with `StartError`, after an Event; or as the signal says. */
export async function makeSandbox(
  pod: V1Pod,
  attempt: number,
  deps: KubeletDeps,
  signal: AbortSignal,
): Promise<SandboxRecord> {
  try {
    return await deps.runtime.runSandbox(sandboxSpecOf(pod, attempt, deps), signal);
  } catch (error) {
    if (isAbort(error, signal)) throw error;
    const message = `Failed to create pod sandbox: ${messageOf(error)}`;
    podEvent(deps, pod, 'Warning', 'FailedCreatePodSandBox', message);
    throw new StartError('ContainerCreating', message);
  }
}

/** The key under which a container's restarts are counted. */
export function restartKey(pod: V1Pod, container: V1Container): string {
  const { uid, namespace, name } = identityOf(pod);
  return `${uid}_${name}_${namespace}_${container.name}_${containerHash(container)}`;
}

/** Rejects with `StartError` while the container's last end is too recent. */
export function awaitBackoff(pod: V1Pod, container: V1Container, record: PodRecord, deps: KubeletDeps): void {
  const last = instancesOf(record, container.name).find(hasExited);
  if (!last) return;
  const key = restartKey(pod, container);
  const endedAt = last.finishedAt ?? last.createdAt;
  const remaining = deps.restarts.remainingMs(key, endedAt);
  if (remaining === 0) {
    deps.restarts.next(key, endedAt);
    return;
  }
  const waits = goDuration(deps.restarts.delayMs(key));
  podEvent(
    deps,
    pod,
    'Warning',
    'BackOff',
    `Back-off restarting failed container ${container.name} in pod ${podText(pod)}`,
    container.name,
  );
  throw new StartError(
    'CrashLoopBackOff',
    `back-off ${waits} restarting failed container=${container.name} pod=${podText(pod)}`,
    remaining,
  );
}

/** Pulls, creates, starts, and runs the postStart hook. Rejects with `StartError`; events as upstream's. */
export async function startContainer(
  context: Omit<ContainerContext, 'image'>,
  deps: KubeletDeps,
  signal: AbortSignal,
): Promise<void> {
  const { pod, container } = context;
  const fail = (reason: string, error: unknown, retryMs?: number): StartError => {
    const message = messageOf(error);
    podEvent(deps, pod, 'Warning', 'Failed', `Error: ${message}`, container.name);
    return new StartError(reason, message, retryMs);
  };
  const image = await deps.images.ensure(pod, container, signal).catch((error: unknown) => {
    if (error instanceof StartError) {
      podEvent(deps, pod, 'Warning', 'Failed', `Error: ${error.reason}`, container.name);
    }
    throw error;
  });
  const spec = await containerSpecOf({ ...context, image }, deps).catch((error: unknown) => {
    throw fail('CreateContainerConfigError', error);
  });
  signal.throwIfAborted();
  const id = await deps.runtime.createContainer(spec).catch((error: unknown) => {
    throw fail('CreateContainerError', error);
  });
  podEvent(deps, pod, 'Normal', 'Created', 'Container created', container.name);
  await deps.runtime.startContainer(id).catch((error: unknown) => {
    throw fail('RunContainerError', error);
  });
  podEvent(deps, pod, 'Normal', 'Started', 'Container started', container.name);
  const hook = container.lifecycle?.postStart;
  if (hook) await postStart(context, id, hook, deps, signal);
}

async function postStart(
  { pod, container, sandbox }: Omit<ContainerContext, 'image'>,
  id: string,
  hook: V1LifecycleHandler,
  deps: KubeletDeps,
  signal: AbortSignal,
): Promise<void> {
  try {
    await runHook(hook, { pod, container, containerId: id, podIP: sandbox.ip ?? deps.nodeIP }, deps, signal);
  } catch (error) {
    if (isAbort(error, signal)) throw error;
    podEvent(deps, pod, 'Warning', 'FailedPostStartHook', 'PostStartHook failed', container.name);
    await killContainer(
      pod,
      { id, name: container.name, message: 'FailedPostStartHook' },
      { graceSeconds: pod.spec?.terminationGracePeriodSeconds ?? 30, podIP: sandbox.ip ?? '', signal },
      deps,
    );
    throw new StartError('PostStartHookError', messageOf(error));
  }
}
