/**
 * What a plugin may be asked, in upstream's terms. A plugin implements the extension points it cares about. Up to
 * Reserve everything happens in one turn of the event loop: a plugin looks, and answers. What has to wait comes after.
 */
import { messageOf } from '../base/errors.ts';
import type { ClusterState } from './cluster-state.ts';
import type { EventHints } from './events.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/** Scores run from 0 to this, before weights. */
export const MAX_NODE_SCORE = 100;

/** Why a node cannot take the pod. */
export interface Rejection {
  plugin: string;
  /** Counted over all nodes in the message that the user sees. */
  reasons: readonly string[];
  /** Whether removing pods from the node could help: upstream's Unschedulable, as against ...AndUnresolvable. */
  resolvable: boolean;
}

/** One attempt to place one pod, from PreFilter to PostBind. Plugins keep what they found out under it. */
export interface Cycle {
  readonly pod: PodInfo;
  readonly cluster: ClusterState;
}

/** Filter: `undefined` when the node will do. Asked again while pods are put on the node, or taken off, in thought. */
export type NodeFilter = (node: NodeInfo) => Rejection | undefined;

/**
 * What PreFilter found out: `undefined` when the plugin has no say in this pod (upstream's Skip), a `rejection` that
 * holds for every node, or how to filter. `nodeNames` narrows the search to these nodes.
 */
export type PreFilterResult =
  | undefined
  | { rejection: Rejection }
  | { nodeNames?: ReadonlySet<string>; filter?: NodeFilter };

/** What PreScore found out: how to score a node, and how to bring all raw scores to 0..100 where they are not that. */
export interface NodeScorer {
  score(node: NodeInfo): number;
  /** Changes the scores in place; they are in the order of the nodes that PreScore was given. */
  normalize?(scores: number[]): void;
}

/** What became of a pod that no node takes. `''` takes back what it was promised; absent leaves that as it is. */
export interface PostFilterResult {
  nominatedNodeName?: string;
  /** Added to what the user is told. */
  message: string;
  /** Carries the decision out, beside the scheduling of other pods. */
  execute?(): Promise<void>;
}

/** The outcome of a search that found no node. */
export interface Diagnosis {
  nodeCount: number;
  /** The nodes that were looked at and turned the pod away. */
  rejectedNodes: readonly NodeInfo[];
  /** Why, in the same order. */
  rejections: readonly Rejection[];
  /** For the nodes that were not looked at. */
  absent?: Rejection;
  /** Set when the pod was turned away before any node was looked at; the counts are left out then. */
  preFilterMessage?: string;
  /** What PostFilter had to say. */
  postFilterMessage?: string;
}

/** A failed search, for PostFilter. */
export interface FailedCycle extends Cycle {
  readonly diagnosis: Diagnosis;
  /** All filters together, with pods that have been promised the node counted in. */
  readonly filter: NodeFilter;
}

/** Permit: `undefined` lets the pod pass; `wait` decides later, and the binding waits for it. */
export type PermitResult = undefined | Rejection | { wait: Promise<Rejection | undefined> };

export interface Plugin {
  readonly name: string;
  /** A pod that this plugin turned away is tried again after one of these, if the hint says so. */
  readonly events?: EventHints;
  /** Keeps a pod out of the queue of those to be tried. */
  preEnqueue?(pod: PodInfo): Rejection | undefined;
  /** QueueSort: which of two pods is tried first; negative for the first, 0 when it makes no difference. */
  compare?(a: PodInfo, b: PodInfo): number;
  preFilter?(cycle: Cycle): PreFilterResult;
  postFilter?(cycle: FailedCycle): PostFilterResult | undefined;
  preScore?(cycle: Cycle, feasible: readonly NodeInfo[]): NodeScorer | undefined;
  /** Sets aside what the pod needs; taken back by `unreserve`, which may come without it. */
  reserve?(cycle: Cycle, node: NodeInfo): Rejection | undefined;
  unreserve?(cycle: Cycle, node: NodeInfo): void;
  permit?(cycle: Cycle, nodeName: string): PermitResult;
  /** Whether `preBind` has something to do that takes its time. */
  preBindPreFlight?(cycle: Cycle, nodeName: string): boolean;
  /** Rejects when the pod cannot be bound to this node. */
  preBind?(cycle: Cycle, nodeName: string): Promise<void>;
  /** Resolves to false to leave the binding to the next plugin. */
  bind?(cycle: Cycle, nodeName: string): Promise<boolean>;
  postBind?(cycle: Cycle, nodeName: string): void;
}

/** What a plugin, or something it needs, has thrown, with where that was. */
export class PluginError extends Error {
  readonly origin: unknown;

  constructor(where: string, origin: unknown) {
    super(`${where}: ${messageOf(origin)}`);
    this.origin = origin instanceof PluginError ? origin.origin : origin;
  }
}

/** Upstream's default: the highest raw score becomes 100; `reverse` turns few into good. */
export function normalizeByMax(scores: number[], reverse: boolean): void {
  let highest = 0;
  for (const score of scores) if (score > highest) highest = score;
  for (const [i, score] of scores.entries()) {
    if (highest === 0) {
      if (reverse) scores[i] = MAX_NODE_SCORE;
      continue;
    }
    const scaled = Math.trunc((MAX_NODE_SCORE * score) / highest);
    scores[i] = reverse ? MAX_NODE_SCORE - scaled : scaled;
  }
}
