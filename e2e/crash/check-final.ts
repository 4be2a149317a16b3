/** In the end everybody believes the same. */
import type { History, State, Watcher } from './history.ts';
import { reached, sameState, type Timeline, told } from './timeline.ts';

/** Compares the last list with what each watcher believes. (With what the writes come to, it is compared as any list.) */
export function checkFinal({ watchers, final }: History, timeline: Timeline): string[] {
  return watchers.flatMap((watcher) => {
    const { keys } = watcher;
    const due = timeline.between(0, final.revision, (key) => keys?.includes(key) ?? true).at(-1);
    const last = watcher.sessions.at(-1);
    const came = last ? reached(last) : 0;
    if (due && came < due.revision) return [`watcher ${watcher.name} came to ${came} only, not to ${told(due)}`];
    return differences(watcher, final);
  });
}

function differences(watcher: Watcher, final: History['final']): string[] {
  const believed = belief(watcher, final.revision);
  const wanted = watcher.keys ? new Set(watcher.keys) : undefined;
  const listed = new Map(final.items.filter(({ key }) => wanted?.has(key) ?? true).map((item) => [item.key, item]));
  const problems: string[] = [];
  for (const key of new Set([...believed.keys(), ...listed.keys()])) {
    const [here, there] = [believed.get(key), listed.get(key)];
    if (here && there && sameState(here, there)) continue;
    problems.push(`watcher ${watcher.name} believes ${key} ${at(here)}, the final list says ${at(there)}`);
  }
  return problems;
}

function at(state: State | undefined): string {
  return state ? `to be at ${state.revision}` : 'to be gone';
}

/** What a watcher holds to be there, as of `upTo`. */
export function belief({ sessions }: Watcher, upTo = Number.POSITIVE_INFINITY): Map<string, State> {
  const believed = new Map<string, State>();
  for (const { base, entries } of sessions) {
    if (base) {
      believed.clear();
      for (const item of base.items) believed.set(item.key, item);
    }
    for (const entry of entries) {
      if (entry.type === 'BOOKMARK' || entry.state.revision > upTo) continue;
      if (entry.type === 'DELETED') believed.delete(entry.state.key);
      else believed.set(entry.state.key, entry.state);
    }
  }
  return believed;
}
