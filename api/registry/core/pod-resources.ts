/** What a pod asks for as a whole, where its containers say it. */
import { parseQuantity } from '../../../base/quantity.ts';
import type { V1PodSpec } from '../../../openapi/generated/types.ts';
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
