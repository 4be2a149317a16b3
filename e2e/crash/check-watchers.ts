/** Every watcher saw every event of its keys, once, in order, across all its sessions. */
import { type Entry, type History, revisionOf, type Session, type Watcher } from './history.ts';
import { reached, type Timeline, told } from './timeline.ts';

/** What the watcher was told and what was there to be told. */
export function checkWatchers({ watchers }: History, timeline: Timeline): string[] {
  return watchers.flatMap((watcher) => [...checkOrder(watcher), ...checkComplete(watcher, timeline)]);
}

function checkOrder({ name, sessions }: Watcher): string[] {
  const problems: string[] = [];
  const seen = new Set<number>();
  const present = new Set<string>();
  let progress: number | undefined;
  sessions.forEach((session, index) => {
    const where = `watcher ${name}, session ${index + 1}`;
    problems.push(...wrongBeginning(session, progress).map((wrong) => `${where}: ${wrong}`));
    if (session.base) {
      present.clear();
      for (const { key } of session.base.items) present.add(key);
    }
    let last = session.after;
    for (const entry of session.entries) {
      const wrong = wrongRevision(entry, last, seen) ?? wrongType(entry, present);
      if (wrong) problems.push(`${where}: ${wrong}`);
      last = Math.max(last, revisionOf(entry));
      remember(entry, seen, present);
    }
    progress = last;
  });
  return problems;
}

function wrongBeginning({ after, base }: Session, progress: number | undefined): string[] {
  if (progress === undefined) return base ? [] : ['began without a list'];
  if (base) return after < progress ? [`its new list is of ${after}, but it had come to ${progress}`] : [];
  return after === progress ? [] : [`resumed after ${after}, but it had come to ${progress}`];
}

function wrongRevision(entry: Entry, last: number, seen: ReadonlySet<number>): string | undefined {
  const revision = revisionOf(entry);
  if (entry.type === 'BOOKMARK')
    return revision < last ? `a bookmark goes back from ${last} to ${revision}` : undefined;
  if (seen.has(revision)) return `the event at ${revision} (${entry.type} ${entry.state.key}) came twice`;
  if (revision > last) return undefined;
  return `the event at ${revision} (${entry.type} ${entry.state.key}) came after ${last}: out of order`;
}

function wrongType(entry: Entry, present: ReadonlySet<string>): string | undefined {
  if (entry.type === 'BOOKMARK') return undefined;
  const { key, revision } = entry.state;
  if ((entry.type === 'ADDED') !== present.has(key)) return undefined;
  return `${entry.type} ${key} at ${revision}, but to this watcher it was ${present.has(key) ? '' : 'not '}there`;
}

function remember(entry: Entry, seen: Set<number>, present: Set<string>): void {
  if (entry.type === 'BOOKMARK') return;
  seen.add(entry.state.revision);
  if (entry.type === 'DELETED') present.delete(entry.state.key);
  else present.add(entry.state.key);
}

/** Between where a session began and where it ended, nothing is left out. */
function checkComplete({ name, keys, sessions }: Watcher, timeline: Timeline): string[] {
  const wanted = keys ? new Set(keys) : undefined;
  const matches = (key: string) => wanted?.has(key) ?? true;
  const problems: string[] = [];
  sessions.forEach((session, index) => {
    const got = new Set(session.entries.map((entry) => (entry.type === 'BOOKMARK' ? undefined : revisionOf(entry))));
    for (const version of timeline.between(session.after, reached(session), matches)) {
      if (got.has(version.revision)) continue;
      problems.push(`watcher ${name}, session ${index + 1}: missed ${told(version)} (${version.witness})`);
    }
    for (const entry of session.entries) {
      if (entry.type === 'BOOKMARK' || matches(entry.state.key)) continue;
      problems.push(`watcher ${name}, session ${index + 1}: was told of ${entry.state.key}, which it did not ask for`);
    }
  });
  return problems;
}
