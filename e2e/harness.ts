/** What the end-to-end tests share: a real `kubets up` in a process of its own, stock kubectl, and Docker's own word. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../package/main.js', import.meta.url));

export interface CommandResult {
  stdout: string;
  stderr: string;
  code: number;
}

/** Runs a command to its end; does not reject for an exit code. */
export function run(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; input?: string; timeoutMs?: number } = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = execFile(
      command,
      args,
      { env: options.env ?? process.env, maxBuffer: 64 << 20, timeout: options.timeoutMs ?? 0 },
      (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0;
        resolve({ stdout, stderr, code });
      },
    );
    // A command may end without reading what it was given.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

/** Runs a command that must succeed; resolves with its standard output. */
export async function succeed(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<string> {
  const result = await run(command, args, options);
  assert.equal(result.code, 0, `${command} ${args.join(' ')}\n${result.stdout}\n${result.stderr}`);
  return result.stdout;
}

/** Asks until the answer is neither undefined nor false; fails with `what`, and the last error, after `seconds`. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined | false>, seconds = 30): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A port that nothing listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

/** A cluster's state folder and the process that runs it. */
export class TestCluster {
  readonly home: string;
  readonly port: number;
  readonly #flags: readonly string[];
  #child: ChildProcess | undefined;
  output = '';

  private constructor(home: string, port: number, flags: readonly string[]) {
    this.home = home;
    this.port = port;
    this.#flags = flags;
  }

  static async create(...flags: string[]): Promise<TestCluster> {
    return new TestCluster(await mkdtemp(join(tmpdir(), 'kubets-e2e-')), await freePort(), flags);
  }

  get env(): NodeJS.ProcessEnv {
    return { ...process.env, KUBETS_HOME: this.home, KUBECONFIG: join(this.home, 'kubeconfig'), NO_COLOR: '1' };
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts `kubets up`; resolves, once it says that it is ready, with the milliseconds it says. */
  async up(environment: NodeJS.ProcessEnv = {}): Promise<number> {
    const child = spawn(process.execPath, [MAIN, 'up', '--secure-port', String(this.port), ...this.#flags], {
      env: { ...this.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
    return eventually('kubets up is ready', async () => {
      if (child.exitCode !== null) throw new Error(`kubets up ended with ${child.exitCode}:\n${this.output}`);
      const match = /ready in (\d+) ms/.exec(this.output);
      return match ? Number(match[1]) : undefined;
    });
  }

  /** Sends a signal and waits for the process to end; resolves with its exit code. */
  stop(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return Promise.resolve(null);
    return new Promise((resolve) => {
      child.once('exit', (code) => resolve(code));
      child.kill(signal);
    });
  }

  /** Runs `kubets` with this cluster's state folder. */
  kubets(...args: string[]): Promise<CommandResult> {
    return run(process.execPath, [MAIN, ...args], { env: this.env });
  }

  /** Runs kubectl, which must succeed. */
  kubectl(...args: string[]): Promise<string> {
    return succeed('kubectl', args, { env: this.env });
  }

  kubectlRaw(...args: string[]): Promise<CommandResult> {
    return run('kubectl', args, { env: this.env });
  }

  /** `kubectl get … -o json`, parsed. */
  async get<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.kubectl('get', ...args, '-o', 'json')) as T;
  }

  /** Stops whatever runs and removes every trace, the state folder too. */
  async destroy(): Promise<void> {
    await this.stop('SIGKILL');
    const result = await this.kubets('down', '--purge');
    await rm(this.home, { recursive: true, force: true });
    assert.equal(result.code, 0, result.stderr);
  }

  /** Containers of this cluster as Docker tells them: id and name, running ones only. */
  async containers(): Promise<{ id: string; name: string }[]> {
    const id = readFileSync(join(this.home, 'cluster-id'), 'utf8').trim();
    const text = await succeed('docker', [
      'ps',
      '--no-trunc',
      '--filter',
      `label=io.kubets.cluster=${id}`,
      '--format',
      '{{.ID}} {{.Names}}',
    ]);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [containerId = '', name = ''] = line.split(' ');
        return { id: containerId, name };
      });
  }
}

/** The body of a GET over plain HTTP on a connection of its own, within two seconds. */
export async function httpGet(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000), headers: { connection: 'close' } });
  return (await response.text()).trim();
}

/** All different answers of a service, asked until there are `count` of them. */
export function answersOf(url: string, count: number): Promise<Set<string>> {
  const answers = new Set<string>();
  return eventually(`${count} different answers from ${url}`, async () => {
    answers.add(await httpGet(url));
    return answers.size >= count ? answers : undefined;
  });
}
