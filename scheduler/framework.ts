/** What a plugin may be asked, in upstream's terms. Plugins are pure: they look, and answer. */
import type { V1Pod } from '../openapi/generated/types.ts';
import type { NodeInfo, PodInfo } from './node-info.ts';

/** Scores run from 0 to this, before weights. */
export const MAX_NODE_SCORE = 100;

/** What happened in the cluster, as far as it may make an unschedulable pod schedulable. */
export type ClusterEvent =
  | 'NodeAdd'
  | 'NodeAllocatable'
  | 'NodeLabel'
  | 'NodeTaint'
  | 'NodeUnschedulable'
  | 'AssignedPodDelete'
  | 'AssignedPodUpdate';

/** Why a node cannot take the pod. */
export interface Rejection {
  plugin: string;
  /** Counted over all nodes in the message that the user sees. */
  reasons: readonly string[];
  /** Whether removing pods from the node could help: upstream's Unschedulable, as against ...AndUnresolvable. */
  resolvable: boolean;
}

export interface FilterPlugin {
  readonly name: string;
  /** A pod that this plugin turned away is tried again after one of these. */
  readonly requeueOn: readonly ClusterEvent[];
  /** Narrows the search to named nodes; `undefined` means all. An `error` turns the pod away whatever the nodes. */
  preFilter?(pod: V1Pod): { nodeNames: ReadonlySet<string> } | { error: string } | undefined;
  /** `undefined` when the node will do. */
  filter(pod: PodInfo, node: NodeInfo): Rejection | undefined;
}

export interface ScorePlugin {
  readonly name: string;
  readonly weight: number;
  /**
   * Looks at the feasible nodes and at all nodes once, and gives back the function that scores one; `undefined` when it
   * has no opinion on this pod (upstream's Skip).
   */
  prepare(
    pod: PodInfo,
    feasible: readonly NodeInfo[],
    all: readonly NodeInfo[],
  ): ((node: NodeInfo) => number) | undefined;
  /** Brings raw scores to 0..100; they are that already when absent. */
  normalize?(scores: number[]): number[];
}

/** Upstream's default: the highest raw score becomes 100; `reverse` turns few into good. */
export function normalizeByMax(scores: readonly number[], reverse: boolean): number[] {
  const highest = Math.max(0, ...scores);
  if (highest === 0) return scores.map(() => (reverse ? MAX_NODE_SCORE : 0));
  return scores.map((score) => {
    const scaled = Math.trunc((MAX_NODE_SCORE * score) / highest);
    return reverse ? MAX_NODE_SCORE - scaled : scaled;
  });
}
