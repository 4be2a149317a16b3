/** The default plugins, in upstream's order: the first filter that turns a node away gives the reason. */
import type { FilterPlugin, ScorePlugin } from '../framework.ts';
import { nodeAffinityFilter, nodeAffinityScore } from './node-affinity.ts';
import { nodeName } from './node-name.ts';
import { nodePorts } from './node-ports.ts';
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts';
import { nodeResourcesFitFilter, nodeResourcesFitScore } from './node-resources-fit.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { podTopologySpread, type SiblingSelector } from './pod-topology-spread.ts';
import { taintTolerationFilter, taintTolerationScore } from './taint-toleration.ts';

export const DEFAULT_FILTERS: readonly FilterPlugin[] = [
  nodeUnschedulable,
  nodeName,
  taintTolerationFilter,
  nodeAffinityFilter,
  nodePorts,
  nodeResourcesFitFilter,
];

export function defaultScores(selectorOf: SiblingSelector): readonly ScorePlugin[] {
  return [
    taintTolerationScore,
    nodeAffinityScore,
    nodeResourcesFitScore,
    podTopologySpread(selectorOf),
    nodeResourcesBalancedAllocation,
  ];
}
