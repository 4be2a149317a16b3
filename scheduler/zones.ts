/** The order in which nodes are searched: zones take turns, so that the first nodes that fit are of several zones. */
import type { V1Node } from '../openapi/generated/types.ts';
import type { NodeInfo } from './node-info.ts';

const REGION = 'topology.kubernetes.io/region';
const ZONE = 'topology.kubernetes.io/zone';

/** Region and zone in one; empty when the node has neither. */
export function zoneOf(node: V1Node): string {
  const labels = node.metadata?.labels ?? {};
  const region = labels[REGION] ?? labels['failure-domain.beta.kubernetes.io/region'] ?? '';
  const zone = labels[ZONE] ?? labels['failure-domain.beta.kubernetes.io/zone'] ?? '';
  return region === '' && zone === '' ? '' : `${region}:\0:${zone}`;
}

export function zonesInterleaved(nodes: readonly NodeInfo[]): NodeInfo[] {
  const zones = new Map<string, NodeInfo[]>();
  for (const info of nodes) {
    const zone = info.node ? zoneOf(info.node) : '';
    const members = zones.get(zone);
    if (members) members.push(info);
    else zones.set(zone, [info]);
  }
  if (zones.size <= 1) return [...nodes];
  const ordered: NodeInfo[] = [];
  for (let i = 0; ordered.length < nodes.length; i++) {
    for (const members of zones.values()) {
      const info = members[i];
      if (info) ordered.push(info);
    }
  }
  return ordered;
}
