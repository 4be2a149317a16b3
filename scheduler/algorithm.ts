/** One scheduling decision: filters, then scores, then a draw among the best. Pure but for the draw. */
import type { Random } from '../base/random.ts';
import type { Diagnosis } from './fit-error.ts';
import type { FilterPlugin, Rejection, ScorePlugin } from './framework.ts';
import type { NodeInfo, PodInfo } from './node-info.ts';

export interface Profile {
  filters: readonly FilterPlugin[];
  scores: readonly ScorePlugin[];
}

export type Decision =
  | { nodeName: string /** Where the next search begins. */; next: number }
  | { diagnosis: Diagnosis; rejectedBy: ReadonlySet<string>; next: number };

const FEASIBLE_MIN = 100;
const PERCENTAGE_MIN = 5;

/** How many feasible nodes are enough to score, of `count`: all of a small cluster, a falling share of a large one. */
export function feasibleEnough(count: number): number {
  if (count < FEASIBLE_MIN) return count;
  const percentage = Math.max(PERCENTAGE_MIN, 50 - Math.trunc(count / 125));
  return Math.max(FEASIBLE_MIN, Math.trunc((count * percentage) / 100));
}

/** Chooses a node for the pod. `start` is where in `nodes` to begin, so that all nodes get their turn. */
export function schedule(
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  profile: Profile,
  random: Random,
  start = 0,
): Decision {
  const failure = { nodeCount: nodes.length, ...policyOf(pod) };
  if (nodes.length === 0) return { diagnosis: { ...failure, rejections: [] }, rejectedBy: new Set(), next: 0 };
  const narrowed = narrow(pod, nodes, profile.filters);
  if ('error' in narrowed) {
    const diagnosis = { ...failure, rejections: [], preFilterMessage: narrowed.error };
    return { diagnosis, rejectedBy: new Set([narrowed.plugin]), next: start };
  }
  const search = findFeasible(pod, narrowed.nodes, profile.filters, start);
  if (search.feasible.length > 0) {
    return { nodeName: best(pod, search.feasible, nodes, profile.scores, random), next: search.next };
  }
  const { absent } = narrowed;
  const rejectedBy = new Set(search.rejections.map(({ plugin }) => plugin));
  if (absent) rejectedBy.add(absent.plugin);
  const diagnosis = { ...failure, rejections: search.rejections, ...(absent ? { absent } : {}) };
  return { diagnosis, rejectedBy, next: search.next };
}

function policyOf({ pod }: PodInfo): { preemptionPolicy?: string } {
  const preemptionPolicy = pod.spec?.preemptionPolicy;
  return preemptionPolicy === undefined ? {} : { preemptionPolicy };
}

type Narrowed = { nodes: readonly NodeInfo[]; absent?: Rejection } | { error: string; plugin: string };

function narrow({ pod }: PodInfo, all: readonly NodeInfo[], filters: readonly FilterPlugin[]): Narrowed {
  let nodes = all;
  const plugins: string[] = [];
  for (const { name, preFilter } of filters) {
    const result = preFilter?.(pod);
    if (!result) continue;
    if ('error' in result) return { error: result.error, plugin: name };
    nodes = nodes.filter((node) => result.nodeNames.has(node.name));
    plugins.push(name);
  }
  const [plugin] = plugins;
  if (plugin === undefined) return { nodes };
  const reason = `node(s) didn't satisfy plugin(s) [${plugins.sort().join(' ')}]`;
  return { nodes, absent: { plugin, reasons: [reason], resolvable: false } };
}

function findFeasible(
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  filters: readonly FilterPlugin[],
  start: number,
): { feasible: NodeInfo[]; rejections: Rejection[]; next: number } {
  const enough = feasibleEnough(nodes.length);
  const feasible: NodeInfo[] = [];
  const rejections: Rejection[] = [];
  for (let i = 0; i < nodes.length && feasible.length < enough; i++) {
    const node = nodes[(start + i) % nodes.length];
    if (!node) continue;
    const rejection = firstRejection(pod, node, filters);
    if (rejection) rejections.push(rejection);
    else feasible.push(node);
  }
  const looked = feasible.length + rejections.length;
  return { feasible, rejections, next: nodes.length === 0 ? start : (start + looked) % nodes.length };
}

function firstRejection(pod: PodInfo, node: NodeInfo, filters: readonly FilterPlugin[]): Rejection | undefined {
  for (const plugin of filters) {
    const rejection = plugin.filter(pod, node);
    if (rejection) return rejection;
  }
  return undefined;
}

/** The weighted sum of all scores, in the order of `feasible`. */
export function scoreNodes(
  pod: PodInfo,
  feasible: readonly NodeInfo[],
  all: readonly NodeInfo[],
  plugins: readonly ScorePlugin[],
): number[] {
  const totals = feasible.map(() => 0);
  for (const plugin of plugins) {
    const score = plugin.prepare(pod, feasible, all);
    if (!score) continue;
    const raw = feasible.map(score);
    const normalized = plugin.normalize?.(raw) ?? raw;
    normalized.forEach((value, i) => {
      totals[i] = (totals[i] ?? 0) + value * plugin.weight;
    });
  }
  return totals;
}

function best(
  pod: PodInfo,
  feasible: readonly NodeInfo[],
  all: readonly NodeInfo[],
  plugins: readonly ScorePlugin[],
  random: Random,
): string {
  const [only] = feasible;
  if (feasible.length === 1 && only) return only.name;
  const totals = scoreNodes(pod, feasible, all, plugins);
  const highest = Math.max(...totals);
  const winners = feasible.filter((_, i) => totals[i] === highest);
  return winners[Math.floor(random.next() * winners.length)]?.name ?? '';
}
