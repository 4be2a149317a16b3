/**
 * What simulated pods use. Nothing is measured: each pod declares it, so whoever serves metrics reads it off the pods
 * themselves, wherever the simulator runs. Pure.
 */
import type { V1Pod } from '../../openapi/generated/types.ts';
import { scriptOf } from './script.ts';

export interface DeclaredUsage {
  cpuMillis: number;
  memoryBytes: number;
}

/** By the containers of the pod that run, in equal shares; nothing for a pod without any. */
export function declaredUsage(pod: V1Pod): Map<string, DeclaredUsage> {
  const { cpuMillis = 0, memoryBytes = 0 } = scriptOf(pod.metadata?.annotations);
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const running = [...initContainerStatuses, ...containerStatuses].filter(({ state }) => state?.running);
  const share = { cpuMillis: cpuMillis / running.length, memoryBytes: Math.round(memoryBytes / running.length) };
  return new Map(running.map(({ name }) => [name, share]));
}

/** What a node uses: what its pods do. */
export function declaredNodeUsage(pods: Iterable<V1Pod>): DeclaredUsage {
  const total = { cpuMillis: 0, memoryBytes: 0 };
  for (const pod of pods) {
    for (const { cpuMillis, memoryBytes } of declaredUsage(pod).values()) {
      total.cpuMillis += cpuMillis;
      total.memoryBytes += memoryBytes;
    }
  }
  return total;
}
