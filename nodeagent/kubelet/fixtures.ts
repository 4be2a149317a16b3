/** Pods and records for tests. */
import { systemClock } from '../../base/clock.ts';
import type { V1Container, V1Pod, V1PodSpec } from '../../openapi/generated/types.ts';
import type { ContainerRecord, PodRecord, SandboxRecord } from '../runtime/runtime.ts';
import { containerHash, HASH_LABEL, RESTART_COUNT_LABEL, SANDBOX_LABEL } from './names.ts';

export const NOW = Date.UTC(2026, 0, 1);
export const IDENTITY = { uid: 'u1', namespace: 'default', name: 'web' };

export function container(name = 'web', more: Partial<V1Container> = {}): V1Container {
  return { name, image: 'busybox:1', imagePullPolicy: 'IfNotPresent', ...more };
}

export function pod(spec: Partial<V1PodSpec> = {}, metadata: V1Pod['metadata'] = {}): V1Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...IDENTITY, generation: 1, resourceVersion: '1', ...metadata },
    spec: { containers: [container()], restartPolicy: 'Always', nodeName: 'n1', ...spec },
  };
}

export function sandbox(more: Partial<SandboxRecord> = {}): SandboxRecord {
  return { id: 's1', pod: IDENTITY, attempt: 0, ready: true, createdAt: NOW, ip: '10.1.0.1', ...more };
}

export function instance(
  name = 'web',
  more: Partial<ContainerRecord> = {},
  restartCount = 0,
  hash = containerHash(container(name)),
): ContainerRecord {
  const state = more.state ?? 'running';
  return {
    id: `${name}-${restartCount}`,
    pod: IDENTITY,
    name,
    attempt: restartCount,
    state,
    image: 'busybox:1',
    imageId: 'sha256:1',
    createdAt: NOW + restartCount,
    ...(state === 'created' ? {} : { startedAt: NOW + restartCount }),
    ...(state === 'exited' ? { finishedAt: NOW + 1000, exitCode: 0 } : {}),
    labels: { [HASH_LABEL]: hash, [RESTART_COUNT_LABEL]: String(restartCount), [SANDBOX_LABEL]: 's1' },
    ...more,
  };
}

export function record(containers: ContainerRecord[] = [], sandboxes = [sandbox()]): PodRecord {
  return { pod: IDENTITY, sandboxes, containers };
}

/** Waits until `check` stops throwing; rethrows its last complaint after five seconds. */
export async function eventually<T>(check: () => T): Promise<T> {
  const start = systemClock.monotonic();
  for (;;) {
    try {
      return check();
    } catch (error) {
      if (systemClock.monotonic() - start > 5000) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
