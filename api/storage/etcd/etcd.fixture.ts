/** Real etcds for tests: processes of their own on free loopback ports, with their data in a temporary folder. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../base/clock.ts';
import { type KeyValue, type Storage, StorageError, type StorageEvent, type WatchBatch } from '../interface.ts';
import type { EtcdStorage } from './etcd.ts';
import type { TestNetwork } from './network.fixture.ts';

const READY_MS = 20_000;

export interface EtcdFlags {
  /** How many members; 1 when absent. */
  members?: number;
  /** More flags for each. */
  flags?: readonly string[];
  scheme?: 'http' | 'https';
  /** Where the members are to run, if not all on the loopback. */
  network?: TestNetwork;
}

interface Member {
  clientUrl: string;
  command: string[];
  process: ChildProcess | undefined;
}

export class TestEtcd {
  readonly #directory: string;
  readonly #members: Member[];

  /** Starts an etcd, and resolves when its ports are open. */
  static async start(options: EtcdFlags = {}): Promise<TestEtcd> {
    const { members: count = 1, flags = [], scheme = 'http', network } = options;
    const directory = await mkdtemp(join(tmpdir(), 'kubets-etcd-'));
    const ports = await freePorts(2 * count);
    const hosts = network?.hosts ?? Array.from({ length: count }, () => '127.0.0.1');
    const peers = hosts.map((host, i) => `http://${host}:${ports[count + i]}`);
    const cluster = peers.map((peer, i) => `m${i}=${peer}`).join(',');
    const members = peers.map((peer, i): Member => {
      const clientUrl = `${scheme}://${hosts[i]}:${ports[i]}`;
      const named: [string, string][] = [
        ['name', `m${i}`],
        ['data-dir', join(directory, `m${i}`)],
        ['listen-client-urls', clientUrl],
        ['advertise-client-urls', clientUrl],
        ['listen-peer-urls', peer],
        ['initial-advertise-peer-urls', peer],
        ['initial-cluster', cluster],
        ['initial-cluster-token', directory],
        ['heartbeat-interval', '50'],
        ['election-timeout', '500'],
        ['log-level', 'error'],
      ];
      const own = named.map(([name, value]) => `--${name}=${value}`);
      const command = [...(network?.within(i) ?? []), 'etcd', ...own, ...flags];
      return { clientUrl, command, process: undefined };
    });
    const etcd = new TestEtcd(directory, members);
    try {
      await Promise.all(members.map((_, i) => etcd.restart(i)));
    } catch (error) {
      await etcd.stop();
      throw error;
    }
    return etcd;
  }

  private constructor(directory: string, members: Member[]) {
    this.#directory = directory;
    this.#members = members;
  }

  /** Client URLs. */
  get servers(): string[] {
    return this.#members.map(({ clientUrl }) => clientUrl);
  }

  /** Ends a member the hard way; resolves when it is gone. */
  async kill(index = 0): Promise<void> {
    const { process: running } = this.#members[index]!;
    this.#members[index]!.process = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, 'exit');
    running.kill('SIGKILL');
    await gone;
  }

  /** Starts a member, again after it was killed. */
  async restart(index = 0): Promise<void> {
    const member = this.#members[index]!;
    const [command = '', ...words] = member.command;
    const started = spawn(command, words, { stdio: 'ignore' });
    member.process = started;
    const failed = once(started, 'error').then(([error]) => Promise.reject(error));
    // Of one that fails later, after it was killed, nobody wants to know.
    failed.catch(() => undefined);
    await Promise.race([failed, this.#listening(started, new URL(member.clientUrl))]);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map((_, i) => this.kill(i)));
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #listening(process: ChildProcess, { hostname, port }: URL): Promise<void> {
    for (const until = systemClock.monotonic() + READY_MS; systemClock.monotonic() < until; ) {
      assert.equal(process.exitCode, null, `etcd ended: is etcd-server installed, and port ${port} free?`);
      const socket = connect(Number(port), hostname);
      const isOpen = await new Promise((resolve) => {
        socket.once('connect', () => resolve(true));
        socket.once('error', () => resolve(false));
      });
      socket.destroy();
      if (isOpen) return;
      await systemClock.sleep(20);
    }
    throw new Error(`etcd does not listen on port ${port}`);
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** Counts revisions from what an etcd has now, as if it was new, so that one etcd serves many tests. */
export class FromNow implements Storage {
  readonly #storage: EtcdStorage;
  readonly #base: number;

  constructor(storage: EtcdStorage, base: number) {
    this.#storage = storage;
    this.#base = base;
  }

  async get(key: string) {
    const { item, revision } = await this.#mapped(this.#storage.get(key));
    return { item: item && this.#item(item), revision: revision - this.#base };
  }

  async list(prefix: string, options: { limit?: number; from?: string; revision?: number } = {}) {
    const { revision: at } = options;
    const asked = { ...options, ...(at === undefined ? {} : { revision: at + this.#base }) };
    const { items, revision, ...rest } = await this.#mapped(this.#storage.list(prefix, asked));
    return { items: items.map((item) => this.#item(item)), revision: revision - this.#base, ...rest };
  }

  async create(key: string, value: Buffer): Promise<number> {
    return (await this.#mapped(this.#storage.create(key, value))) - this.#base;
  }

  async update(key: string, value: Buffer, expected: number): Promise<number> {
    return (await this.#mapped(this.#storage.update(key, value, expected + this.#base))) - this.#base;
  }

  async delete(key: string, expected: number): Promise<number> {
    return (await this.#mapped(this.#storage.delete(key, expected + this.#base))) - this.#base;
  }

  watch(prefix: string, after: number, signal: AbortSignal): AsyncIterable<WatchBatch> {
    const batches = this.#storage.watch(prefix, after + this.#base, signal)[Symbol.asyncIterator]();
    const next = () => this.#mapped(batches.next()).then((step) => (step.done ? step : this.#step(step.value)));
    const end = () => batches.return?.() ?? Promise.resolve({ done: true as const, value: undefined });
    return { [Symbol.asyncIterator]: () => ({ next, return: end }) };
  }

  async revision(): Promise<number> {
    return (await this.#mapped(this.#storage.revision())) - this.#base;
  }

  compact(revision: number): Promise<void> {
    return this.#storage.compact(revision + this.#base);
  }

  close(): Promise<void> {
    return this.#storage.close();
  }

  #item(item: KeyValue): KeyValue {
    return { ...item, modRevision: item.modRevision - this.#base };
  }

  #step({ events, revision }: WatchBatch): IteratorResult<WatchBatch> {
    const shown = events.map(
      (event): StorageEvent => ({
        ...event,
        revision: event.revision - this.#base,
        ...(event.previous ? { previous: this.#item(event.previous) } : {}),
      }),
    );
    return { done: false, value: { events: shown, revision: revision - this.#base } };
  }

  async #mapped<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      if (!(error instanceof StorageError) || error.revision === 0) throw error;
      throw new StorageError(error.code, error.key, error.message, error.revision - this.#base);
    }
  }
}
