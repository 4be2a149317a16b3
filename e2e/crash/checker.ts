/**
 * Judges a history: is there an order of the operations, true to what every client saw and when, in which the store is
 * a map of keys with create, update-if, patch and delete? Every write takes a revision, and those are the order that
 * the server claims; so that order is checked, not searched for. Pure.
 */
import { checkFinal } from './check-final.ts';
import { checkRealTime } from './check-real-time.ts';
import { checkWatchers } from './check-watchers.ts';
import { checkWrites } from './check-writes.ts';
import type { History } from './history.ts';
import { Timeline } from './timeline.ts';

/**
 * What is wrong with it, in words that say what and where; nothing for a good history.
 *
 * - Every revision belongs to one write; each key's writes follow from one another (a creation only where nothing is, an
 *   update only on the revision that it names, a patch on top of what is there), and each operation happened at most
 *   once, and not if it was refused.
 * - What was invoked after a revision was known takes a later one, or reads a state at least as late; what was
 *   refused had a reason to be at some moment between question and answer.
 * - Every watcher saw every event of its keys once, in order, across all its sessions.
 * - The last list is what the writes come to, and what the watchers believe.
 */
export function check(history: History): string[] {
  const timeline = new Timeline(history);
  const { problems, earliest } = checkRealTime(history, timeline);
  return [
    ...timeline.problems,
    ...checkWrites(history, timeline, earliest),
    ...problems,
    ...checkWatchers(history, timeline),
    ...checkFinal(history, timeline),
  ];
}
