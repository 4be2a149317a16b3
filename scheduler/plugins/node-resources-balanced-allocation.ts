/** NodeResourcesBalancedAllocation: prefers nodes whose resources are used up evenly. */
import { MAX_NODE_SCORE, type Plugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import { CPU_AND_MEMORY, type ResourceSpec } from './resource-strategies.ts';

export interface NodeResourcesBalancedAllocationArgs {
  resources?: readonly ResourceSpec[];
}

export function nodeResourcesBalancedAllocation({ resources }: NodeResourcesBalancedAllocationArgs = {}): Plugin {
  const names = (resources?.length ? resources : CPU_AND_MEMORY).map(({ name }) => name);
  const isDefault = !resources?.length;
  return {
    name: 'NodeResourcesBalancedAllocation',
    preScore({ pod }) {
      // A pod that asks for nothing upsets no balance.
      if (!names.some((resource) => pod.requests.get(resource) > 0)) return undefined;
      return { score: isDefault ? (node) => balanceOfTwo(pod, node) : (node) => balance(pod, node, names) };
    },
  };
}

/** Of two shares the standard deviation is half the difference; of one there is none. */
function balanceOfTwo({ requests }: PodInfo, { allocatable, requested }: NodeInfo): number {
  let deviation = 0;
  if (allocatable.cpu !== 0 && allocatable.memory !== 0) {
    const cpu = Math.min(1, (requested.cpu + requests.cpu) / allocatable.cpu);
    const memory = Math.min(1, (requested.memory + requests.memory) / allocatable.memory);
    deviation = Math.abs((cpu - memory) / 2);
  }
  return Math.trunc((1 - deviation) * MAX_NODE_SCORE);
}

function balance({ requests }: PodInfo, { allocatable, requested }: NodeInfo, names: readonly string[]): number {
  const shares: number[] = [];
  for (const name of names) {
    if (name.includes('/') && requests.get(name) === 0) continue;
    const there = allocatable.get(name);
    if (there !== 0) shares.push(Math.min(1, (requested.get(name) + requests.get(name)) / there));
  }
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length;
  return Math.trunc((1 - (shares.length < 2 ? 0 : Math.sqrt(variance))) * MAX_NODE_SCORE);
}
