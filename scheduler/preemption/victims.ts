/** Whom to evict from one node so that a pod fits, and which node costs least. Pure but for the order of equals. */
import type { V1Pod, V1PodDisruptionBudget } from '../../openapi/generated/types.ts';
import { selectorRequirements } from '../../openapi/label-selector.ts';
import { matchesLabels } from '../../openapi/selectors.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { NodeFilter, Rejection } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';

export interface Candidate {
  node: NodeInfo;
  /** The most important first; never empty. */
  victims: readonly PodInfo[];
  /** Evictions that a disruption budget does not allow. */
  violations: number;
}

export const NO_VICTIMS: Rejection = {
  plugin: 'DefaultPreemption',
  reasons: ['No preemption victims found for incoming pod'],
  resolvable: false,
};

/**
 * The fewest pods of lower priority that have to go for the pod to fit on the node. Takes them off in thought: the
 * cluster is as before when this returns.
 */
export function selectVictims(
  pod: PodInfo,
  node: NodeInfo,
  cluster: ClusterState,
  filter: NodeFilter,
  budgets: readonly V1PodDisruptionBudget[],
): Candidate | Rejection {
  const potential = [...node.pods.values()].filter(({ priority }) => priority < pod.priority);
  if (potential.length === 0) return NO_VICTIMS;
  for (const victim of potential) cluster.detach(victim, node);
  const gone = new Set(potential);
  try {
    const rejection = filter(node);
    if (rejection) return rejection;
    potential.sort(byImportance);
    const { violating, others } = splitByBudgets(potential, budgets);
    const reprieve = (victims: readonly PodInfo[]): number => {
      let left = 0;
      for (const victim of victims) {
        cluster.attach(victim, node);
        gone.delete(victim);
        if (!filter(node)) continue;
        cluster.detach(victim, node);
        gone.add(victim);
        left += 1;
      }
      return left;
    };
    const violations = reprieve(violating);
    reprieve(others);
    return { node, victims: potential.filter((victim) => gone.has(victim)), violations };
  } finally {
    for (const victim of gone) cluster.attach(victim, node);
  }
}

/** The higher priority first, then the one that has run longer. */
export function byImportance(a: PodInfo, b: PodInfo): number {
  return b.priority - a.priority || startedAt(a.pod) - startedAt(b.pod);
}

/** Milliseconds; a pod that has not started counts as starting now, later than all others. */
function startedAt({ status }: V1Pod): number {
  return status?.startTime ? Date.parse(String(status.startTime)) : Number.MAX_SAFE_INTEGER;
}

/** Those whose eviction would break a budget, counting what the evictions before them use up; both keep their order. */
export function splitByBudgets(
  pods: readonly PodInfo[],
  budgets: readonly V1PodDisruptionBudget[],
): { violating: PodInfo[]; others: PodInfo[] } {
  const rest = budgets.map(({ metadata, spec, status }) => ({
    namespace: metadata?.namespace,
    requirements: selectorRequirements(spec?.selector) ?? [],
    processed: status?.disruptedPods ?? {},
    allowed: status?.disruptionsAllowed ?? 0,
  }));
  const violating: PodInfo[] = [];
  const others: PodInfo[] = [];
  for (const pod of pods) {
    let breaks = false;
    for (const budget of rest) {
      if (budget.namespace !== pod.namespace || budget.requirements.length === 0) continue;
      if (!pod.labels || !matchesLabels(budget.requirements, pod.labels)) continue;
      // The server has counted that one already.
      if (Object.hasOwn(budget.processed, pod.pod.metadata?.name ?? '')) continue;
      budget.allowed -= 1;
      if (budget.allowed < 0) breaks = true;
    }
    (breaks ? violating : others).push(pod);
  }
  return { violating, others };
}

/** Each in turn decides among those that are equal so far; less is better. */
const COSTS: readonly ((candidate: Candidate) => number)[] = [
  ({ violations }) => violations,
  ({ victims }) => victims[0]?.priority ?? 0,
  // Shifted, so that more victims never cost less because their priorities are negative.
  ({ victims }) => victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0),
  ({ victims }) => victims.length,
  (candidate) => -earliestStart(candidate),
];

/** The candidate that costs least, by upstream's rules; the first of equals. */
export function cheapest(candidates: readonly Candidate[]): Candidate | undefined {
  let rest = candidates;
  for (const cost of COSTS) {
    if (rest.length <= 1) break;
    const costs = rest.map(cost);
    const least = costs.reduce((a, b) => Math.min(a, b));
    rest = rest.filter((_, i) => costs[i] === least);
  }
  return rest[0];
}

/** When the first of the most important victims started. */
function earliestStart({ victims }: Candidate): number {
  const highest = victims[0]?.priority;
  const starts = victims.filter(({ priority }) => priority === highest).map(({ pod }) => startedAt(pod));
  return starts.reduce((a, b) => Math.min(a, b), Number.MAX_SAFE_INTEGER);
}
