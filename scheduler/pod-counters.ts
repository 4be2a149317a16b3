/**
 * How many pods of some kind are in each domain of a topology, counted once and then kept up to date with every pod and
 * node that comes or goes. What upstream counts anew over all pods for each pod that it schedules.
 */
import type { Anchor } from './label-selector.ts';
import { SelectorIndex } from './label-selector.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import { DomainCounts, type TopologyKey } from './topology.ts';

/** Which pods are counted, where. */
export interface CounterSpec {
  /** Equal for specs that always count the same. */
  signature: string;
  key: TopologyKey;
  /** A label that every counted pod has. */
  anchor: Anchor | undefined;
  matches(pod: PodInfo): boolean;
  /** Nodes whose pods count and whose domains are there even without pods; all nodes when absent. */
  includes?(node: NodeInfo): boolean;
  /** Whether `matches` asks for the labels of namespaces, so that the counts end with a change of those. */
  readsNamespaces?: boolean;
}

export class PodCounter {
  readonly spec: CounterSpec;
  readonly #counts = new DomainCounts();
  /** Included nodes by domain: a domain is there as long as it has one. */
  readonly #nodes = new DomainCounts();
  /** How many domains have a given count: what makes the least count cheap to know. */
  readonly #histogram: number[] = [];
  #domains = 0;
  #least = 0;
  /** Counted pods in all domains. */
  total = 0;

  constructor(spec: CounterSpec) {
    this.spec = spec;
  }

  /** Pods in a domain. */
  count(domain: number): number {
    return this.#counts.get(domain);
  }

  /** Domains of included nodes. */
  get domains(): number {
    return this.#domains;
  }

  /** The least count of any domain; Infinity when there is none. */
  get least(): number {
    if (this.#domains === 0) return Number.POSITIVE_INFINITY;
    while (!this.#histogram[this.#least]) this.#least += 1;
    return this.#least;
  }

  /** A pod came to (1) or left (-1) a node. */
  pod(pod: PodInfo, node: NodeInfo, sign: 1 | -1): void {
    if (!this.spec.matches(pod) || !this.#includes(node)) return;
    const domain = node.domainOf(this.spec.key);
    if (domain < 0) return;
    this.total += sign;
    const count = this.#counts.add(domain, sign);
    this.#tally(count - sign, -1);
    this.#tally(count, 1);
  }

  /** A node came (before its pods) or went (after its pods). */
  node(node: NodeInfo, sign: 1 | -1): void {
    if (!this.#includes(node)) return;
    const domain = node.domainOf(this.spec.key);
    if (domain < 0) return;
    const nodes = this.#nodes.add(domain, sign);
    if (nodes === (sign === 1 ? 1 : 0)) {
      this.#domains += sign;
      this.#tally(this.#counts.get(domain), sign);
    }
  }

  #includes(node: NodeInfo): boolean {
    return this.spec.includes === undefined || this.spec.includes(node);
  }

  #tally(count: number, by: 1 | -1): void {
    while (this.#histogram.length <= count) this.#histogram.push(0);
    this.#histogram[count] = (this.#histogram[count] ?? 0) + by;
    if (by === 1 && count < this.#least) this.#least = count;
  }
}

/** Beyond this many, the counter that has gone unused longest is dropped. */
const COUNTERS_MAX = 1000;

export class PodCounters {
  /** The least recently used first. */
  readonly #counters = new Map<string, PodCounter>();
  readonly #index = new SelectorIndex<PodCounter>();
  readonly #max: number;

  constructor(max = COUNTERS_MAX) {
    this.#max = max;
  }

  /** The counter for `spec`; counts all pods on `nodes` when it is new. */
  counter(spec: CounterSpec, nodes: Iterable<NodeInfo>): PodCounter {
    const known = this.#counters.get(spec.signature);
    if (known) {
      this.#counters.delete(spec.signature);
      this.#counters.set(spec.signature, known);
      return known;
    }
    const counter = new PodCounter(spec);
    for (const node of nodes) {
      counter.node(node, 1);
      for (const pod of node.pods.values()) counter.pod(pod, node, 1);
    }
    this.#counters.set(spec.signature, counter);
    this.#index.add(counter, spec.anchor);
    if (this.#counters.size > this.#max) this.#dropOldest();
    return counter;
  }

  get size(): number {
    return this.#counters.size;
  }

  pod(pod: PodInfo, node: NodeInfo, sign: 1 | -1): void {
    if (this.#counters.size === 0) return;
    this.#index.candidates(pod.labels, (counter) => counter.pod(pod, node, sign));
  }

  node(node: NodeInfo, sign: 1 | -1): void {
    for (const counter of this.#counters.values()) counter.node(node, sign);
  }

  /** Labels of a namespace changed: what depends on them is counted anew when next asked for. */
  namespacesChanged(): void {
    for (const counter of [...this.#counters.values()]) if (counter.spec.readsNamespaces) this.#drop(counter);
  }

  #dropOldest(): void {
    for (const counter of this.#counters.values()) {
      this.#drop(counter);
      return;
    }
  }

  #drop({ spec }: PodCounter): void {
    const counter = this.#counters.get(spec.signature);
    if (!counter) return;
    this.#counters.delete(spec.signature);
    this.#index.delete(counter, spec.anchor);
  }
}
