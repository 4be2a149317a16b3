/** Says why a pod fits nowhere, in upstream's counting words. */
import type { Rejection } from './framework.ts';

/** The outcome of a cycle that found no node. */
export interface Diagnosis {
  nodeCount: number;
  /** Why each node that was looked at turned the pod away. */
  rejections: readonly Rejection[];
  /** For the nodes that were not looked at. */
  absent?: Rejection;
  /** Set when the pod was turned away before any node was looked at; the counts are left out then. */
  preFilterMessage?: string;
  preemptionPolicy?: string;
}

/** The message of the FailedScheduling event and of the PodScheduled condition. */
export function unschedulableMessage(diagnosis: Diagnosis): string {
  if (diagnosis.nodeCount === 0) return 'no nodes available to schedule pods';
  const { preFilterMessage } = diagnosis;
  const why = preFilterMessage === undefined ? filterCounts(diagnosis) : preFilterMessage;
  return `0/${diagnosis.nodeCount} nodes are available: ${why}. ${preemptionMessage(diagnosis)}`;
}

function filterCounts({ nodeCount, rejections, absent }: Diagnosis): string {
  const counts = new Map<string, number>();
  const add = (reason: string, count: number) => counts.set(reason, (counts.get(reason) ?? 0) + count);
  for (const { reasons } of rejections) for (const reason of reasons) add(reason, 1);
  const notLookedAt = nodeCount - rejections.length;
  if (absent && notLookedAt > 0) for (const reason of absent.reasons) add(reason, notLookedAt);
  return listed(counts);
}

/** What preemption has to say: nothing is evicted yet, so no node ever has victims. */
function preemptionMessage({ nodeCount, rejections, preemptionPolicy }: Diagnosis): string {
  if (preemptionPolicy === 'Never') return 'preemption: not eligible due to preemptionPolicy=Never.';
  const candidates = rejections.filter(({ resolvable }) => resolvable).length;
  const counts = new Map<string, number>();
  if (candidates > 0) counts.set('No preemption victims found for incoming pod', candidates);
  if (candidates < nodeCount) counts.set('Preemption is not helpful for scheduling', nodeCount - candidates);
  return `preemption: 0/${nodeCount} nodes are available: ${listed(counts)}.`;
}

/** Sorted as text, so `10 …` comes before `2 …`, as upstream. */
function listed(counts: ReadonlyMap<string, number>): string {
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
