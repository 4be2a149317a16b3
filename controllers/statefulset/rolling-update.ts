/** Which pods a StatefulSet replaces because their revision is old. Pure. */
import type { V1Pod, V1StatefulSet } from '../../openapi/generated/types.ts';
import { isAvailable, isFinished } from '../runtime/pods.ts';
import { scaledValue } from '../runtime/scaled-value.ts';
import { revisionOf } from './identity.ts';
import type { Slot } from './plan.ts';

/** The pods to delete now, highest ordinal first. `slots` are all ordinals in range, lowest first. */
export function outdatedPods(
  set: V1StatefulSet,
  slots: readonly Slot[],
  updateRevision: string,
  nowMs: number,
): V1Pod[] {
  const { partition = 0, maxUnavailable = 1 } = set.spec?.updateStrategy?.rollingUpdate ?? {};
  const look: Look = { set, slots, partition, updateRevision, nowMs };
  const limit = unavailableLimit(maxUnavailable, slots.length);
  return limit === 1 ? oneAtATime(look) : severalAtATime(look, limit);
}

interface Look {
  set: V1StatefulSet;
  slots: readonly Slot[];
  partition: number;
  updateRevision: string;
  nowMs: number;
}

/** A share of the replicas is rounded down; at least one. */
function unavailableLimit(maxUnavailable: number | string, replicas: number): number {
  return Math.max(1, scaledValue(maxUnavailable, replicas, false));
}

/** The highest outdated pod, once all above it are updated and available. That it is unwell does not protect it. */
function oneAtATime(look: Look): V1Pod[] {
  for (let i = look.slots.length - 1; i >= look.partition; i--) {
    const pod = look.slots[i]?.pod;
    if (pod && isReplaceable(look, pod)) return [pod];
    if (!isUp(look, pod)) return [];
  }
  return [];
}

/**
 * As many as may be missing at once. Side by side, outdated pods that are unwell go all: nothing is lost with them, and
 * they are likely to stay unwell.
 */
function severalAtATime(look: Look, limit: number): V1Pod[] {
  const outdated = look.slots
    .slice(look.partition)
    .reverse()
    .flatMap(({ pod }) => (pod && isReplaceable(look, pod) ? [pod] : []));
  const budget = Math.max(0, limit - look.slots.filter(({ pod }) => !isUp(look, pod)).length);
  if (look.set.spec?.podManagementPolicy !== 'Parallel') return outdated.slice(0, budget);
  const unwell = outdated.filter((pod) => !isUp(look, pod));
  return [...unwell, ...outdated.filter((pod) => isUp(look, pod)).slice(0, budget)];
}

/** Finished pods are replaced in any case. */
function isReplaceable({ updateRevision }: Look, pod: V1Pod): boolean {
  return revisionOf(pod) !== updateRevision && pod.metadata?.deletionTimestamp === undefined && !isFinished(pod);
}

function isUp({ set, nowMs }: Look, pod: V1Pod | undefined): boolean {
  return (
    pod !== undefined &&
    pod.metadata?.deletionTimestamp === undefined &&
    isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)
  );
}
