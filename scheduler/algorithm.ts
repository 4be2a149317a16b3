/** One scheduling decision: filters, then scores, then a draw among the best. Pure but for the draw. */
import type { Random } from '../base/random.ts';
import type { ClusterState } from './cluster-state.ts';
import { NO_NODES } from './fit-error.ts';
import {
  type Cycle,
  type Diagnosis,
  type FailedCycle,
  type NodeFilter,
  type Plugin,
  PluginError,
  type Rejection,
} from './framework.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/** Plugins by what they are asked for, each list in order. */
export interface Profile {
  schedulerName: string;
  /** Replaces the share that follows from the number of nodes; 0 does not. */
  percentageOfNodesToScore: number;
  preFilter: readonly Plugin[];
  /** Those of `preFilter` whose filter is used. */
  filter: ReadonlySet<Plugin>;
  postFilter: readonly Plugin[];
  score: readonly { plugin: Plugin; weight: number }[];
}

export type Decision =
  | { node: NodeInfo /** Where the next search begins. */; next: number; cycle: Cycle }
  | { failure: FailedCycle; rejectedBy: ReadonlySet<string>; next: number }
  /** There is no node at all. */
  | { message: string; next: number };

const FEASIBLE_MIN = 100;
const PERCENTAGE_MIN = 5;

/** How many feasible nodes are enough to score, of `count`: all of a small cluster, a falling share of a large one. */
export function feasibleEnough(count: number, percentage = 0): number {
  if (count < FEASIBLE_MIN) return count;
  const share = percentage || Math.max(PERCENTAGE_MIN, 50 - Math.trunc(count / 125));
  return Math.max(FEASIBLE_MIN, Math.trunc((count * share) / 100));
}

/**
 * Chooses a node for the pod. `start` is where in the list of nodes to begin, so that all nodes get their turn. Throws
 * what a plugin throws, with its name.
 */
export function schedule(pod: PodInfo, cluster: ClusterState, profile: Profile, random: Random, start = 0): Decision {
  const all = cluster.nodes;
  if (all.length === 0) return { message: NO_NODES, next: 0 };
  const cycle: Cycle = { pod, cluster };
  const prepared = prepare(cycle, profile);
  if ('rejection' in prepared) return turnedAway(cycle, prepared.rejection, all.length, start);
  const filter = withNominated(cycle, prepared.filters);
  const promised = cluster.nominator.nodeOf(pod.uid) ?? pod.pod.status?.nominatedNodeName;
  const nominated = promised ? cluster.node(promised) : undefined;
  if (nominated && !filter(nominated)) return { node: nominated, next: start, cycle };
  const { nodeNames } = prepared;
  const nodes = nodeNames ? all.filter(({ name }) => nodeNames.has(name)) : all;
  const search = findFeasible(nodes, filter, feasibleEnough(nodes.length, profile.percentageOfNodesToScore), start);
  const next = (start + search.looked) % all.length;
  if (search.feasible.length > 0) return { node: best(cycle, search.feasible, profile, random), next, cycle };
  const absent = nodeNames && notNamed(prepared.narrowedBy);
  const { rejectedNodes, rejections } = search;
  const diagnosis = { nodeCount: all.length, rejectedNodes, rejections, ...(absent ? { absent } : {}) };
  const rejectedBy = new Set(rejections.map(({ plugin }) => plugin));
  for (const plugin of prepared.narrowedBy) rejectedBy.add(plugin);
  return { failure: { ...cycle, diagnosis, filter }, rejectedBy, next };
}

/** PreFilter turned the pod away: the same for every node. */
function turnedAway(cycle: Cycle, rejection: Rejection, nodeCount: number, next: number): Decision {
  const diagnosis: Diagnosis = {
    nodeCount,
    rejectedNodes: [],
    rejections: [],
    absent: rejection,
    preFilterMessage: rejection.reasons.join(', '),
  };
  return {
    failure: { ...cycle, diagnosis, filter: () => rejection },
    rejectedBy: new Set([rejection.plugin]),
    next,
  };
}

interface Prepared {
  filters: readonly NodeFilter[];
  /** The nodes to look at; all when absent. */
  nodeNames?: ReadonlySet<string>;
  /** The plugins that say so. */
  narrowedBy: readonly string[];
}

function prepare(cycle: Cycle, profile: Profile): Prepared | { rejection: Rejection } {
  const filters: NodeFilter[] = [];
  const narrowedBy: string[] = [];
  let nodeNames: ReadonlySet<string> | undefined;
  for (const plugin of profile.preFilter) {
    const result = preFilter(plugin, cycle);
    if (!result) continue;
    if ('rejection' in result) return { rejection: result.rejection };
    if (result.filter && profile.filter.has(plugin)) filters.push(result.filter);
    if (!result.nodeNames) continue;
    narrowedBy.push(plugin.name);
    nodeNames = nodeNames ? intersection(nodeNames, result.nodeNames) : result.nodeNames;
    if (nodeNames.size === 0) return { rejection: unsatisfiable(narrowedBy) };
  }
  return { filters, narrowedBy, ...(nodeNames ? { nodeNames } : {}) };
}

function preFilter(plugin: Plugin, cycle: Cycle) {
  try {
    return plugin.preFilter?.(cycle);
  } catch (error) {
    throw new PluginError(`running PreFilter plugin ${JSON.stringify(plugin.name)}`, error);
  }
}

function intersection(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...a].filter((name) => b.has(name)));
}

function unsatisfiable(plugins: readonly string[]): Rejection {
  const reason =
    plugins.length === 1
      ? `node(s) didn't satisfy plugin ${plugins[0]}`
      : `node(s) didn't satisfy plugin(s) [${[...plugins].sort().join(' ')}] simultaneously`;
  return { plugin: plugins.at(-1) ?? '', reasons: [reason], resolvable: false };
}

function notNamed(plugins: readonly string[]): Rejection {
  const reason = `node(s) didn't satisfy plugin(s) [${[...plugins].sort().join(' ')}]`;
  return { plugin: plugins[0] ?? '', reasons: [reason], resolvable: false };
}

/**
 * All filters in one. Pods that have been promised the node, and are not less important, count as if they were there;
 * but as they may never come, the node must also do without them.
 */
function withNominated({ pod, cluster }: Cycle, filters: readonly NodeFilter[]): NodeFilter {
  const filter: NodeFilter = (node) => {
    for (let i = 0; i < filters.length; i++) {
      const rejection = (filters[i] as NodeFilter)(node);
      if (rejection) return rejection;
    }
    return undefined;
  };
  if (cluster.nominator.size === 0) return filter;
  return (node) => {
    const promised: PodInfo[] = [];
    for (const other of cluster.nominator.on(node.name)) {
      if (other.uid !== pod.uid && other.priority >= pod.priority && !node.pods.has(other.uid)) promised.push(other);
    }
    if (promised.length > 0) {
      for (const other of promised) cluster.attach(other, node);
      const rejection = filter(node);
      for (const other of promised) cluster.detach(other, node);
      if (rejection) return rejection;
    }
    return filter(node);
  };
}

function findFeasible(nodes: readonly NodeInfo[], filter: NodeFilter, enough: number, start: number) {
  const feasible: NodeInfo[] = [];
  const rejectedNodes: NodeInfo[] = [];
  const rejections: Rejection[] = [];
  const count = nodes.length;
  for (let i = 0; i < count && feasible.length < enough; i++) {
    const node = nodes[(start + i) % count] as NodeInfo;
    const rejection = filter(node);
    if (rejection) {
      rejectedNodes.push(node);
      rejections.push(rejection);
    } else feasible.push(node);
  }
  return { feasible, rejectedNodes, rejections, looked: feasible.length + rejections.length };
}

/** The weighted sum of all scores, in the order of `feasible`. */
export function scoreNodes(cycle: Cycle, feasible: readonly NodeInfo[], plugins: Profile['score']): number[] {
  const count = feasible.length;
  const totals: number[] = new Array(count).fill(0);
  const scores: number[] = new Array(count).fill(0);
  for (const { plugin, weight } of plugins) {
    const scorer = plugin.preScore?.(cycle, feasible);
    if (!scorer) continue;
    for (let i = 0; i < count; i++) scores[i] = scorer.score(feasible[i] as NodeInfo);
    scorer.normalize?.(scores);
    for (let i = 0; i < count; i++) totals[i] = (totals[i] as number) + (scores[i] as number) * weight;
  }
  return totals;
}

function best(cycle: Cycle, feasible: readonly NodeInfo[], profile: Profile, random: Random): NodeInfo {
  if (feasible.length === 1) return feasible[0] as NodeInfo;
  const totals = scoreNodes(cycle, feasible, profile.score);
  let highest = Number.NEGATIVE_INFINITY;
  let winners: NodeInfo[] = [];
  for (const [i, node] of feasible.entries()) {
    const total = totals[i] as number;
    if (total < highest) continue;
    if (total > highest) {
      highest = total;
      winners = [];
    }
    winners.push(node);
  }
  return winners[Math.floor(random.next() * winners.length)] as NodeInfo;
}
