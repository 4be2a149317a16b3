/**
 * When the change happened that makes Endpoints change: the earliest among what is new since the last look at the
 * Service. From it others measure how long the news took.
 */
import type { V1Pod, V1Service } from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import { readyCondition } from '../runtime/pods.ts';

export class TriggerTimes {
  /** What was seen of each Service: its creation, and when the readiness of each of its pods last changed. */
  readonly #seen = new Map<string, { serviceMs: number; podMs: Map<string, number> }>();

  /** RFC 3339 with whole seconds; `undefined` when nothing that carries a time has changed. */
  compute(service: V1Service, pods: readonly V1Pod[]): string | undefined {
    const key = keyOf(service);
    const before = this.#seen.get(key);
    const createdMs = Date.parse(service.metadata?.creationTimestamp ?? '') || 0;
    const podMs = new Map<string, number>();
    const changed: number[] = [];
    for (const pod of pods) {
      const ms = Date.parse(readyCondition(pod)?.lastTransitionTime ?? '');
      if (Number.isNaN(ms)) continue;
      const name = pod.metadata?.name ?? '';
      podMs.set(name, ms);
      if (ms > (before?.podMs.get(name) ?? 0)) changed.push(ms);
    }
    if (createdMs > (before?.serviceMs ?? 0)) changed.push(createdMs);
    this.#seen.set(key, { serviceMs: createdMs, podMs });
    if (!before) return service.metadata?.creationTimestamp;
    return changed.length > 0 ? `${new Date(Math.min(...changed)).toISOString().slice(0, 19)}Z` : undefined;
  }

  forget(key: string): void {
    this.#seen.delete(key);
  }
}
