import { systemClock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { V1ConfigMap } from '../../openapi/generated/types.ts';
import { FENCES, itemsOf, KEYS, labelOf, listPath, stateOf, watchPath } from './config-maps.ts';
import { revisionOf } from './history.ts';
import type { RecordedWatcher, Recorder } from './recorder.ts';
import { type Connection, LostError, NotSentError } from './wire.ts';

const RETRY_MS = 15;
const EVENTS_BEFORE_NAP_MAX = 150;
const NAP_MS_MAX = 1_500;

/** Watches, and goes on where it was whenever that breaks off or it has been away. */
export class WatchLoop {
  readonly #selector: string;
  readonly #connections: readonly Connection[];
  readonly #recorder: Recorder;
  readonly #record: RecordedWatcher;
  readonly #random: Random;
  #progress = 0;
  #anew = true;
  #turn = 0;
  #closed = false;
  #waiting: { revision: number; resolve(): void }[] = [];

  constructor(name: string, selector: string, connections: readonly Connection[], recorder: Recorder, random: Random) {
    this.#random = random;
    this.#selector = selector;
    this.#connections = connections;
    this.#recorder = recorder;
    const keys = [...KEYS, ...FENCES].filter((key) => this.wants(key));
    this.#record = { name, sessions: [], ...(selector === '' ? {} : { keys }) };
    recorder.watchers.push(this.#record);
  }

  wants(key: string): boolean {
    return this.#selector === '' || this.#selector === `half=${labelOf(key)}`;
  }

  /** Each session goes to the next server. */
  async run(): Promise<void> {
    while (!this.#closed) {
      const connection = this.#connections[this.#turn++ % this.#connections.length]!;
      try {
        if (this.#anew) await this.#list(connection);
        if (!this.#anew) await this.#watch(connection);
      } catch (error) {
        if (!(error instanceof LostError || error instanceof NotSentError)) throw error;
        // Away for a while, and perhaps through a crash or two: what happens meanwhile is to be told afterwards.
        if (!this.#closed) await systemClock.sleep(RETRY_MS + this.#random.next() ** 2 * NAP_MS_MAX);
      }
    }
  }

  /** Resolves once this revision has been seen. */
  reach(revision: number): Promise<void> {
    if (this.#progress >= revision) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ revision, resolve }));
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#connections) connection.close();
  }

  async #list(connection: Connection): Promise<void> {
    const invoked = this.#recorder.tick();
    const { status, body } = await connection.ask({ method: 'GET', path: listPath(this.#selector) });
    if (status !== 200) {
      this.#recorder.addOddity(`list of a watcher: ${status}`);
      await systemClock.sleep(RETRY_MS);
      return;
    }
    const { revision, items } = itemsOf(body);
    this.#record.sessions.push({ after: revision, base: { items, invoked, at: this.#recorder.tick() }, entries: [] });
    this.#anew = false;
    this.#advance(revision);
  }

  async #watch(connection: Connection): Promise<void> {
    const session: RecordedWatcher['sessions'][number] = { after: this.#progress, entries: [] };
    const onOpen = (status: number) => {
      if (status === 200) this.#record.sessions.push(session);
      else if (status === 410) this.#anew = true;
      else this.#recorder.addOddity(`watch: ${status}`);
    };
    const leave = new AbortController();
    let events = Math.ceil(this.#random.next() * EVENTS_BEFORE_NAP_MAX);
    await connection.follow(watchPath(this.#selector, this.#progress), leave.signal, onOpen, (line) => {
      this.#take(line, session);
      if (--events === 0) leave.abort();
    });
  }

  #take(line: unknown, session: RecordedWatcher['sessions'][number]): void {
    const { type, object } = line as { type: string; object: V1ConfigMap & { code?: number; message?: string } };
    if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') {
      // A server may have ConfigMaps of its own.
      if (object.data?.op === undefined) return;
      session.entries.push({ type, state: stateOf(object), at: this.#recorder.tick() });
    } else if (type === 'BOOKMARK') {
      session.entries.push({ type, revision: Number(object.metadata?.resourceVersion), at: this.#recorder.tick() });
    } else {
      if (object.code === 410) this.#anew = true;
      else this.#recorder.addOddity(`watch: ${type} ${object.code} ${object.message}`);
      return;
    }
    this.#advance(revisionOf(session.entries.at(-1)!));
  }

  #advance(revision: number): void {
    this.#progress = Math.max(this.#progress, revision);
    for (const waiter of this.#waiting) if (waiter.revision <= this.#progress) waiter.resolve();
    this.#waiting = this.#waiting.filter((waiter) => waiter.revision > this.#progress);
  }
}
