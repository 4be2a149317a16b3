/** What a quota's status should say: counted from scratch, pure. */
import type { V1ResourceQuota, V1ResourceQuotaStatus } from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { type QuotaEvaluator, requirementsOfQuota } from '../../openapi/quota/evaluators.ts';
import { mask, nanosOf, quantityText, type ResourceList, sameAmounts } from '../../openapi/quota/resource-list.ts';

/** All objects of one kind in the quota's namespace. */
export interface Counted {
  evaluator: QuotaEvaluator;
  objects: readonly KubeObject[];
}

interface Total {
  nanos: bigint;
  /** In whose format it is written: the first amount that is not zero. */
  like: string;
}

type Usage = (evaluator: QuotaEvaluator, object: KubeObject) => ResourceList;

/**
 * The status after counting. What could not be counted keeps its amount. `usage` says what one object uses; a place to
 * remember it in.
 */
export function statusOf(
  quota: V1ResourceQuota,
  counted: readonly Counted[],
  usage: Usage = (evaluator, object) => evaluator.usage(object),
): V1ResourceQuotaStatus {
  const hard = quota.spec?.hard ?? {};
  const names = Object.keys(hard);
  const requirements = requirementsOfQuota(quota);
  const totals = new Map<string, Total>();
  for (const { evaluator, objects } of counted) {
    for (const name of names) {
      if (evaluator.matchesResource(name) && !totals.has(name)) totals.set(name, { nanos: 0n, like: '0' });
    }
    for (const object of objects) {
      if (!requirements.every((requirement) => evaluator.matchesScope(requirement, object))) continue;
      add(totals, usage(evaluator, object));
    }
  }
  const used: Record<string, string> = { ...mask(quota.status?.used ?? {}, names) };
  for (const [name, { nanos, like }] of totals) used[name] = quantityText(nanos, like);
  return { hard: { ...hard }, used };
}

function add(totals: ReadonlyMap<string, Total>, usage: ResourceList): void {
  for (const name in usage) {
    const total = totals.get(name);
    const text = usage[name];
    if (!total || text === undefined) continue;
    if (total.nanos === 0n) total.like = text;
    total.nanos += nanosOf(text);
  }
}

export function sameStatus(a: V1ResourceQuotaStatus | undefined, b: V1ResourceQuotaStatus): boolean {
  return (
    a?.hard !== undefined &&
    a.used !== undefined &&
    sameAmounts(a.hard, b.hard ?? {}) &&
    sameAmounts(a.used, b.used ?? {})
  );
}

/** Whether nobody but the counting of objects can change the status: it knows its limits, and what is used of each. */
export function isInitialized({ spec, status }: V1ResourceQuota): boolean {
  const { hard = {}, used = {} } = status ?? {};
  return sameAmounts(spec?.hard ?? {}, hard) && Object.keys(hard).every((name) => used[name] !== undefined);
}
