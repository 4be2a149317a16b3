/** Which pods a rolling update deletes and makes next. Pure. */
import type { V1DaemonSet, V1Pod } from '../../openapi/generated/types.ts';
import { scaledValue } from '../runtime/scaled-value.ts';
import type { Rollout } from './node-view.ts';
import type { Tally } from './tally.ts';

export interface Limits {
  /** Nodes that may have two pods at a time. */
  surge: number;
  /** Nodes that may have no available pod. */
  unavailable: number;
}

/** Shares of `desired` are rounded up. Where neither is allowed, one node may be without a pod. */
export function limitsOf(set: V1DaemonSet, desired: number): Limits {
  const { maxSurge = 0, maxUnavailable = 0 } = set.spec?.updateStrategy?.rollingUpdate ?? {};
  const surge = scaledValue(maxSurge, desired, true);
  const unavailable = scaledValue(maxUnavailable, desired, true);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

export function isRollingUpdate(set: V1DaemonSet): boolean {
  return set.spec?.updateStrategy?.type === 'RollingUpdate';
}

/** Whether new pods may run beside old ones. */
export function allowsSurge(set: V1DaemonSet): boolean {
  return isRollingUpdate(set) && limitsOf(set, 1).surge > 0;
}

export interface RollingSteps {
  delete: { node: string; pod: V1Pod }[];
  /** Nodes for which a pod is to be made. */
  create: string[];
}

export function rollingSteps(tally: Tally, limits: Limits): RollingSteps {
  return limits.surge > 0 ? surging(tally, limits) : replacing(tally, limits);
}

/** Old pods that are not available go at once; available ones as long as not too many nodes are without. */
function replacing(tally: Tally, limits: Limits): RollingSteps {
  const without: Rollout[] = [
    'excess',
    'empty',
    'new waiting',
    'both',
    'both waiting',
    'old unwell',
    'old stray unwell',
  ];
  const budget = limits.unavailable - countAt(tally, without);
  const unwell = podsAt(tally, ['old unwell', 'old stray unwell']);
  return { delete: [...unwell, ...podsAt(tally, ['old', 'old stray'], budget)], create: [] };
}

/**
 * New pods are made beside old ones, and the old ones go when the new ones are available. Nodes that should have no pod
 * any more keep theirs until elsewhere enough are available.
 */
function surging(tally: Tally, limits: Limits): RollingSteps {
  const budget = limits.surge - countAt(tally, ['excess', 'both waiting']);
  const spare = tally.serving - tally.desired;
  return {
    delete: [...podsAt(tally, ['both', 'old stray unwell']), ...podsAt(tally, ['old stray'], spare)],
    create: [...tally.at('old unwell').keys(), ...firstOf(tally.at('old').keys(), budget)],
  };
}

function countAt(tally: Tally, rollouts: readonly Rollout[]): number {
  return rollouts.reduce((sum, rollout) => sum + tally.at(rollout).size, 0);
}

/** The old pods of nodes in these states, `limit` of them at most. */
function podsAt(tally: Tally, rollouts: readonly Rollout[], limit = Number.POSITIVE_INFINITY) {
  const found: RollingSteps['delete'] = [];
  for (const rollout of rollouts) {
    for (const [node, { oldPod }] of tally.at(rollout)) {
      if (found.length >= limit) return found;
      if (oldPod) found.push({ node, pod: oldPod });
    }
  }
  return found;
}

function firstOf(nodes: Iterable<string>, limit: number): string[] {
  const found: string[] = [];
  for (const node of nodes) {
    if (found.length >= limit) break;
    found.push(node);
  }
  return found;
}
