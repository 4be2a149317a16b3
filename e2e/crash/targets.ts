/** What is started and killed: an API server on a store of its own, or several on one etcd. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeOf } from '../../base/errors.ts';
import { systemRandom } from '../../base/random.ts';
import { eventually } from '../harness.ts';
import type { Endpoint } from './wire.ts';

const MAIN = fileURLToPath(new URL('../../package/main.js', import.meta.url));

/** A process that can be killed and started again. */
export interface Victim {
  name: string;
  /** Starts it, without waiting. */
  begin(): void;
  /** Resolves once it serves; rejects, with what it said, when it has ended. */
  ready(): Promise<void>;
  /** SIGKILL; resolves when it is gone; with what it said, if it had ended by itself. */
  kill(): Promise<string | undefined>;
}

export interface Target {
  endpoints: readonly Endpoint[];
  victims: readonly Victim[];
  /** Kills everything and removes its files. */
  destroy(): Promise<void>;
}

class Daemon implements Victim {
  readonly name: string;
  readonly #command: readonly [string, ...string[]];
  readonly #env: NodeJS.ProcessEnv;
  readonly #isReady: (output: string) => boolean | Promise<boolean>;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(
    name: string,
    command: readonly [string, ...string[]],
    env: NodeJS.ProcessEnv,
    isReady: (output: string) => boolean | Promise<boolean>,
  ) {
    this.name = name;
    this.#command = command;
    this.#env = env;
    this.#isReady = isReady;
  }

  begin(): void {
    const [file, ...args] = this.#command;
    const child = spawn(file, args, { env: { ...process.env, ...this.#env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        // Enough to say why it did not start.
        this.#output = (this.#output + chunk.toString()).slice(-20_000);
      });
    }
    this.#child = child;
  }

  async ready(): Promise<void> {
    const child = this.#child;
    const ended = () => child?.exitCode !== null || child.signalCode !== null;
    await eventually(`${this.name} serves`, async () => ended() || (await this.#isReady(this.#output)), 20);
    if (ended()) throw new Error(`${this.name} has ended with ${child?.exitCode}:\n${this.#output}`);
  }

  async kill(): Promise<string | undefined> {
    const child = this.#child;
    if (!child || child.signalCode !== null) return undefined;
    if (child.exitCode !== null) return `${this.name} has ended with ${child.exitCode}:\n${this.#output}`;
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
    return undefined;
  }
}

/** `kubets apiserver` on its embedded store. */
export async function lmdbTarget(): Promise<Target> {
  const home = await mkdtemp(join(tmpdir(), 'kubets-crash-'));
  const port = await lowPort();
  return started([[apiServer('apiserver', home, port, [])]], home, [port]);
}

/** An etcd of so many members, and so many API servers on it. */
export async function etcdTarget({ members, servers }: { members: number; servers: number }): Promise<Target> {
  const home = await mkdtemp(join(tmpdir(), 'kubets-crash-'));
  const { etcds, urls } = await etcdMembers(home, members);
  await mkdir(join(home, 'pki'), { mode: 0o700 });
  const ports: number[] = [];
  const apiServers: Victim[] = [];
  for (let number = 1; number <= servers; number++) {
    const port = await lowPort();
    ports.push(port);
    // As on machines of their own, but with the same keys.
    const own = join(home, String(number));
    await mkdir(own, { mode: 0o700 });
    await symlink(join(home, 'pki'), join(own, 'pki'));
    apiServers.push(apiServer(`apiserver ${number}`, own, port, ['--etcd-servers', urls.join(',')]));
  }
  return started([etcds, ...apiServers.map((server) => [server])], home, ports);
}

async function etcdMembers(home: string, count: number): Promise<{ etcds: Victim[]; urls: string[] }> {
  const members: { name: string; client: string; peer: string }[] = [];
  for (let number = 1; number <= count; number++) {
    const [client, peer] = [await lowPort(), await lowPort()];
    members.push({ name: `etcd-${number}`, client: `http://127.0.0.1:${client}`, peer: `http://127.0.0.1:${peer}` });
  }
  const cluster = members.map(({ name, peer }) => `${name}=${peer}`).join(',');
  const etcds = members.map(({ name, client, peer }) => {
    const flags = ['--name', name, '--data-dir', join(home, name), '--initial-cluster', cluster];
    const clients = ['--listen-client-urls', client, '--advertise-client-urls', client];
    const peers = ['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer];
    return new Daemon(name, ['etcd', ...flags, ...clients, ...peers], {}, () => isHealthy(client));
  });
  return { etcds, urls: members.map(({ client }) => client) };
}

/**
 * A port that nothing listens on, below those that the kernel gives to outgoing connections: who knocks often enough at
 * a server that is down would take its port, or get connected to himself.
 */
async function lowPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(systemRandom.next() * 9_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => (codeOf(error) === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

async function isHealthy(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1000) });
  return /"true"/.test(await response.text());
}

function apiServer(name: string, home: string, port: number, flags: string[]): Daemon {
  const command: [string, ...string[]] = [process.execPath, MAIN, 'apiserver', '--secure-port', String(port), ...flags];
  return new Daemon(name, command, { KUBETS_HOME: home }, (output) => output.includes('apiserver: ready'));
}

/** Starts stage after stage; those of one stage need each other. */
async function started(stages: readonly Victim[][], home: string, ports: readonly number[]): Promise<Target> {
  const victims = stages.flat();
  const destroy = async () => {
    for (const victim of victims) await victim.kill();
    await rm(home, { recursive: true, force: true });
  };
  try {
    for (const stage of stages) {
      for (const victim of stage) victim.begin();
      for (const victim of stage) await victim.ready();
    }
    const ca = await readFile(join(home, 'pki', 'ca.crt'), 'utf8');
    const token = (await readFile(join(home, 'pki', 'admin.token'), 'utf8')).trim();
    const endpoints = ports.map((port) => ({ origin: `https://127.0.0.1:${port}`, ca, token }));
    return { endpoints, victims, destroy };
  } catch (error) {
    await destroy();
    throw error;
  }
}
