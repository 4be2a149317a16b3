/** PodTopologySpread: pods of a kind are spread over the domains of a topology, as a must or as a wish. */
import type { V1Node, V1Pod, V1TopologySpreadConstraint } from '../../openapi/generated/types.ts';
import { matchesLabels, type Requirement } from '../../openapi/selectors.ts';
import type { EventHints } from '../events.ts';
import { type Cycle, MAX_NODE_SCORE, type NodeScorer, type Plugin, type Rejection } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import { type Action, compileConstraints, constraintsFor, type SpreadConstraint } from './spread-constraints.ts';

const NAME = 'PodTopologySpread';
const MISMATCH = "node(s) didn't match pod topology spread constraints";
const SKEWED: Rejection = { plugin: NAME, reasons: [MISMATCH], resolvable: true };
const UNLABELLED: Rejection = { plugin: NAME, reasons: [`${MISMATCH} (missing required label)`], resolvable: false };
const HOSTNAME = 'kubernetes.io/hostname';

/** Upstream's system defaults: wishes only. */
const SYSTEM_DEFAULTS: readonly V1TopologySpreadConstraint[] = [
  { topologyKey: HOSTNAME, whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 5 },
];

/** Finds what the services and controllers of a pod select by; an empty list when there are none. */
export type SiblingSelector = (pod: V1Pod) => readonly Requirement[];

export interface PodTopologySpreadArgs {
  /** For pods without constraints of their own. */
  defaultConstraints?: readonly V1TopologySpreadConstraint[];
  /** `System` (the default): upstream's own defaults in place of `defaultConstraints`. */
  defaultingType?: 'System' | 'List';
}

export function podTopologySpread(siblings: SiblingSelector, args: PodTopologySpreadArgs = {}): Plugin {
  const isSystem = args.defaultingType !== 'List';
  const defaults = isSystem ? SYSTEM_DEFAULTS : (args.defaultConstraints ?? []);
  const constraints = (pod: V1Pod, action: Action) => constraintsFor(pod, action, defaults, siblings);
  return {
    name: NAME,
    events: events((pod) => constraints(pod, 'DoNotSchedule')),
    preFilter({ pod, cluster }) {
      const hard = constraints(pod.pod, 'DoNotSchedule');
      if (hard.length === 0) return undefined;
      const compiled = compileConstraints(pod, hard, cluster, true);
      return { filter: (node) => judge(compiled, node) };
    },
    preScore(cycle, feasible) {
      const soft = constraints(cycle.pod.pod, 'ScheduleAnyway');
      if (soft.length === 0) return undefined;
      // With the system's defaults, hosts without a zone are still spread over.
      const allKeys = !isSystem || (cycle.pod.pod.spec?.topologySpreadConstraints?.length ?? 0) > 0;
      return scorer(cycle, soft, feasible, allKeys);
    },
  };
}

function judge(constraints: readonly SpreadConstraint[], node: NodeInfo): Rejection | undefined {
  for (const { key, counter, selfMatch, maxSkew, minDomains } of constraints) {
    const domain = node.domainOf(key);
    if (domain < 0) return UNLABELLED;
    const least = counter.domains < minDomains ? 0 : counter.least;
    if (counter.count(domain) + selfMatch - least > maxSkew) return SKEWED;
  }
  return undefined;
}

/** Raw score of nodes that lack a label: they end up with 0. */
const IGNORED = -1;

function scorer(
  { pod, cluster }: Cycle,
  soft: ReturnType<typeof constraintsFor>,
  feasible: readonly NodeInfo[],
  allKeys: boolean,
): NodeScorer {
  const constraints = compileConstraints(pod, soft, cluster, allKeys);
  const lacks = (node: NodeInfo) => allKeys && constraints.some(({ key }) => node.domainOf(key) < 0);
  const scored = allKeys ? feasible.filter((node) => !lacks(node)) : feasible;
  const weights = constraints.map((constraint) => Math.log(topologySize(constraint, scored) + 2));
  return {
    score(node) {
      let score = 0;
      for (let i = 0; i < constraints.length; i++) {
        const { key, counter, maxSkew } = constraints[i] as SpreadConstraint;
        const domain = node.domainOf(key);
        if (domain >= 0) score += counter.count(domain) * (weights[i] as number) + maxSkew - 1;
        else if (allKeys) return IGNORED;
      }
      return Math.round(score);
    },
    normalize: fewIsGood,
  };
}

/** How many domains the nodes are in; nodes without the label are one more, as upstream has it. */
function topologySize({ key }: SpreadConstraint, nodes: readonly NodeInfo[]): number {
  if (key.label === HOSTNAME) return nodes.length;
  const seen: boolean[] = [];
  let size = 0;
  for (const node of nodes) {
    const domain = node.domainOf(key) + 1;
    if (seen[domain]) continue;
    seen[domain] = true;
    size += 1;
  }
  return size;
}

function fewIsGood(scores: number[]): void {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = 0;
  for (const score of scores) {
    if (score === IGNORED) continue;
    if (score < lowest) lowest = score;
    if (score > highest) highest = score;
  }
  for (const [i, score] of scores.entries()) {
    if (score === IGNORED) scores[i] = 0;
    else if (highest === 0) scores[i] = MAX_NODE_SCORE;
    else scores[i] = Math.trunc((MAX_NODE_SCORE * (highest + lowest - score)) / highest);
  }
}

/** Pods that are counted come or go, or nodes change the domains. */
function events(hard: (pod: V1Pod) => ReturnType<typeof constraintsFor>): EventHints {
  const counts = ({ pod, namespace }: PodInfo, other: V1Pod) =>
    other.metadata?.namespace === namespace &&
    hard(pod).some(({ requirements }) => requirements && matchesLabels(requirements, other.metadata?.labels));
  const labelled = ({ pod }: PodInfo, node: V1Node) =>
    hard(pod).every(({ constraint }) => node.metadata?.labels?.[constraint.topologyKey] !== undefined);
  return {
    AssignedPodAdd: counts,
    AssignedPodDelete: counts,
    AssignedPodLabel: (pod, after, before) => counts(pod, after) !== (before !== undefined && counts(pod, before)),
    PodLabel: () => true,
    NodeAdd: labelled,
    NodeDelete: labelled,
    NodeLabel: (pod, after, before) =>
      hard(pod.pod).some(
        ({ constraint: { topologyKey } }) =>
          after.metadata?.labels?.[topologyKey] !== before?.metadata?.labels?.[topologyKey],
      ),
    NodeTaint: (pod) => hard(pod.pod).some(({ constraint }) => constraint.nodeTaintsPolicy === 'Honor'),
  };
}
