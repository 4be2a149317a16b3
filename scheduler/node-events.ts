/** What of a node's change matters to pods that wait. */
import type { V1Node } from '../openapi/generated/types.ts';
import type { ClusterEvent } from './events.ts';
import { sameLabels } from './label-selector.ts';

export type NodeEvent = Extract<ClusterEvent, 'NodeUnschedulable' | 'NodeAllocatable' | 'NodeLabel' | 'NodeTaint'>;

export function nodeEvents(before: V1Node, after: V1Node): NodeEvent[] {
  const changed = (part: (node: V1Node) => unknown) => {
    const [a, b] = [part(before), part(after)];
    return a !== b && JSON.stringify(a) !== JSON.stringify(b);
  };
  const events: NodeEvent[] = [];
  if (changed((node) => node.spec?.unschedulable ?? false)) events.push('NodeUnschedulable');
  if (changed((node) => node.status?.allocatable)) events.push('NodeAllocatable');
  if (!sameLabels(before.metadata?.labels, after.metadata?.labels)) events.push('NodeLabel');
  if (changed((node) => node.spec?.taints ?? [])) events.push('NodeTaint');
  return events;
}
