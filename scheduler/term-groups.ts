/**
 * What the pods that are placed say of other pods: equal affinity terms are one group, with the number of pods that
 * carry it in each domain. A new pod asks the groups that may select it, not every pod.
 */
import { type AffinityTerm, type NamespaceLabels, selects } from './affinity-terms.ts';
import { anchorOf, SelectorIndex } from './label-selector.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import { DomainCounts, type Topology, type TopologyKey } from './topology.ts';

export type TermKind = 'required' | 'requiredAnti' | 'preferred';

export class TermGroup {
  readonly kind: TermKind;
  readonly term: AffinityTerm;
  readonly key: TopologyKey;
  /** Of preferred terms; negative for anti-affinity. */
  readonly weight: number;
  /** Pods with this term, by domain. */
  readonly counts = new DomainCounts();
  /** Pods with this term, in all domains. */
  pods = 0;

  constructor(kind: TermKind, term: AffinityTerm, key: TopologyKey, weight: number) {
    this.kind = kind;
    this.term = term;
    this.key = key;
    this.weight = weight;
  }
}

export class TermGroups {
  readonly #topology: Topology;
  readonly #groups = new Map<string, TermGroup>();
  readonly #index = new SelectorIndex<TermGroup>();
  /** Those that nobody carries; they may be carried again before the turn is over. */
  readonly #idle = new Set<TermGroup>();

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  /** A pod came to (1) or left (-1) a node. */
  pod({ affinity }: PodInfo, node: NodeInfo, sign: 1 | -1): void {
    if (!affinity) return;
    for (const term of affinity.required) this.#count('required', term, 0, node, sign);
    for (const term of affinity.requiredAnti) this.#count('requiredAnti', term, 0, node, sign);
    for (const { term, weight } of affinity.preferred) this.#count('preferred', term, weight, node, sign);
  }

  get size(): number {
    return this.#groups.size;
  }

  /** The groups whose term selects the pod and that somebody carries. Forgets groups that nobody does. */
  selecting(pod: PodInfo, namespaceLabels: NamespaceLabels): TermGroup[] {
    for (const group of this.#idle) this.#forget(group);
    const found: TermGroup[] = [];
    if (this.#groups.size === 0) return found;
    this.#index.candidates(pod.labels, (group) => {
      if (selects(group.term, pod, namespaceLabels)) found.push(group);
    });
    return found;
  }

  #count(kind: TermKind, term: AffinityTerm, weight: number, node: NodeInfo, sign: 1 | -1): void {
    const id = groupId(kind, term, weight);
    let group = this.#groups.get(id);
    if (!group) {
      group = new TermGroup(kind, term, this.#topology.key(term.topologyKey), weight);
      this.#groups.set(id, group);
      this.#index.add(group, anchorOf(term.requirements));
    }
    const domain = node.domainOf(group.key);
    if (domain >= 0) {
      group.counts.add(domain, sign);
      group.pods += sign;
    }
    if (group.pods === 0) this.#idle.add(group);
    else this.#idle.delete(group);
  }

  #forget(group: TermGroup): void {
    this.#idle.delete(group);
    this.#groups.delete(groupId(group.kind, group.term, group.weight));
    this.#index.delete(group, anchorOf(group.term.requirements));
  }
}

function groupId(kind: TermKind, term: AffinityTerm, weight: number): string {
  return `${kind} ${weight} ${term.signature}`;
}
