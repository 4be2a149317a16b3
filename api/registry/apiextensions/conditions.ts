/** Conditions of CustomResourceDefinitions. */
import { rfc3339 } from '../../../base/clock.ts';
import type {
  V1CustomResourceDefinition,
  V1CustomResourceDefinitionCondition,
} from '../../../openapi/generated/types.ts';

export type Crd = V1CustomResourceDefinition;
export type Condition = Omit<V1CustomResourceDefinitionCondition, 'lastTransitionTime'>;

export function findCondition(crd: Crd, type: string): V1CustomResourceDefinitionCondition | undefined {
  return crd.status?.conditions?.find((condition) => condition.type === type);
}

export function isConditionTrue(crd: Crd, type: string): boolean {
  return findCondition(crd, type)?.status === 'True';
}

/** Sets a condition in place; the time of its last transition is `now`, in ms, only where its status changes. */
export function setCondition(crd: Crd, condition: Condition, now: number): void {
  crd.status ??= {};
  crd.status.conditions ??= [];
  const { conditions } = crd.status;
  const existing = conditions.find(({ type }) => type === condition.type);
  const lastTransitionTime =
    existing?.status === condition.status && existing.lastTransitionTime ? existing.lastTransitionTime : rfc3339(now);
  const { message, reason, status, type } = condition;
  const next = { lastTransitionTime, message, reason, status, type } as V1CustomResourceDefinitionCondition;
  if (existing) conditions[conditions.indexOf(existing)] = next;
  else conditions.push(next);
}

export function removeCondition(crd: Crd, type: string): void {
  if (!crd.status?.conditions) return;
  crd.status.conditions = crd.status.conditions.filter((condition) => condition.type !== type);
}

/** Whether both say the same, whenever they began to. */
export function isSameCondition(a: Condition | undefined, b: Condition | undefined): boolean {
  return a?.type === b?.type && a?.status === b?.status && a?.reason === b?.reason && a?.message === b?.message;
}
