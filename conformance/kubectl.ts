/** Stock kubectl binaries: where they are, which they are, and a way to run them. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { codeOf } from '../base/errors.ts';

export interface Kubectl {
  /** For example `1.32`. */
  version: string;
  path: string;
}

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * `kubectl-1.xx` in $KUBECTL_DIR, and the `kubectl` of the PATH if it is of another version. Empty when there is none:
 * the caller says so.
 */
export function findKubectls(): Kubectl[] {
  const found = new Map<string, Kubectl>();
  const candidates = [...inFolder(process.env.KUBECTL_DIR), ...inPath()];
  for (const path of candidates) {
    const version = versionOf(path);
    if (version !== undefined && !found.has(version)) found.set(version, { version, path });
  }
  return [...found.values()].sort((a, b) => a.version.localeCompare(b.version, undefined, { numeric: true }));
}

function inFolder(folder: string | undefined): string[] {
  if (!folder) return [];
  const names = readdirSync(folder).filter((name) => /^kubectl-1\.\d+$/.test(name));
  return names.map((name) => join(folder, name));
}

function inPath(): string[] {
  for (const folder of (process.env.PATH ?? '').split(':')) {
    const path = join(folder, 'kubectl');
    if (isExecutable(path)) return [path];
  }
  return [];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EACCES' || codeOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}

function versionOf(path: string): string | undefined {
  const text = execFileSync(path, ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
  const { clientVersion } = JSON.parse(text) as { clientVersion?: { major: string; minor: string } };
  return clientVersion ? `${clientVersion.major}.${Number.parseInt(clientVersion.minor, 10)}` : undefined;
}

export interface RunOptions {
  input?: string;
  env?: Record<string, string>;
}

/** One kubectl with a home and a discovery cache of its own, in one namespace. */
export class KubectlRunner {
  readonly #kubectl: Kubectl;
  readonly #namespace: string;
  readonly #home: string;

  constructor(kubectl: Kubectl, namespace: string) {
    this.#kubectl = kubectl;
    this.#namespace = namespace;
    this.#home = mkdtempSync(join(tmpdir(), 'conformance-kubectl-'));
  }

  /** Runs to the end, whatever the exit code; killed after 30 s. */
  run(args: string[], { input = '', env = {} }: RunOptions = {}): Promise<Result> {
    return new Promise((resolve, reject) => {
      const child = this.start(args, env);
      const timer = systemClock.after(30_000, () => child.kill('SIGKILL'));
      let stdout = '';
      let stderr = '';
      child.stdout?.on('data', (data) => {
        stdout += data;
      });
      child.stderr?.on('data', (data) => {
        stderr += data;
      });
      child.once('error', reject);
      child.once('close', (code) => {
        timer.cancel();
        resolve({ code: code ?? -1, stdout, stderr });
      });
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
    });
  }

  /** Runs and resolves with what it printed; rejects, with everything it said, if it fails. */
  async ok(args: string[], options: RunOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, options);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: exit ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Starts it and leaves it running: for `get -w`. */
  start(args: string[], env: Record<string, string> = {}): ChildProcess {
    const environment = {
      PATH: process.env.PATH ?? '',
      KUBECONFIG: process.env.KUBECONFIG ?? '',
      HOME: this.#home,
      ...env,
    };
    return spawn(this.#kubectl.path, ['--namespace', this.#namespace, ...args], { env: environment });
  }

  dispose(): void {
    rmSync(this.#home, { recursive: true, force: true });
  }
}
