/** DefaultPreemption: a pod that fits nowhere may take the place of pods with lower priority, where that costs least. */
import type { Random } from '../../base/random.ts';
import type { V1Pod, V1PodDisruptionBudget } from '../../openapi/generated/types.ts';
import { unschedulableMessage } from '../fit-error.ts';
import type { Diagnosis, FailedCycle, Plugin, PostFilterResult, Rejection } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PreemptionExecutor } from '../preemption/executor.ts';
import { type Candidate, cheapest, NO_VICTIMS, selectVictims } from '../preemption/victims.ts';

const NAME = 'DefaultPreemption';

export interface DefaultPreemptionArgs {
  /** How many candidates are enough: this share of the nodes where it may help, default 10, */
  minCandidateNodesPercentage?: number;
  /** but no fewer than this, default 100. */
  minCandidateNodesAbsolute?: number;
}

export interface PreemptionDependencies {
  budgets: () => readonly V1PodDisruptionBudget[];
  random: Random;
  executor: Pick<PreemptionExecutor, 'isPreempting' | 'execute'>;
}

const NOT_HELPFUL: Rejection = {
  plugin: NAME,
  reasons: ['Preemption is not helpful for scheduling'],
  resolvable: false,
};

export function defaultPreemption(args: DefaultPreemptionArgs, dependencies: PreemptionDependencies): Plugin {
  const { executor } = dependencies;
  return {
    name: NAME,
    // The plugins that turned the pod away know best when to try again.
    events: {},
    preEnqueue({ uid }) {
      if (!executor.isPreempting(uid)) return undefined;
      return {
        plugin: NAME,
        reasons: ['waiting for the preemption for this pod to be finished'],
        resolvable: false,
      };
    },
    postFilter(cycle) {
      const result = preempt(cycle, args, dependencies);
      return { ...result, message: result.message === '' ? '' : `preemption: ${result.message}` };
    },
  };
}

function preempt(
  cycle: FailedCycle,
  args: DefaultPreemptionArgs,
  { budgets, random, executor }: PreemptionDependencies,
): PostFilterResult {
  const { pod, diagnosis } = cycle;
  const obstacle = ineligible(cycle);
  if (obstacle !== undefined) return { message: obstacle };
  const { candidates, rejectedNodes, rejections } = dryRun(cycle, args, budgets(), random);
  const chosen = cheapest(candidates);
  if (!chosen) {
    const failed: Diagnosis = { nodeCount: diagnosis.nodeCount, rejectedNodes, rejections, absent: NOT_HELPFUL };
    return { nominatedNodeName: '', message: unschedulableMessage(failed) };
  }
  return { nominatedNodeName: chosen.node.name, message: '', execute: () => executor.execute(pod, chosen) };
}

/** Why the pod may not preempt now, in upstream's words. */
function ineligible({ pod, cluster, diagnosis }: FailedCycle): string | undefined {
  if (pod.pod.spec?.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const nominated = cluster.nominator.nodeOf(pod.uid) ?? pod.pod.status?.nominatedNodeName;
  const node = nominated ? cluster.node(nominated) : undefined;
  if (!node) return undefined;
  const index = diagnosis.rejectedNodes.indexOf(node);
  // Its promised node has become impossible: it may look for another.
  if (index >= 0 && diagnosis.rejections[index]?.resolvable === false) return undefined;
  for (const { priority, pod: other } of node.pods.values()) {
    if (priority < pod.priority && isLeavingForPreemption(other)) {
      return 'not eligible due to a terminating pod on the nominated node.';
    }
  }
  return undefined;
}

function isLeavingForPreemption({ metadata, status }: V1Pod): boolean {
  if (!metadata?.deletionTimestamp) return false;
  const condition = status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  return condition?.status === 'True' && condition.reason === 'PreemptionByScheduler';
}

interface DryRun {
  /** Those that break no budget first. */
  candidates: Candidate[];
  rejectedNodes: NodeInfo[];
  rejections: Rejection[];
}

function dryRun(
  { pod, cluster, diagnosis, filter }: FailedCycle,
  args: DefaultPreemptionArgs,
  budgets: readonly V1PodDisruptionBudget[],
  random: Random,
): DryRun {
  const nodes = helpedNodes(diagnosis, cluster.nodes);
  // In most clusters all pods are equal: then there is nothing to find out, node by node.
  if (!cluster.hasLowerPriority(pod.priority)) {
    return { candidates: [], rejectedNodes: [...nodes], rejections: nodes.map(() => NO_VICTIMS) };
  }
  const run: DryRun = { candidates: [], rejectedNodes: [], rejections: [] };
  const violating: Candidate[] = [];
  const enough = candidatesEnough(nodes.length, args);
  const offset = Math.floor(random.next() * nodes.length);
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[(offset + i) % nodes.length] as NodeInfo;
    const found = selectVictims(pod, node, cluster, filter, budgets);
    if (!('victims' in found)) {
      run.rejectedNodes.push(node);
      run.rejections.push(found);
      continue;
    }
    (found.violations > 0 ? violating : run.candidates).push(found);
    if (run.candidates.length > 0 && run.candidates.length + violating.length >= enough) break;
  }
  run.candidates.push(...violating);
  return run;
}

/** Nodes that turned the pod away for something that evictions can change. */
function helpedNodes(diagnosis: Diagnosis, all: readonly NodeInfo[]): readonly NodeInfo[] {
  const { rejectedNodes, rejections, absent } = diagnosis;
  const looked = rejectedNodes.filter((_, i) => rejections[i]?.resolvable);
  if (!absent?.resolvable) return looked;
  const known = new Set(rejectedNodes);
  return [...looked, ...all.filter((node) => !known.has(node))];
}

function candidatesEnough(nodes: number, args: DefaultPreemptionArgs): number {
  const share = Math.trunc((nodes * (args.minCandidateNodesPercentage ?? 10)) / 100);
  return Math.min(nodes, Math.max(share, args.minCandidateNodesAbsolute ?? 100));
}
