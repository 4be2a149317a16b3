/** What watchers may be told wrong. */
import { busy, type Draft, type Fault, isEvent, sessions } from './fault.ts';
import type { Entry } from './history.ts';

export const watching: readonly Fault[] = [
  {
    name: 'an event that a watcher misses',
    says: /missed|believes/,
    inflict(draft, pick) {
      const session = pick(busy(draft));
      return session?.entries.splice(session.entries.findIndex(isEvent), 1) !== undefined;
    },
  },
  {
    name: 'an event that comes twice',
    says: /came twice/,
    inflict(draft, pick) {
      const session = pick(busy(draft));
      const index = session?.entries.findIndex(isEvent) ?? -1;
      const entry = session?.entries[index];
      if (!session || !entry) return false;
      session.entries.splice(index + 1, 0, structuredClone(entry));
      return true;
    },
  },
  {
    name: 'two events in the wrong order',
    says: /out of order/,
    inflict(draft, pick) {
      const at = (entries: Draft<Entry>[]) =>
        entries.findIndex((entry, index) => isEvent(entry) && entries[index + 1] && isEvent(entries[index + 1]!));
      const session = pick(busy(draft).filter(({ entries }) => at(entries) >= 0));
      if (!session) return false;
      const index = at(session.entries);
      const [first, second] = session.entries.splice(index, 2);
      session.entries.splice(index, 0, { ...second!, at: first!.at }, { ...first!, at: second!.at });
      return true;
    },
  },
  {
    name: 'a watch that resumes somewhere else',
    says: /resumed after/,
    inflict(draft, pick) {
      const session = pick(draft.watchers.flatMap((watcher) => watcher.sessions.slice(1)).filter(({ base }) => !base));
      if (session) session.after -= 1;
      return session !== undefined;
    },
  },
  {
    name: 'an event of the wrong type',
    says: /but to this watcher it was (not )?there/,
    inflict(draft, pick) {
      const entry = pick(sessions(draft).flatMap(({ entries }) => entries.filter(({ type }) => type === 'ADDED')));
      if (entry) entry.type = 'MODIFIED' as never;
      return entry !== undefined;
    },
  },
  {
    name: 'an event of a key that the watcher did not ask for',
    says: /did not ask for/,
    inflict(draft) {
      const few = draft.watchers.find(
        ({ keys, sessions: all }) => keys && all.some(({ entries }) => entries.some(isEvent)),
      );
      if (few) few.keys = ['d'];
      return few !== undefined;
    },
  },
  {
    name: 'a bookmark that goes back',
    says: /goes back/,
    inflict(draft, pick) {
      const session = pick(busy(draft));
      session?.entries.push({ type: 'BOOKMARK', revision: 1, at: session.entries.at(-1)!.at });
      return session !== undefined;
    },
  },
  {
    name: 'a watcher that never gets to the end',
    says: /came to \d+ only/,
    inflict(draft, pick) {
      const due = Math.max(...draft.final.items.map(({ revision }) => revision));
      const watcher = pick(draft.watchers.filter(({ keys, sessions: all }) => !keys && all.at(-1)!.after < due));
      if (watcher) watcher.sessions.at(-1)!.entries = [];
      return watcher !== undefined;
    },
  },
];
