/**
 * Hands the cache's events to its watchers. Those who watch the same share the very same batches, and who watches
 * something else costs nothing: an event finds its watchers, it is not shown to all.
 */
import type { FieldTerm } from '../../openapi/selectors.ts';
import { bytesOf, CacheWatcher } from './cache-watcher.ts';
import type { CachedObject } from './cached-object.ts';
import type { CacheBatch, CacheEvent } from './watch-cache.ts';

/** What somebody watches: of the objects with the prefix, where there is a field, those that have or had its value. */
export interface Watched {
  /** Ends with a slash. */
  prefix: string;
  field?: { name: string; value: string };
}

interface Group {
  watched: Watched;
  watchers: Set<CacheWatcher>;
  /** Of the batch that is being handed out. */
  events: CacheEvent[];
}

export class Broadcast {
  readonly #queueLimit: number;
  /** By `nameOf`. */
  readonly #groups = new Map<string, Group>();
  /** Prefix → the fields that somebody watches below it → how many groups do. */
  readonly #fields = new Map<string, Map<string, number>>();
  #size = 0;

  constructor(queueLimit: number) {
    this.#queueLimit = queueLimit;
  }

  get size(): number {
    return this.#size;
  }

  /** A watch that begins with `events`, which reach up to `revision`. It counts from now on, not from its first step. */
  watch(
    watched: Watched,
    events: readonly CacheEvent[],
    revision: number,
    signal: AbortSignal,
    onEnd?: () => void,
  ): AsyncIterable<CacheBatch> {
    if (!watched.prefix.endsWith('/')) throw new RangeError(`cannot watch ${watched.prefix}: it ends with no slash`);
    // A signal that has aborted already ends the watcher before there is one to remove.
    let joined: Group | undefined;
    const watcher = new CacheWatcher(watched.prefix, this.#queueLimit, signal, () => {
      if (joined) this.#leave(joined, watcher);
      onEnd?.();
    });
    if (signal.aborted) return watcher.pull;
    joined = this.#join(watched, watcher);
    watcher.begin(
      events.filter((event) => isOf(event, watched)),
      revision,
    );
    return watcher.pull;
  }

  publish(events: readonly CacheEvent[], revision: number): void {
    const concerned = new Set<Group>();
    for (const event of events) {
      for (const group of this.#groupsOf(event)) {
        concerned.add(group);
        group.events.push(event);
      }
    }
    for (const group of concerned) {
      const batch = { events: group.events, revision };
      group.events = [];
      const bytes = bytesOf(batch.events);
      for (const watcher of group.watchers) watcher.offer(batch, bytes);
    }
  }

  /** Tells every watcher that it has seen everything up to `revision`. */
  progress(revision: number): void {
    for (const { watchers } of this.#groups.values()) {
      for (const watcher of watchers) watcher.progress(revision);
    }
  }

  /** Ends the watches whose prefix begins with `prefix`, with `error` where there is one. */
  end(prefix: string, error?: Error): void {
    for (const { watched, watchers } of [...this.#groups.values()]) {
      if (!watched.prefix.startsWith(prefix)) continue;
      for (const watcher of [...watchers]) {
        if (error) watcher.pull.fail(error);
        else watcher.pull.end();
      }
    }
  }

  *#groupsOf({ object, previous }: CacheEvent): Generator<Group, void, void> {
    const { key } = object;
    for (let slash = key.indexOf('/'); slash >= 0; slash = key.indexOf('/', slash + 1)) {
      const prefix = key.slice(0, slash + 1);
      const all = this.#groups.get(prefix);
      if (all) yield all;
      for (const name of this.#fields.get(prefix)?.keys() ?? []) {
        for (const value of valuesOf(name, object, previous)) {
          const some = this.#groups.get(nameOf({ prefix, field: { name, value } }));
          if (some) yield some;
        }
      }
    }
  }

  #join(watched: Watched, watcher: CacheWatcher): Group {
    const name = nameOf(watched);
    let group = this.#groups.get(name);
    if (!group) {
      group = { watched, watchers: new Set(), events: [] };
      this.#groups.set(name, group);
      this.#count(watched, 1);
    }
    group.watchers.add(watcher);
    this.#size++;
    return group;
  }

  #leave(group: Group, watcher: CacheWatcher): void {
    if (!group.watchers.delete(watcher)) return;
    this.#size--;
    if (group.watchers.size > 0) return;
    this.#groups.delete(nameOf(group.watched));
    this.#count(group.watched, -1);
  }

  #count({ prefix, field }: Watched, change: 1 | -1): void {
    if (!field) return;
    const fields = this.#fields.get(prefix) ?? new Map<string, number>();
    const count = (fields.get(field.name) ?? 0) + change;
    if (count > 0) fields.set(field.name, count);
    else fields.delete(field.name);
    if (fields.size > 0) this.#fields.set(prefix, fields);
    else this.#fields.delete(prefix);
  }
}

/** What a watch with these selectors watches: of several fields the first, whoever watches looks at the rest. */
export function watchedOf(prefix: string, fields: readonly FieldTerm[]): Watched {
  const term = fields.find(({ equal }) => equal);
  return term ? { prefix, field: { name: term.field, value: term.value } } : { prefix };
}

function nameOf({ prefix, field }: Watched): string {
  return field ? `${prefix}\0${field.name}\0${field.value}` : prefix;
}

function isOf({ object, previous }: CacheEvent, { prefix, field }: Watched): boolean {
  return object.key.startsWith(prefix) && (!field || valuesOf(field.name, object, previous).includes(field.value));
}

/** What the field says, and what it said before, if that is something else. */
function valuesOf(name: string, object: CachedObject, previous: CachedObject | undefined): string[] {
  const [now, before] = [fieldOf(name, object), previous && fieldOf(name, previous)];
  return before === undefined || before === now ? [now] : [now, before];
}

function fieldOf(name: string, { fields }: CachedObject): string {
  return (Object.hasOwn(fields, name) ? fields[name] : undefined) ?? '';
}
