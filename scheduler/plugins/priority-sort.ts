/** PrioritySort: the higher priority first; the queue lets the longest waiting decide between equals. */
import type { Plugin } from '../framework.ts';

export function prioritySort(): Plugin {
  return { name: 'PrioritySort', compare: (a, b) => b.priority - a.priority };
}
