/**
 * PodTopologySpread with upstream's cluster defaults: pods of the same service or controller are spread over hosts
 * (maxSkew 3) and zones (maxSkew 5), both ScheduleAnyway, so they only score.
 */
import type { V1Pod } from '../../openapi/generated/types.ts';
import { matchesLabels, type Requirement } from '../../openapi/selectors.ts';
import { MAX_NODE_SCORE, type ScorePlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import { matchesNodeAffinity } from './node-affinity.ts';

const HOSTNAME = { label: 'kubernetes.io/hostname', maxSkew: 3 };
const ZONE = { label: 'topology.kubernetes.io/zone', maxSkew: 5 };

/** Finds what the services and controllers of a pod select by; an empty list when there are none. */
export type SiblingSelector = (pod: V1Pod) => readonly Requirement[];

export function podTopologySpread(selectorOf: SiblingSelector): ScorePlugin {
  return {
    name: 'PodTopologySpread',
    weight: 2,
    prepare({ pod }, feasible, all) {
      const selector = selectorOf(pod);
      if (selector.length === 0) return undefined;
      const count = (node: NodeInfo) => siblings(node, pod.metadata?.namespace, selector);
      const zones = zoneCounts(pod, feasible, all, count);
      const hostWeight = Math.log(feasible.length + 2);
      const zoneWeight = Math.log(zones.size + 2);
      return (node) => {
        let score = 0;
        if (node.labels[HOSTNAME.label] !== undefined) score += count(node) * hostWeight + HOSTNAME.maxSkew - 1;
        const zone = node.labels[ZONE.label];
        if (zone !== undefined) score += (zones.get(zone) ?? 0) * zoneWeight + ZONE.maxSkew - 1;
        return Math.round(score);
      };
    },
    normalize: fewIsGood,
  };
}

/** Siblings per zone that a feasible node is in; nodes without a zone count as one zone more, as upstream. */
function zoneCounts(
  pod: V1Pod,
  feasible: readonly NodeInfo[],
  all: readonly NodeInfo[],
  count: (node: NodeInfo) => number,
): Map<string, number> {
  const zones = new Map(feasible.map((node) => [node.labels[ZONE.label] ?? '', 0]));
  for (const node of all) {
    const zone = node.labels[ZONE.label];
    const before = zone === undefined ? undefined : zones.get(zone);
    if (zone === undefined || before === undefined || !matchesNodeAffinity(pod, node)) continue;
    zones.set(zone, before + count(node));
  }
  return zones;
}

function siblings(node: NodeInfo, namespace: string | undefined, selector: readonly Requirement[]): number {
  let count = 0;
  for (const { pod } of node.pods.values()) {
    const { metadata } = pod;
    if (metadata?.deletionTimestamp || metadata?.namespace !== namespace) continue;
    if (matchesLabels(selector, metadata?.labels)) count += 1;
  }
  return count;
}

function fewIsGood(scores: readonly number[]): number[] {
  const highest = Math.max(0, ...scores);
  const lowest = Math.min(...scores);
  return scores.map((score) =>
    highest === 0 ? MAX_NODE_SCORE : Math.trunc((MAX_NODE_SCORE * (highest + lowest - score)) / highest),
  );
}
