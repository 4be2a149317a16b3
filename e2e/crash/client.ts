import { systemClock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { itemsOf, KEYS, listPath, outcomeOf, requestFor } from './config-maps.ts';
import type { Call, Outcome, State } from './history.ts';
import type { Recorder } from './recorder.ts';
import { type Connection, LostError, NotSentError } from './wire.ts';

const RETRY_MS = 15;

/** Reads and writes one thing after the other, and takes down what came of each. */
export class Client {
  readonly #name: string;
  readonly #connections: readonly Connection[];
  readonly #recorder: Recorder;
  readonly #random: Random;
  /** What any client heard of last; only to aim well. */
  readonly #known: Map<string, State | undefined>;
  #stopped = false;
  #closed = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(
    name: string,
    connections: readonly Connection[],
    recorder: Recorder,
    random: Random,
    known: Map<string, State | undefined>,
  ) {
    this.#name = name;
    this.#connections = connections;
    this.#recorder = recorder;
    this.#random = random;
    this.#known = known;
  }

  run(): Promise<void> {
    this.#ended = this.#loop();
    return this.#ended;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ended;
  }

  close(): void {
    this.#stopped = true;
    this.#closed = true;
    for (const connection of this.#connections) connection.close();
  }

  /** Makes an object until that is acknowledged; resolves with its revision. */
  async fence(key: string): Promise<number> {
    while (!this.#closed) {
      const made = await this.#perform(key, (id) => ({ type: 'create', data: { op: String(id) } }));
      if (made?.kind === 'object') return made.state.revision;
      // An attempt whose answer was lost may have made it: then the key is written once more.
      if (made?.kind !== 'refused') continue;
      const patched = await this.#perform(key, (id) => ({ type: 'patch', data: { op: String(id) } }));
      if (patched?.kind === 'object') return patched.state.revision;
    }
    throw new Error('the client has been closed');
  }

  async list(): Promise<{ revision: number; items: readonly State[] }> {
    while (!this.#closed) {
      try {
        const { status, body } = await this.#connection().ask({ method: 'GET', path: listPath('') });
        if (status === 200) return itemsOf(body);
      } catch (error) {
        if (!(error instanceof LostError || error instanceof NotSentError)) throw error;
      }
      await systemClock.sleep(RETRY_MS);
    }
    throw new Error('the client has been closed');
  }

  async #loop(): Promise<void> {
    while (!this.#stopped) {
      const key = KEYS[Math.floor(this.#random.next() * KEYS.length)]!;
      const outcome = await this.#perform(key, (id) => this.#choose(key, String(id)));
      // What has just been written is read at once, and often from another server.
      const isDone = outcome?.kind === 'object' || outcome?.kind === 'deleted';
      if (isDone && this.#random.next() < 0.3) await this.#perform(key, () => ({ type: 'get' }));
    }
  }

  /** Resolves with what came of it; undefined when nothing is known of that. */
  async #perform(aimed: string, make: (id: number) => Call): Promise<Outcome | undefined> {
    const id = this.#recorder.nextId();
    const call = make(id);
    const key = call.type === 'list' ? '' : aimed;
    const request = requestFor(key, call, this.#random.next() < 0.5);
    const sent = { id, client: this.#name, key, call, invoked: this.#recorder.tick() };
    try {
      const { status, body } = await this.#connection().ask(request);
      const outcome = outcomeOf(call, status, body);
      if (typeof outcome === 'string') {
        this.#recorder.addOddity(outcome);
        this.#recorder.add(sent, { kind: 'unknown' });
        await systemClock.sleep(RETRY_MS);
        return undefined;
      }
      this.#recorder.add(sent, outcome);
      if (outcome.kind === 'object') this.#known.set(key, outcome.state);
      if (outcome.kind === 'deleted') this.#known.set(key, undefined);
      if (outcome.kind === 'refused' && outcome.reason === 'NotFound') this.#known.set(key, undefined);
      return outcome;
    } catch (error) {
      if (error instanceof LostError) this.#recorder.add(sent, { kind: 'unknown' });
      else if (!(error instanceof NotSentError)) throw error;
      await systemClock.sleep(RETRY_MS);
      return undefined;
    }
  }

  #connection(): Connection {
    return this.#connections[Math.floor(this.#random.next() * this.#connections.length)]!;
  }

  #choose(key: string, id: string): Call {
    const draw = this.#random.next();
    const data = { op: id, [this.#name]: id };
    if (draw < 0.12) return { type: 'get' };
    if (draw < 0.15) return { type: 'list' };
    const state = this.#known.get(key);
    if (!state) return draw < 0.85 ? { type: 'create', data } : { type: 'get' };
    // Not always what was heard of last, so that refusals are seen too.
    const expected = this.#random.next() < 0.9 ? state.revision : state.revision - 1;
    if (draw < 0.45) return { type: 'update', data, expected };
    if (draw < 0.68) return { type: 'patch', data };
    if (draw < 0.75) return { type: 'patch', data, expected };
    if (draw < 0.86) return { type: 'delete' };
    if (draw < 0.92) return { type: 'delete', expected };
    return draw < 0.96 ? { type: 'delete', uid: state.uid } : { type: 'create', data };
  }
}
