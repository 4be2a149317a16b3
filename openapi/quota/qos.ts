/** The quality of service that follows from what a pod asks for. */
import { parseQuantity } from '../../base/quantity.ts';
import type { V1Pod } from '../generated/types.ts';

const COMPUTE = ['cpu', 'memory'] as const;

/**
 * `Guaranteed` when every container limits cpu and memory and requests as much, `BestEffort` when none asks for
 * anything, `Burstable` otherwise. Resources of the pod itself take the place of its containers'.
 */
export function qosClassOf(pod: V1Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const own = pod.spec?.resources;
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const parts = own && (own.requests || own.limits) ? [own] : containers.map(({ resources = {} }) => resources);
  const amounts = parts.flatMap(({ requests = {}, limits = {} }) =>
    COMPUTE.map((name) => ({ request: nanosOf(requests[name]), limit: nanosOf(limits[name]) })),
  );
  if (amounts.every(({ request, limit }) => request === 0n && limit === 0n)) return 'BestEffort';
  return amounts.every(({ request, limit }) => limit > 0n && request === limit) ? 'Guaranteed' : 'Burstable';
}

function nanosOf(text: string | undefined): bigint {
  return parseQuantity(text ?? '0') ?? 0n;
}
