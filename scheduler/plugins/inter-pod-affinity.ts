/** InterPodAffinity: pods that want to be near others, or far from them, and what those want in turn. */
import { type AffinityTerm, type NamespaceLabels, readsNamespaces, selects } from '../affinity-terms.ts';
import type { ClusterState } from '../cluster-state.ts';
import { type Cycle, MAX_NODE_SCORE, type NodeScorer, type Plugin, type Rejection } from '../framework.ts';
import { anchorOf } from '../label-selector.ts';
import type { NodeInfo } from '../node-info.ts';
import type { CounterSpec, PodCounter } from '../pod-counters.ts';
import type { TermGroup } from '../term-groups.ts';
import type { TopologyKey } from '../topology.ts';
import { interPodAffinityEvents } from './inter-pod-affinity-events.ts';

const NAME = 'InterPodAffinity';
const rejected = (reason: string, resolvable: boolean): Rejection => ({ plugin: NAME, reasons: [reason], resolvable });
const NOT_NEAR = rejected("node(s) didn't match pod affinity rules", false);
const TOO_NEAR = rejected("node(s) didn't match pod anti-affinity rules", true);
const UNWELCOME = rejected("node(s) didn't satisfy existing pods anti-affinity rules", true);

export interface InterPodAffinityArgs {
  /** What a placed pod's required affinity counts in the score of a pod that it wants near; 0 to 100, default 1. */
  hardPodAffinityWeight?: number;
  /** Leaves placed pods' wishes out when the pod to place has none itself. */
  ignorePreferredTermsOfExistingPods?: boolean;
}

export function interPodAffinity(args: InterPodAffinityArgs, namespaceLabels: NamespaceLabels): Plugin {
  return {
    name: NAME,
    events: interPodAffinityEvents(namespaceLabels),
    preFilter({ pod, cluster }) {
      const unwelcome = cluster.terms
        .selecting(pod, namespaceLabels)
        .filter(({ kind, pods }) => kind === 'requiredAnti' && pods > 0);
      const { required = [], requiredAnti = [] } = pod.affinity ?? {};
      if (unwelcome.length + required.length + requiredAnti.length === 0) return undefined;
      const near = counters(cluster, required, namespaceLabels, true);
      const far = counters(cluster, requiredAnti, namespaceLabels, false);
      const isFirst = required.every((term) => selects(term, pod, namespaceLabels));
      return {
        filter: (node) => {
          if (near.length > 0 && !isNear(near, node, isFirst)) return NOT_NEAR;
          if (hasAny(far, node)) return TOO_NEAR;
          return isUnwelcome(unwelcome, node) ? UNWELCOME : undefined;
        },
      };
    },
    preScore: (cycle) => scorer(cycle, args, namespaceLabels),
  };
}

/** A counter for each term. With `all` only pods that every term selects count, for each of them. */
function counters(
  cluster: ClusterState,
  terms: readonly AffinityTerm[],
  namespaceLabels: NamespaceLabels,
  all: boolean,
): PodCounter[] {
  return terms.map((term) => {
    const key = cluster.topology.key(term.topologyKey);
    return cluster.counters.counter(counterSpec(key, all ? terms : [term], namespaceLabels), cluster.nodes);
  });
}

function counterSpec(key: TopologyKey, terms: readonly AffinityTerm[], namespaceLabels: NamespaceLabels): CounterSpec {
  const [only] = terms;
  return {
    signature: `affinity ${key.label} ${terms.map(({ signature }) => signature).join(' ')}`,
    key,
    anchor: anchorOf(only?.requirements),
    matches:
      terms.length === 1 && only
        ? (pod) => selects(only, pod, namespaceLabels)
        : (pod) => terms.every((term) => selects(term, pod, namespaceLabels)),
    readsNamespaces: terms.some(readsNamespaces),
  };
}

/** Every term has a pod in the node's domain; or there is no such pod anywhere, and the pod would be its own. */
function isNear(near: readonly PodCounter[], node: NodeInfo, isFirst: boolean): boolean {
  let found = true;
  for (const counter of near) {
    const domain = node.domainOf(counter.spec.key);
    if (domain < 0) return false;
    if (counter.count(domain) <= 0) found = false;
  }
  return found || (isFirst && near.every(({ total }) => total === 0));
}

function hasAny(counters: readonly PodCounter[], node: NodeInfo): boolean {
  for (const counter of counters) {
    const domain = node.domainOf(counter.spec.key);
    if (domain >= 0 && counter.count(domain) > 0) return true;
  }
  return false;
}

function isUnwelcome(groups: readonly TermGroup[], node: NodeInfo): boolean {
  for (const { key, counts } of groups) {
    const domain = node.domainOf(key);
    if (domain >= 0 && counts.get(domain) > 0) return true;
  }
  return false;
}

/** So many points for each pod in the node's domain. */
interface Share {
  key: TopologyKey;
  weight: number;
  count(domain: number): number;
}

function scorer(
  { pod, cluster }: Cycle,
  { hardPodAffinityWeight = 1, ignorePreferredTermsOfExistingPods = false }: InterPodAffinityArgs,
  namespaceLabels: NamespaceLabels,
): NodeScorer | undefined {
  const preferred = pod.affinity?.preferred ?? [];
  if (ignorePreferredTermsOfExistingPods && preferred.length === 0) return undefined;
  const shares: Share[] = [];
  for (const { term, weight } of preferred) {
    for (const counter of counters(cluster, [term], namespaceLabels, false)) {
      if (counter.total === 0) continue;
      shares.push({ key: counter.spec.key, weight, count: (domain) => counter.count(domain) });
    }
  }
  for (const { kind, key, weight, counts } of cluster.terms.selecting(pod, namespaceLabels)) {
    const points = kind === 'required' ? hardPodAffinityWeight : weight;
    if (kind === 'requiredAnti' || points === 0) continue;
    shares.push({ key, weight: points, count: (domain) => counts.get(domain) });
  }
  if (shares.length === 0) return undefined;
  return { score: (node) => sum(shares, node), normalize: spreadOut };
}

function sum(shares: readonly Share[], node: NodeInfo): number {
  let score = 0;
  for (const share of shares) {
    const domain = node.domainOf(share.key);
    if (domain >= 0) score += share.weight * share.count(domain);
  }
  return score;
}

/** The least becomes 0 and the most 100; all 0 when there is no difference. */
function spreadOut(scores: number[]): void {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const score of scores) {
    if (score < least) least = score;
    if (score > most) most = score;
  }
  const difference = most - least;
  for (const [i, score] of scores.entries()) {
    scores[i] = difference > 0 ? Math.trunc(MAX_NODE_SCORE * ((score - least) / difference)) : 0;
  }
}
