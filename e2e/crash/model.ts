/** Good histories by the thousand: a store in memory, clients whose answers may get lost, watchers that lag. */
import type { Random } from '../../base/random.ts';
import type { Call, Data, Entry, History, Operation, Outcome, Session, State, Watcher } from './history.ts';

const KEYS = ['a', 'b', 'c', 'd'];
const CLIENTS = ['c1', 'c2', 'c3', 'c4'];

/** An operation under way. */
interface Pending {
  operation: Operation;
  /** What the answer will say, once it has taken effect. */
  outcome: Outcome | undefined;
}

type Draft = {
  name: string;
  keys?: readonly string[];
  sessions: { after: number; base?: Session['base']; entries: Entry[] }[];
};

/** What `steps` random steps come to: requests, effects, answers, events, crashes. The same draws, the same history. */
export function generateHistory(random: Random, steps: number): History {
  const model = new Model(random);
  for (let step = 0; step < steps; step++) model.step();
  return model.finish();
}

class Model {
  readonly #random: Random;
  readonly #objects = new Map<string, State>();
  readonly #log: { type: 'ADDED' | 'MODIFIED' | 'DELETED'; state: State }[] = [];
  readonly #operations: Operation[] = [];
  readonly #pending = new Map<string, Pending>();
  /** Left the client before a crash, and still on the way to the store. */
  #stray: Pending[] = [];
  readonly #watchers: Draft[] = [];
  #revision = 10;
  #tick = 0;
  #uids = 0;

  constructor(random: Random) {
    this.#random = random;
    for (const watcher of [{ name: 'w1' }, { name: 'w2' }, { name: 'w3', keys: ['a', 'c'] }]) {
      this.#watchers.push({
        ...watcher,
        sessions: [{ after: this.#revision, base: this.#list(undefined), entries: [] }],
      });
    }
  }

  step(): void {
    const draw = this.#random.next();
    if (draw < 0.4) this.#client();
    else if (draw < 0.6) this.#effect();
    else if (draw < 0.96) this.#watch();
    else if (draw < 0.98) this.#watchAnew();
    else this.#crash();
  }

  /** Everybody catches up, then one list. */
  finish(): History {
    this.#crash();
    this.#stray = [];
    for (const watcher of this.#watchers) {
      while (this.#deliver(watcher));
      watcher.sessions.at(-1)?.entries.push({ type: 'BOOKMARK', revision: this.#revision, at: this.#now() });
    }
    const items = [...this.#objects.values()];
    const final = { revision: this.#revision, items, invoked: this.#now(), answered: this.#now() };
    return { operations: this.#operations, watchers: this.#watchers as Watcher[], final };
  }

  #now(): number {
    return ++this.#tick;
  }

  #below(count: number): number {
    return Math.floor(this.#random.next() * count);
  }

  /** One client asks, or is answered. */
  #client(): void {
    const client = CLIENTS[this.#below(CLIENTS.length)]!;
    const pending = this.#pending.get(client);
    if (!pending) {
      const id = this.#operations.length + 1;
      const call = this.#call(String(id), client);
      const key = call.type === 'list' ? '' : KEYS[this.#below(KEYS.length)]!;
      const operation: Operation = {
        ...{ id, client, key, call: this.#aimed(call, key), invoked: this.#now() },
        ...{ answered: Number.POSITIVE_INFINITY, outcome: { kind: 'unknown' } },
      };
      this.#operations.push(operation);
      this.#pending.set(client, { operation, outcome: undefined });
    } else if (pending.outcome) {
      this.#pending.delete(client);
      Object.assign(pending.operation, { answered: this.#now(), outcome: pending.outcome });
    }
  }

  #call(id: string, client: string): Call {
    const draw = this.#random.next();
    if (draw < 0.25) return { type: 'create', data: { op: id, [client]: id } };
    if (draw < 0.45) return { type: 'update', data: { op: id, [client]: id }, expected: 0 };
    if (draw < 0.6) return { type: 'patch', data: { op: id, [client]: id } };
    if (draw < 0.65) return { type: 'patch', data: { op: id, [client]: id }, expected: 0 };
    if (draw < 0.75) return { type: 'delete' };
    if (draw < 0.8) return { type: 'delete', expected: 0 };
    return draw < 0.95 ? { type: 'get' } : { type: 'list' };
  }

  /** Expects what stands there now, or mostly. */
  #aimed(call: Call, key: string): Call {
    if (!('expected' in call)) return call;
    const current = this.#objects.get(key)?.revision ?? this.#revision;
    return { ...call, expected: this.#random.next() < 0.8 ? current : current - 1 };
  }

  /** One request reaches the store. */
  #effect(): void {
    const waiting = [...this.#pending.values(), ...this.#stray].filter(({ outcome }) => !outcome);
    const pending = waiting[this.#below(waiting.length)];
    if (pending) pending.outcome = this.#apply(pending.operation);
    this.#stray = this.#stray.filter(({ outcome }) => !outcome);
  }

  #apply({ key, call }: Operation): Outcome {
    const old = this.#objects.get(key);
    if (call.type === 'list') return { kind: 'items', revision: this.#revision, items: [...this.#objects.values()] };
    if (call.type === 'create') return old ? refused('AlreadyExists') : this.#put(key, call.data, undefined);
    if (!old) return refused('NotFound');
    if (call.type === 'get') return { kind: 'object', state: old };
    if (call.expected !== undefined && call.expected !== old.revision) return refused('Conflict');
    if (call.type === 'update') return this.#put(key, call.data, old);
    if (call.type === 'patch') return this.#put(key, { ...old.data, ...call.data }, old);
    this.#objects.delete(key);
    this.#log.push({ type: 'DELETED', state: { ...old, revision: this.#next() } });
    return { kind: 'deleted', uid: old.uid };
  }

  #put(key: string, data: Data, old: State | undefined): Outcome {
    const state = { key, uid: old?.uid ?? `uid-${++this.#uids}`, revision: this.#next(), data };
    this.#objects.set(key, state);
    this.#log.push({ type: old ? 'MODIFIED' : 'ADDED', state });
    return { kind: 'object', state };
  }

  /** Other resources take revisions too. */
  #next(): number {
    this.#revision += 1 + this.#below(2);
    return this.#revision;
  }

  #watch(): void {
    const watcher = this.#watchers[this.#below(this.#watchers.length)]!;
    if (this.#deliver(watcher) || this.#random.next() < 0.8) return;
    watcher.sessions.at(-1)?.entries.push({ type: 'BOOKMARK', revision: this.#revision, at: this.#now() });
  }

  #deliver(watcher: Draft): boolean {
    const session = watcher.sessions.at(-1)!;
    const last = session.entries.at(-1);
    const progress = last ? (last.type === 'BOOKMARK' ? last.revision : last.state.revision) : session.after;
    const event = this.#log.find(
      ({ state }) => state.revision > progress && (watcher.keys?.includes(state.key) ?? true),
    );
    if (event) session.entries.push({ ...event, at: this.#now() });
    return event !== undefined;
  }

  #watchAnew(): void {
    // The first sees everything: without one that does, nobody could tell when something was deleted.
    const watcher = this.#watchers[1 + this.#below(this.#watchers.length - 1)]!;
    watcher.sessions.push({ after: this.#revision, base: this.#list(watcher.keys), entries: [] });
  }

  #list(keys: readonly string[] | undefined): NonNullable<Session['base']> {
    const items = [...this.#objects.values()].filter(({ key }) => keys?.includes(key) ?? true);
    return { items, invoked: this.#now(), at: this.#now() };
  }

  /** Nobody under way is answered any more; some of it may still take effect. */
  #crash(): void {
    this.#stray.push(...[...this.#pending.values()].filter(({ outcome }) => !outcome && this.#random.next() < 0.3));
    this.#pending.clear();
    for (const { sessions } of this.#watchers) {
      const last = sessions.at(-1)!;
      const entry = last.entries.at(-1);
      const after = entry ? (entry.type === 'BOOKMARK' ? entry.revision : entry.state.revision) : last.after;
      sessions.push({ after, entries: [] });
    }
  }
}

function refused(reason: 'AlreadyExists' | 'NotFound' | 'Conflict'): Outcome {
  return { kind: 'refused', reason };
}
