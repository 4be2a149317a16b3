/** What was over before something else began comes before it, for every key and every client. */
import { type Entry, type History, type Operation, revisionOf, type State } from './history.ts';
import { named, sameState, type Timeline, told } from './timeline.ts';

/** Something that happens at a tick: it may learn which revision there is at least. */
interface Moment {
  at: number;
  /** Takes what is known so far, gives what it adds. */
  happen(known: number): number | undefined;
}

export interface RealTime {
  problems: string[];
  /** By operation: the highest revision that anybody knew of when it was invoked. */
  earliest: Map<number, number>;
}

/** Goes through all ticks once; each read is placed as early as it can be, so that if any placing works, this one does. */
export function checkRealTime(history: History, timeline: Timeline): RealTime {
  const problems: string[] = [];
  const earliest = new Map<number, number>();
  const latest = latestRevisions(history, timeline);
  const moments: Moment[] = [];
  for (const operation of history.operations) {
    moments.push(
      { at: operation.invoked, happen: (known) => void earliest.set(operation.id, known) },
      {
        at: operation.answered,
        happen: () => {
          const window = { from: earliest.get(operation.id) ?? 0, upTo: latest(operation.answered) };
          const seen = placed(operation, window, timeline);
          if (typeof seen === 'string') problems.push(`${named(operation)} ${seen}`);
          return typeof seen === 'number' ? seen : undefined;
        },
      },
    );
  }
  for (const { name, entries } of streams(history)) {
    for (const entry of entries) {
      moments.push({
        at: entry.at,
        happen: () => {
          const revision = revisionOf(entry);
          const upTo = latest(entry.at);
          if (revision <= upTo) return revision;
          const next = `before revision ${upTo + 1} was invoked`;
          problems.push(`watcher ${name} was told of revision ${revision} (${entry.type}) ${next}`);
          return undefined;
        },
      });
    }
  }
  moments.push(...lists(history, timeline, latest, problems));
  let known = 0;
  for (const moment of moments.sort((a, b) => a.at - b.at)) known = Math.max(known, moment.happen(known) ?? 0);
  return { problems, earliest };
}

interface Window {
  from: number;
  upTo: number;
}

/** The revision that the operation's answer proves to have been reached, or why it cannot be explained. */
function placed(operation: Operation, window: Window, timeline: Timeline): number | string | undefined {
  const { key, outcome, call } = operation;
  switch (outcome.kind) {
    case 'unknown':
      return undefined;
    case 'deleted':
      return timeline.deletionOf(outcome.uid);
    case 'items':
      return wrongList(outcome, window, timeline) ?? outcome.revision;
    case 'object': {
      if (call.type !== 'get') return outcome.state.revision;
      const { state } = outcome;
      const seen = timeline.first(key, window.from, window.upTo, (there) => there?.revision === state.revision);
      return seen ?? unexplained(`shows revision ${state.revision}`, key, window, timeline, state);
    }
    case 'refused': {
      const seen = timeline.first(key, window.from, window.upTo, (there) => mayRefuse(operation, there));
      return seen ?? unexplained(`says ${outcome.reason}`, key, window, timeline, undefined);
    }
  }
}

/** Whether a state is a reason for what the operation was told. */
function mayRefuse({ call, outcome }: Operation, there: State | undefined): boolean {
  if (outcome.kind !== 'refused') return false;
  switch (outcome.reason) {
    case 'NotFound':
      return there === undefined;
    case 'AlreadyExists':
      return there !== undefined;
    case 'Conflict': {
      const { expected } = { expected: undefined, ...call };
      const uid = call.type === 'delete' ? call.uid : undefined;
      if (expected === undefined && uid === undefined) return true;
      if (there === undefined) return false;
      return (expected !== undefined && there.revision !== expected) || (uid !== undefined && there.uid !== uid);
    }
  }
}

function unexplained(
  what: string,
  key: string,
  { from, upTo }: Window,
  timeline: Timeline,
  shown: State | undefined,
): string {
  const standing = timeline.at(key, from);
  const where = Number.isFinite(upTo) ? `between revisions ${from} and ${upTo}` : `from revision ${from} on`;
  const stood = `${standing ? told(standing) : 'nothing'} stood there`;
  if (shown && standing && !standing.state && standing.revision > shown.revision) {
    return `${what}, ${where}, when ${stood}: a deleted object is back`;
  }
  if (shown && standing && standing.revision > shown.revision) {
    return `${what}, ${where}, when ${stood} already: a write is lost, or the read is stale`;
  }
  return `${what}, ${where}, when ${stood}: no order of the operations allows that`;
}

function wrongList(
  { revision, items }: { revision: number; items: readonly State[] },
  { from, upTo }: Window,
  timeline: Timeline,
): string | undefined {
  if (revision < from) return `is of revision ${revision}, but ${from} was known before it was invoked: it is stale`;
  if (revision > upTo) return `is of revision ${revision}, but ${upTo + 1} was invoked only after its answer`;
  return differenceAt(revision, items, timeline);
}

/** How a list of `keys` (all when absent) differs from what the writes come to at its revision. */
export function differenceAt(
  revision: number,
  items: readonly State[],
  timeline: Timeline,
  keys: Iterable<string> = timeline.keys,
): string | undefined {
  const shown = new Map(items.map((item) => [item.key, item]));
  if (shown.size < items.length) return `at ${revision} shows a key twice`;
  for (const key of new Set([...keys, ...shown.keys()])) {
    const version = timeline.at(key, revision);
    const item = shown.get(key);
    if (version?.state && !item) return `at ${revision} lacks ${key}: ${told(version)} is lost`;
    if (!version?.state && item) {
      const gone = version ? `${told(version)} came before: a deleted object is back` : 'it was written only later';
      return `at ${revision} shows ${key} at ${item.revision}, but ${gone}`;
    }
    if (version?.state && item && !sameState(version.state, item)) {
      return `at ${revision} shows ${key} at ${item.revision}, though ${told(version)} stood there: a write is lost`;
    }
  }
  return undefined;
}

/** Tells, for a tick, the highest revision that can have been reached: the next was invoked only later. */
function latestRevisions({ operations }: History, timeline: Timeline): (at: number) => number {
  const revisions = new Map<number, number>();
  for (const key of timeline.keys) {
    for (const { state, revision } of timeline.versions(key)) if (state) revisions.set(Number(state.data.op), revision);
  }
  for (const { id, outcome } of operations) {
    const deleted = outcome.kind === 'deleted' ? timeline.deletionOf(outcome.uid) : undefined;
    if (deleted !== undefined) revisions.set(id, deleted);
  }
  const invoked = [...operations].sort((a, b) => a.invoked - b.invoked);
  const limits: number[] = [];
  let limit = Number.POSITIVE_INFINITY;
  for (const { id } of invoked.toReversed()) {
    limits.push(limit);
    limit = Math.min(limit, (revisions.get(id) ?? Number.POSITIVE_INFINITY) - 1);
  }
  limits.push(limit);
  limits.reverse();
  return (at) => limits[firstAfter(invoked, at)]!;
}

/** Index of the first that was invoked after `at`. */
function firstAfter(invoked: readonly Operation[], at: number): number {
  let low = 0;
  let high = invoked.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (invoked[middle]!.invoked <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function* streams({ watchers }: History): Generator<{ name: string; entries: readonly Entry[] }> {
  for (const { name, sessions } of watchers) for (const { entries } of sessions) yield { name, entries };
}

/** Lists that no operation stands for: the last one, and those that watchers begin anew with. */
function lists(
  { watchers, final }: History,
  timeline: Timeline,
  latest: (at: number) => number,
  problems: string[],
): Moment[] {
  const moment = (
    what: string,
    list: { revision: number; items: readonly State[]; keys: readonly string[] | undefined },
    { invoked, at }: { invoked: number; at: number },
  ): Moment[] => {
    let from = 0;
    const answered = () => {
      const stale = list.revision < from ? `is of revision ${list.revision}, but ${from} was known: it is stale` : '';
      const early = list.revision > latest(at) ? `is of revision ${list.revision}, invoked only later` : '';
      const wrong = stale || early || differenceAt(list.revision, list.items, timeline, list.keys);
      if (wrong) problems.push(`the ${what} ${wrong}`);
      return list.revision;
    };
    const asked = (known: number) => {
      from = known;
      return undefined;
    };
    return [
      { at: invoked, happen: asked },
      { at, happen: answered },
    ];
  };
  const bases = watchers.flatMap(({ name, keys, sessions }) =>
    sessions.flatMap(({ base, after }) =>
      base ? moment(`list of watcher ${name}`, { revision: after, items: base.items, keys }, base) : [],
    ),
  );
  const { revision, items, invoked, answered } = final;
  return [...bases, ...moment('final list', { revision, items, keys: undefined }, { invoked, at: answered })];
}
