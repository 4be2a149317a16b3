/** What of a node's change matters to pods that wait. */
import type { V1Node } from '../openapi/generated/types.ts';
import type { ClusterEvent } from './framework.ts';

export function nodeEvents(before: V1Node, after: V1Node): ClusterEvent[] {
  const changed = (part: (node: V1Node) => unknown) => JSON.stringify(part(before)) !== JSON.stringify(part(after));
  const events: ClusterEvent[] = [];
  if (changed((node) => node.spec?.unschedulable ?? false)) events.push('NodeUnschedulable');
  if (changed((node) => node.status?.allocatable)) events.push('NodeAllocatable');
  if (changed((node) => node.metadata?.labels)) events.push('NodeLabel');
  if (changed((node) => node.spec?.taints ?? [])) events.push('NodeTaint');
  return events;
}
