/** What a pod asks for, and the quality of service that follows from it. */
import { parseQuantity } from '../../../base/quantity.ts';
import type { V1Pod, V1PodSpec } from '../../../openapi/generated/types.ts';
import { canonicalQuantity } from '../validation/quantities.ts';

const COMPUTE = ['cpu', 'memory'] as const;
const NANO = 1_000_000_000n;

/** Pod-level requests that follow from pod-level limits and from what the containers ask for. */
export function withPodLevelDefaults(spec: V1PodSpec): void {
  const limits = spec.resources?.limits;
  if (!spec.resources || !limits || Object.keys(limits).length === 0) return;
  const requests = { ...spec.resources.requests };
  for (const name of COMPUTE) {
    const asked = spec.containers.map((container) => container.resources?.requests?.[name]);
    if (requests[name] === undefined && asked.some((text) => text !== undefined)) requests[name] = sum(asked, name);
  }
  for (const [name, text] of Object.entries(limits)) requests[name] ??= text;
  spec.resources.requests = requests;
}

function sum(texts: readonly (string | undefined)[], name: string): string {
  const nanos = texts.reduce((total, text) => total + (parseQuantity(text ?? '0') ?? 0n), 0n);
  const text = name === 'memory' ? `${nanos / NANO}` : `${nanos}n`;
  return canonicalQuantity(text) ?? text;
}

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
