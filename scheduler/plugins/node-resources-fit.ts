/** NodeResourcesFit: requests must fit into what the node has left; the emptier node scores higher. */
import { type FilterPlugin, MAX_NODE_SCORE, type ScorePlugin } from '../framework.ts';
import type { NodeInfo, PodInfo } from '../node-info.ts';

/** In the order in which upstream lists shortages; extended resources follow. */
const BUILT_IN = ['cpu', 'memory', 'ephemeral-storage'];

export const nodeResourcesFitFilter: FilterPlugin = {
  name: 'NodeResourcesFit',
  requeueOn: ['NodeAdd', 'NodeAllocatable', 'AssignedPodDelete', 'AssignedPodUpdate'],
  filter(pod, node) {
    const reasons: string[] = [];
    let resolvable = true;
    if (node.pods.size + 1 > node.allocatable('pods')) reasons.push('Too many pods');
    for (const [resource, amount] of inOrder(pod)) {
      const allocatable = node.allocatable(resource);
      if (amount <= 0 || amount <= allocatable - node.requested(resource)) continue;
      reasons.push(`Insufficient ${resource}`);
      // No eviction makes a node larger than it is.
      if (amount > allocatable) resolvable = false;
    }
    return reasons.length === 0 ? undefined : { plugin: 'NodeResourcesFit', reasons, resolvable };
  },
};

function inOrder({ requests }: PodInfo): [string, number][] {
  const builtIn = BUILT_IN.map((name): [string, number] => [name, requests.get(name) ?? 0]);
  return [...builtIn, ...[...requests].filter(([name]) => !BUILT_IN.includes(name))];
}

export const nodeResourcesFitScore: ScorePlugin = {
  name: 'NodeResourcesFit',
  weight: 1,
  prepare: (pod) => (node) => leastAllocated(pod, node),
};

/** The share of cpu and memory that would stay free, 0..100, the mean of both in whole numbers. */
function leastAllocated({ nonZero }: PodInfo, node: NodeInfo): number {
  let sum = 0;
  let counted = 0;
  for (const resource of ['cpu', 'memory']) {
    const allocatable = node.allocatable(resource);
    if (allocatable === 0) continue;
    const requested = node.nonZeroRequested(resource) + (nonZero.get(resource) ?? 0);
    sum += requested > allocatable ? 0 : Math.trunc(((allocatable - requested) * MAX_NODE_SCORE) / allocatable);
    counted += 1;
  }
  return counted === 0 ? 0 : Math.trunc(sum / counted);
}
