/** Clusters in memory, and what plugins say of them: for tests of plugins by themselves. */
import type { V1Node, V1Pod } from '../../openapi/generated/types.ts';
import { ClusterState } from '../cluster-state.ts';
import type { Cycle, Plugin, Rejection } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import { podInfoOf } from '../pod-info.ts';

/** Nodes with pods; a pod is where its `nodeName` says. */
export function clusterOf(nodes: readonly V1Node[], pods: readonly V1Pod[] = []): ClusterState {
  const cluster = new ClusterState();
  for (const node of nodes) cluster.setNode(node);
  for (const pod of pods) cluster.setPod(pod);
  return cluster;
}

export function cycleOf(pod: V1Pod, cluster: ClusterState): Cycle {
  return { pod: podInfoOf(pod), cluster };
}

/** What the plugin says of one node, PreFilter included; `undefined` when it has nothing against it. */
export function filtered(plugin: Plugin, pod: V1Pod, cluster: ClusterState, nodeName: string): Rejection | undefined {
  const result = plugin.preFilter?.(cycleOf(pod, cluster));
  if (!result) return undefined;
  if ('rejection' in result) return result.rejection;
  const node = nodeOf(cluster, nodeName);
  if (result.nodeNames && !result.nodeNames.has(nodeName)) throw new Error(`${nodeName} is not to be looked at`);
  return result.filter?.(node);
}

/** Names of the nodes that the plugin lets pass. */
export function passing(plugin: Plugin, pod: V1Pod, cluster: ClusterState): string[] {
  return cluster.nodes.map(({ name }) => name).filter((name) => !filtered(plugin, pod, cluster, name));
}

/** Scores of all nodes, by name; `undefined` when the plugin has no opinion. */
export function scored(plugin: Plugin, pod: V1Pod, cluster: ClusterState): Record<string, number> | undefined {
  const scorer = plugin.preScore?.(cycleOf(pod, cluster), cluster.nodes);
  if (!scorer) return undefined;
  const scores = cluster.nodes.map((node) => scorer.score(node));
  scorer.normalize?.(scores);
  return Object.fromEntries(cluster.nodes.map(({ name }, i) => [name, scores[i] ?? Number.NaN]));
}

export function nodeOf(cluster: ClusterState, name: string): NodeInfo {
  const node = cluster.node(name);
  if (!node) throw new Error(`no node ${name}`);
  return node;
}
