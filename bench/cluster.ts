/** A cluster to measure: `kubets up` in a process and a state folder of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock } from '../base/clock.ts';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('../package/main.js', import.meta.url));
const DEADLINE_MS = 60_000;

export interface RunningCluster {
  pid: number;
  kubeconfig: string;
  /** Milliseconds from spawning the process to the line that says ready, as the user waits for it. */
  readyMs: number;
  /** Milliseconds as `up` itself counts and prints them. */
  saidMs: number;
  /** Ends it as Ctrl-C does, and waits until it is gone. */
  stop(): Promise<void>;
}

/** A state folder for one measurement. */
export function newHome(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'kubets-bench-'));
}

export async function removeHome(home: string): Promise<void> {
  await rm(home, { recursive: true, force: true });
}

/** Starts `up` and resolves when it says it is ready; rejects with what it printed when it ends before. */
export async function startUp(home: string, flags: readonly string[]): Promise<RunningCluster> {
  const port = await freePort();
  const env = { ...process.env, KUBETS_HOME: home, NO_COLOR: '1' };
  const start = systemClock.monotonic();
  const child = spawn(process.execPath, [MAIN, 'up', '--secure-port', String(port), ...flags], { env });
  const saidMs = await untilReady(child);
  const readyMs = systemClock.monotonic() - start;
  if (child.pid === undefined) throw new Error('up has no pid');
  return {
    pid: child.pid,
    kubeconfig: join(home, 'kubeconfig'),
    readyMs,
    saidMs,
    stop: async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      await ended;
    },
  };
}

/** Removes containers and chains that a cluster on Docker left, and its state. */
export async function down(home: string): Promise<void> {
  await run(process.execPath, [MAIN, 'down', '--purge'], { env: { ...process.env, KUBETS_HOME: home } });
}

function untilReady(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let printed = '';
    const timer = systemClock.after(DEADLINE_MS, () => {
      child.kill('SIGKILL');
      reject(new Error(`not ready within ${DEADLINE_MS} ms: ${printed}`));
    });
    const read = (data: Buffer) => {
      printed += data.toString();
      const ready = /ready in (\d+) ms/.exec(printed);
      if (!ready) return;
      timer.cancel();
      resolve(Number(ready[1]));
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => {
      timer.cancel();
      reject(new Error(`up ended with ${code}: ${printed}`));
    });
  });
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
