/** Quality of service: which class a pod is in, and what that means for its containers' OOM score. */
import { quantityMillis, quantityUnits } from '../../base/quantity.ts';
import type { V1Container, V1Pod } from '../../openapi/generated/types.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const COUNTED = ['cpu', 'memory'] as const;

/** As upstream: requests and limits equal everywhere, none anywhere, or in between. */
export function qosClassOf(pod: V1Pod): QosClass {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  let any = false;
  let guaranteed = true;
  for (const container of containers) {
    for (const resource of COUNTED) {
      const request = amount(container.resources?.requests, resource);
      const limit = amount(container.resources?.limits, resource);
      if (request > 0 || limit > 0) any = true;
      if (limit === 0 || (request !== limit && request !== 0)) guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

function amount(list: Record<string, string> | undefined, resource: 'cpu' | 'memory'): number {
  const text = list?.[resource];
  return resource === 'cpu' ? quantityMillis(text) : quantityUnits(text);
}

const CRITICAL_PRIORITY = 2_000_000_000;

/** -997 for guaranteed and critical pods, 1000 for best effort, in between by the share of memory asked for. */
export function oomScoreAdjOf(pod: V1Pod, container: V1Container, memoryCapacityBytes: number): number {
  if ((pod.spec?.priority ?? 0) >= CRITICAL_PRIORITY) return -997;
  const qos = qosClassOf(pod);
  if (qos === 'Guaranteed') return -997;
  if (qos === 'BestEffort') return 1000;
  const request = quantityUnits(container.resources?.requests?.memory);
  const score = 1000 - Math.floor((1000 * request) / Math.max(1, memoryCapacityBytes));
  return Math.min(999, Math.max(3, score));
}
