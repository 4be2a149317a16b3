/** NodeResourcesBalancedAllocation: prefers nodes whose cpu and memory are used up evenly. */
import { MAX_NODE_SCORE, type ScorePlugin } from '../framework.ts';
import type { NodeInfo, PodInfo } from '../node-info.ts';

export const nodeResourcesBalancedAllocation: ScorePlugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  prepare(pod) {
    const asks = ['cpu', 'memory'].some((resource) => (pod.requests.get(resource) ?? 0) > 0);
    return asks ? (node) => balance(pod, node) : undefined;
  },
};

function balance({ requests }: PodInfo, node: NodeInfo): number {
  const [cpu, memory] = ['cpu', 'memory'].map((resource) => {
    const allocatable = node.allocatable(resource);
    const used = node.requested(resource) + (requests.get(resource) ?? 0);
    return allocatable === 0 ? undefined : Math.min(1, used / allocatable);
  });
  // Of two values the standard deviation is half the difference; of one it is none.
  const deviation = cpu === undefined || memory === undefined ? 0 : Math.abs(cpu - memory) / 2;
  return Math.trunc((1 - deviation) * MAX_NODE_SCORE);
}
