/** Says why a pod fits nowhere, in upstream's counting words. */
import type { Diagnosis } from './framework.ts';

/** What the user is told when there is nothing to look at. */
export const NO_NODES = 'no nodes available to schedule pods';

/** The message of the FailedScheduling event and of the PodScheduled condition. */
export function unschedulableMessage(diagnosis: Diagnosis): string {
  const { nodeCount, preFilterMessage, postFilterMessage } = diagnosis;
  const why = preFilterMessage || filterCounts(diagnosis);
  const reasons = why === '' ? '' : ` ${why}.`;
  return `0/${nodeCount} nodes are available:${reasons}${postFilterMessage ? ` ${postFilterMessage}` : ''}`;
}

function filterCounts({ nodeCount, rejections, absent }: Diagnosis): string {
  const counts = new Map<string, number>();
  const add = (reason: string, count: number) => counts.set(reason, (counts.get(reason) ?? 0) + count);
  for (const { reasons } of rejections) for (const reason of reasons) add(reason, 1);
  const notLookedAt = nodeCount - rejections.length;
  if (absent && notLookedAt > 0) for (const reason of absent.reasons) add(reason, notLookedAt);
  // Sorted as text, so `10 …` comes before `2 …`, as upstream.
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ');
}

const MESSAGE_MAX = 1024;

/** Cuts an event's note to what the API takes. */
export function truncateMessage(message: string): string {
  return message.length <= MESSAGE_MAX ? message : `${message.slice(0, MESSAGE_MAX - 4)} ...`;
}
