/** Conditions of autoscalers. Pure. */
import { rfc3339 } from '../../base/clock.ts';
import type { V2HorizontalPodAutoscalerCondition } from '../../openapi/generated/types.ts';

export type Conditions = readonly V2HorizontalPodAutoscalerCondition[];

export interface ConditionChange {
  type: 'AbleToScale' | 'ScalingActive' | 'ScalingLimited';
  isTrue: boolean;
  reason: string;
  message: string;
}

/** The list with one condition as it is now; its time changes only with its status. */
export function withCondition(conditions: Conditions, change: ConditionChange, nowMs: number): Conditions {
  const status = change.isTrue ? 'True' : 'False';
  const { type, reason, message } = change;
  const old = conditions.find((condition) => condition.type === type);
  const lastTransitionTime = old?.status === status ? old.lastTransitionTime : undefined;
  const next = { type, status, lastTransitionTime: lastTransitionTime ?? rfc3339(nowMs), reason, message };
  return old ? conditions.map((condition) => (condition === old ? next : condition)) : [...conditions, next];
}
