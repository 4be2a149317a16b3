/** Clients that write and read the same few keys at once, and watchers that go on where they were when they broke off. */
import type { Random } from '../../base/random.ts';
import { Client } from './client.ts';
import { FENCES } from './config-maps.ts';
import type { State } from './history.ts';
import type { Recorder } from './recorder.ts';
import { WatchLoop } from './watch-loop.ts';
import { Connection, type Endpoint } from './wire.ts';

export interface LoadOptions {
  endpoints: readonly Endpoint[];
  recorder: Recorder;
  random: Random;
  clients: number;
}

export class Load {
  readonly #recorder: Recorder;
  readonly #clients: Client[];
  readonly #watchers: WatchLoop[];
  readonly #running: Promise<void>[] = [];
  /** Rejects when a client or a watcher has met something that no crash explains. */
  readonly failed: Promise<never>;
  #fail: (error: unknown) => void = () => undefined;

  constructor({ endpoints, recorder, random, clients }: LoadOptions) {
    this.#recorder = recorder;
    const known = new Map<string, State | undefined>();
    this.#clients = Array.from({ length: clients }, (_, index) => {
      const connections = endpoints.map((endpoint) => new Connection(endpoint, index % 2 === 0 ? 1 : 2));
      return new Client(`c${index + 1}`, connections, recorder, random, known);
    });
    const watches = ['', '', 'half=even', 'half=odd'];
    this.#watchers = watches.map((selector, index) => {
      const connections = endpoints.map((endpoint) => new Connection(endpoint, index % 2 === 0 ? 2 : 1));
      return new WatchLoop(`w${index + 1}`, selector, connections, recorder, random);
    });
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // It is raced against only where something is waited for.
    this.failed.catch(() => undefined);
  }

  /** Lets the watchers begin, and then the clients: what happens before anybody watches, nobody can account for. */
  async start(): Promise<void> {
    this.#run(this.#watchers);
    await Promise.race([Promise.all(this.#watchers.map((watcher) => watcher.reach(1))), this.failed]);
    this.#run(this.#clients);
  }

  #run(parts: readonly { run(): Promise<void> }[]): void {
    for (const part of parts) this.#running.push(part.run().catch(this.#fail));
  }

  /** Stops the clients, waits until every watcher has seen all there is, and resolves with one last list. */
  async finish(): Promise<{ revision: number; items: readonly State[]; invoked: number; answered: number }> {
    const client = this.#clients[0]!;
    await Promise.all(this.#clients.map((each) => each.stop()));
    for (const key of FENCES) {
      const revision = await client.fence(key);
      const waiting = this.#watchers.filter((watcher) => watcher.wants(key)).map((watcher) => watcher.reach(revision));
      await Promise.race([Promise.all(waiting), this.failed]);
    }
    const invoked = this.#recorder.tick();
    const { revision, items } = await client.list();
    return { revision, items, invoked, answered: this.#recorder.tick() };
  }

  /** Closes every connection and waits for everybody. */
  async close(): Promise<void> {
    for (const part of [...this.#clients, ...this.#watchers]) part.close();
    await Promise.all(this.#running);
  }
}
