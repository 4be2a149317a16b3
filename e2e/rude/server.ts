/** An API server in a process of its own, what the kernel says of that process, and rude clients in another. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, freePort } from '../harness.ts';
import type { Order, Report } from './attacker.ts';
import type { AttackKind } from './attacks.ts';
import { PoliteClient } from './polite-client.ts';

const MAIN = fileURLToPath(new URL('../../package/main.js', import.meta.url));
const ATTACKER = fileURLToPath(new URL('./attacker.js', import.meta.url));
/** Two people who may do everything but are not exempt from limits as masters are, and one who is. */
const TOKENS = 'rude-token,rude,1\npolite-token,polite,2\nmaster-token,master,3,"system:masters"\n';

export class RudeServer {
  readonly port: number;
  readonly #home: string;
  readonly #child: ChildProcess;
  readonly #attacker: ChildProcess;
  output = '';

  private constructor(port: number, home: string, child: ChildProcess, attacker: ChildProcess) {
    this.port = port;
    this.#home = home;
    this.#child = child;
    this.#attacker = attacker;
  }

  /** Ready when it resolves: with `rude` and `polite` as administrators by role. */
  static async start(...flags: string[]): Promise<RudeServer> {
    const home = await mkdtemp(join(tmpdir(), 'kubets-rude-'));
    const port = await freePort();
    const tokens = join(home, 'tokens.csv');
    writeFileSync(tokens, TOKENS, { mode: 0o600 });
    const own = ['--in-memory', '--secure-port', String(port), '--token-auth-file', tokens, ...flags];
    const child = spawn(process.execPath, [MAIN, 'apiserver', ...own], {
      env: { ...process.env, KUBETS_HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const attacker = fork(ATTACKER, [String(port), 'rude-token']);
    const server = new RudeServer(port, home, child, attacker);
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        server.output = (server.output + chunk.toString()).slice(-20_000);
      });
    await eventually('the API server is ready', async () => {
      if (child.exitCode !== null) throw new Error(`kubets apiserver ended:\n${server.output}`);
      return server.output.includes('apiserver: ready');
    });
    await server.#prepare();
    return server;
  }

  async #prepare(): Promise<void> {
    const master = this.client('master-token');
    const subjects = ['rude', 'polite'].map((name) => ({ kind: 'User', name }));
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' };
    const metadata = { name: 'rude' };
    await master.post('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', { metadata, subjects, roleRef });
    for (const name of ['rude', 'large']) await master.post('/api/v1/namespaces', { metadata: { name } });
    master.close();
  }

  /** A client that behaves, on a connection of its own. */
  client(token = 'polite-token'): PoliteClient {
    return new PoliteClient(this.port, token);
  }

  /** Lets rude clients begin; resolves when all of them stand. */
  begin(begin: AttackKind, count: number): Promise<void> {
    return this.#order({ begin, count });
  }

  /** Rude clients are gone, without a word. */
  end(end: AttackKind): Promise<void> {
    return this.#order({ end });
  }

  async #order(order: Order): Promise<void> {
    this.#attacker.send(order);
    const [report] = (await once(this.#attacker, 'message')) as [Report];
    if ('failed' in report) throw new Error(`${JSON.stringify(order)}: ${report.failed}`);
  }

  /** One of the certificates that the server has made, with its key. */
  keyPair(name: string): { cert: Buffer; key: Buffer } {
    const read = (kind: string) => readFileSync(join(this.#home, 'pki', `${name}.${kind}`));
    return { cert: read('crt'), key: read('key') };
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Descriptors that the server has open. */
  get descriptors(): number {
    return readdirSync(this.#proc('fd')).length;
  }

  /** Resident memory, in bytes. */
  get memory(): number {
    return this.#status('VmRSS');
  }

  /** The most there has been of it since `forgetPeak`. */
  get peakMemory(): number {
    return this.#status('VmHWM');
  }

  forgetPeak(): void {
    writeFileSync(this.#proc('clear_refs'), '5');
  }

  /** Processor time of all its threads, in ms. */
  get cpuMs(): number {
    const threads = readdirSync(this.#proc('task'));
    const ns = threads.map((id) => Number(readFileSync(this.#proc(`task/${id}/schedstat`), 'utf8').split(' ')[0]));
    return ns.reduce((sum, one) => sum + one, 0) / 1e6;
  }

  async stop(): Promise<void> {
    this.#attacker.disconnect();
    if (this.alive) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await ended;
    }
    await rm(this.#home, { recursive: true, force: true });
  }

  #status(name: string): number {
    const match = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(this.#proc('status'), 'utf8'));
    return Number(match?.[1]) * 1024;
  }

  #proc(name: string): string {
    return `/proc/${this.#child.pid}/${name}`;
  }
}
