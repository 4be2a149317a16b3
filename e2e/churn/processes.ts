/** The processes of a cluster, each of its own: started, killed without warning, and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../base/clock.ts';
import { eventually } from '../harness.ts';

const MAIN = fileURLToPath(new URL('../../package/main.js', import.meta.url));
const OUTPUT_MAX = 2_000_000;
const RESTART_MS = 200;

export interface ProcessOptions {
  name: string;
  /** The command line after `kubets`. `again` tells a first start from later ones. */
  args: (again: boolean) => readonly string[];
  env?: NodeJS.ProcessEnv;
  /** What it says when it works. */
  readyText: string;
}

/** One `kubets` process, started again whenever it ends by itself because it is no leader any more. */
export class ClusterProcess {
  readonly name: string;
  readonly #options: ProcessOptions;
  #child: ChildProcess | undefined;
  #started = 0;
  #stopping = false;
  /** What the processes of this name have said, the end of it. */
  output = '';
  /** What this one has said. */
  #said = '';
  /** Ends that nobody asked for, with what was said before. */
  readonly crashes: string[] = [];

  constructor(options: ProcessOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Whether it is the one that works, of those of which one works at a time. */
  get isLeading(): boolean {
    return this.isRunning && this.#said.includes('leader election: leading');
  }

  start(): void {
    const args = this.#options.args(this.#started++ > 0);
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, ...this.#options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#said = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => this.#hear(child, chunk));
    child.once('exit', (code) => this.#ended(child, code));
  }

  ready(): Promise<unknown> {
    return eventually(`${this.name} is ready`, async () => this.#said.includes(this.#options.readyText), 20);
  }

  /** `kill -9`, and a new one after so long. */
  async crash(pauseMs: number): Promise<void> {
    await this.#signal('SIGKILL');
    await systemClock.sleep(pauseMs);
    if (!this.#stopping) this.start();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#signal('SIGKILL');
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || !this.isRunning) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }

  #hear(child: ChildProcess, chunk: Buffer): void {
    const text = chunk.toString();
    this.output = (this.output + text).slice(-OUTPUT_MAX);
    if (child === this.#child) this.#said = (this.#said + text).slice(-OUTPUT_MAX);
  }

  /** Who has lost the lease ends with 1, and is started again by whoever runs it; any other end is a crash. */
  #ended(child: ChildProcess, code: number | null): void {
    if (code === null || this.#stopping || child !== this.#child) return;
    if (!this.#said.includes('the lease is lost'))
      this.crashes.push(`${this.name} has ended with ${code}:\n${this.#said.slice(-4000)}`);
    systemClock.after(RESTART_MS, () => {
      if (!this.#stopping && !this.isRunning) this.start();
    });
  }
}
