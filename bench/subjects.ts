/** The servers that are put under load, each started afresh on an empty store. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, get } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock } from '../base/clock.ts';
import { freePort } from './cluster.ts';

const run = promisify(execFile);
const KUBETS = fileURLToPath(new URL('../package/main.js', import.meta.url));
const BARE = fileURLToPath(new URL('./bare-server.js', import.meta.url));
const DEADLINE_MS = 60_000;
const LOOK_MS = 2;

export interface Subject {
  server: string;
  token: string;
  /** Of all processes whose time and memory count. */
  pids: readonly number[];
  /** Which of them is etcd. */
  etcd?: number;
  /** From the start of the process to the first `/readyz` that says ok. */
  readyMs: number;
  stop(): Promise<void>;
}

/** `kubets apiserver`, with its state in `home`. */
export async function startKubets(
  home: string,
  flags: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Subject> {
  const port = await freePort();
  const env = { ...process.env, ...environment, KUBETS_HOME: home };
  const args = ['apiserver', '--secure-port', String(port), '--log-level', 'warn', ...flags];
  const start = systemClock.monotonic();
  const child = spawn(process.execPath, [KUBETS, ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const server = `https://127.0.0.1:${port}`;
  await untilReady(server, child);
  const readyMs = systemClock.monotonic() - start;
  const token = (await readFile(join(home, 'pki', 'admin.token'), 'utf8')).trim();
  return { server, token, pids: [pidOf(child)], readyMs, stop: () => stop(child) };
}

/** The same on an etcd of its own, as durable as it comes. */
export async function startKubetsOnEtcd(home: string): Promise<Subject> {
  const [client, peer] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
  const clients = ['--listen-client-urls', client, '--advertise-client-urls', client];
  const peers = ['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer];
  const args = ['--data-dir', join(home, 'etcd'), ...clients, ...peers, '--initial-cluster', `default=${peer}`];
  const etcd = spawn('etcd', [...args, '--log-level', 'error'], { stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    const kubets = await startKubets(home, ['--etcd-servers', client]);
    return {
      ...kubets,
      pids: [...kubets.pids, pidOf(etcd)],
      etcd: pidOf(etcd),
      stop: async () => {
        await kubets.stop();
        await stop(etcd);
      },
    };
  } catch (error) {
    await stop(etcd);
    throw error;
  }
}

/** Node without kubets; `home` holds the certificates of a kubets, and `template` is a pod that it served. */
export async function startBare(home: string, template: string): Promise<Subject> {
  const port = await freePort();
  const file = join(home, 'template.json');
  await writeFile(file, template);
  const pki = (name: string) => join(home, 'pki', name);
  const args = [
    '--port',
    String(port),
    '--cert',
    pki('apiserver.crt'),
    '--key',
    pki('apiserver.key'),
    '--template',
    file,
  ];
  const start = systemClock.monotonic();
  const child = spawn(process.execPath, [BARE, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
  const readyMs = systemClock.monotonic() - start;
  return { server: `https://127.0.0.1:${port}`, token: '', pids: [pidOf(child)], readyMs, stop: () => stop(child) };
}

/** The real server with its etcd, by the script that builds and starts it; the first time that takes minutes. */
export async function startReference(script: string): Promise<Subject> {
  const root = process.env.REF ?? '/tmp/kube-reference';
  const pid = async (name: string) => Number((await readFile(join(root, 'run', `${name}.pid`), 'utf8')).trim());
  await run('bash', [script, 'up']);
  const etcd = await pid('etcd');
  return {
    server: 'https://127.0.0.1:16443',
    token: 'admintoken',
    pids: [await pid('kube-apiserver'), etcd],
    etcd,
    readyMs: Number.NaN,
    stop: async () => {
      await run('bash', [script, 'down']);
    },
  };
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('bench: a server could not be started');
  return pid;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

async function untilReady(server: string, child: ChildProcess): Promise<void> {
  const deadline = systemClock.monotonic() + DEADLINE_MS;
  while (!(await isReady(server))) {
    if (child.exitCode !== null) throw new Error(`bench: the server ended with ${child.exitCode}`);
    if (systemClock.monotonic() > deadline) throw new Error(`bench: ${server} was not ready in time`);
    await systemClock.sleep(LOOK_MS);
  }
}

function isReady(server: string): Promise<boolean> {
  const agent = new Agent({ rejectUnauthorized: false });
  return new Promise((resolve) => {
    get(`${server}/readyz`, { agent }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', () => resolve(false));
  });
}

/** Removes a state folder. */
export async function removeState(home: string): Promise<void> {
  if (existsSync(home)) await rm(home, { recursive: true, force: true });
}
