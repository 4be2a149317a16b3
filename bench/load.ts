/**
 * The same load on kubets with each of its stores, on a bare Node server and on the real kube-apiserver with etcd, one
 * after the other, as a table of server CPU time and memory, etcd's counted in:
 * `node dist/bench/load.js [--pods 3000] [--runs 1] [--only 'kubets, etcd;bare Node']`. What is left out of `--only`
 * stands in the table as it was measured last. The load generator and the real server lie beside the checkout in
 * ../shared; they need Debian's Go (golang-1.19-go), and a kubets on etcd needs etcd-server.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { newHome } from './cluster.ts';
import { type Column, type Columns, loadTable, PHASES, SERVERS, type Server } from './load-table.ts';
import { memoryBytes } from './process.ts';
import { keep, treeRoot } from './report.ts';
import { removeState, type Subject, startBare, startKubets, startKubetsOnEtcd, startReference } from './subjects.ts';

const run = promisify(execFile);
const SHARED = join(treeRoot(), '..', 'shared');
const REFERENCE = join(SHARED, 'reference', 'kube-apiserver.sh');
const GENERATOR = join(SHARED, 'bench');
const GO = '/usr/lib/go-1.19/bin/go';
/** A bare server has no watches. */
const BARE_PHASES = PHASES.filter((phase) => phase !== 'watch-fanout');
/** Every sample, so that one server can be measured again without the others. */
const SAMPLES = join(treeRoot(), 'bench', 'results', 'load.samples');

interface Phase {
  phase: string;
  ops: number;
  errors: number;
  server_cpu_ms_per_op: number;
  /** Of the whole phase. */
  server_cpu_ms_by_process: Record<string, number>;
  rss_lifetime_mb: number;
}

interface Kept {
  pods: number;
  columns: Columns;
}

async function main(): Promise<void> {
  const flags = { pods: { type: 'string' }, runs: { type: 'string' }, only: { type: 'string' } } as const;
  const { values } = parseArgs({ options: flags });
  const pods = Number(values.pods ?? 3000);
  const wanted = SERVERS.filter((name) => values.only === undefined || values.only.split(';').includes(name));
  const generator = await buildGenerator();
  if (generator === undefined) return;
  const columns = values.only === undefined ? {} : await columnsOf(pods);
  for (let i = 0; i < Number(values.runs ?? 1); i++) {
    for (const server of wanted) {
      const column = i === 0 ? { all: {}, etcd: {} } : (columns[server] ?? { all: {}, etcd: {} });
      if (await measure(server, generator, pods, column)) columns[server] = column;
    }
  }
  await writeFile(SAMPLES, `${JSON.stringify({ pods, columns } satisfies Kept)}\n`);
  await keep('load', `# ${pods} pods: server CPU time per operation\n\n${loadTable(columns)}\n`);
}

/** What an earlier run has left, if it had as many pods. */
async function columnsOf(pods: number): Promise<Columns> {
  if (!existsSync(SAMPLES)) return {};
  const kept = JSON.parse(await readFile(SAMPLES, 'utf8')) as Kept;
  return kept.pods === pods ? kept.columns : {};
}

/** False where there is no such server. */
async function measure(server: Server, generator: string, pods: number, column: Column): Promise<boolean> {
  const home = await newHome();
  try {
    process.stderr.write(`bench: ${server}\n`);
    const subject = await start(server, generator, home);
    if (!subject) return false;
    try {
      const phases = server === 'bare Node' ? BARE_PHASES : PHASES;
      take(column, server, await load(generator, subject, pods, phases), subject);
      if (subject.etcd !== undefined) add(column.etcd, 'peak', (await memoryBytes(subject.etcd, 'VmHWM')) / 2 ** 20);
      return true;
    } finally {
      await subject.stop();
    }
  } finally {
    await removeState(home);
  }
}

/** `undefined` for the real server where there is none. */
async function start(server: Server, generator: string, home: string): Promise<Subject | undefined> {
  switch (server) {
    case 'kubets, lmdb':
      return startKubets(home, []);
    case 'kubets, memory':
      return startKubets(home, ['--in-memory']);
    case 'kubets, etcd':
      return startKubetsOnEtcd(home);
    case 'bare Node':
      return startBare(home, await podOf(generator, home));
    case 'kube-apiserver, etcd':
      return existsSync(REFERENCE) ? startReference(REFERENCE) : undefined;
  }
}

/** `undefined` where there is none and it cannot be built: then this part of the bench is left out, and says so. */
async function buildGenerator(): Promise<string | undefined> {
  const binary = process.env.APIBENCH ?? join(tmpdir(), 'kubets-apibench');
  if (existsSync(binary)) return binary;
  if (!existsSync(GENERATOR) || !existsSync(GO)) {
    const needed = `${GENERATOR} and ${GO} (apt-get install golang-1.19-go), or a built one named in APIBENCH`;
    process.stderr.write(`bench: load is left out, as there is no load generator. It needs ${needed}.\n`);
    return undefined;
  }
  const env = { ...process.env, GO111MODULE: 'off', GOFLAGS: '', CGO_ENABLED: '0' };
  await run(GO, ['build', '-o', binary, '.'], { cwd: GENERATOR, env });
  return binary;
}

async function load(generator: string, subject: Subject, pods: number, phases: readonly string[]): Promise<Phase[]> {
  const file = join(tmpdir(), `kubets-load-${subject.pids[0]}.json`);
  const { server, token, pids } = subject;
  const flags = ['-server', server, '-token', token || 'none', '-pids', pids.join(','), '-json', file];
  await run(generator, [...flags, '-n', String(pods), '-http1', '-phases', phases.join(',')], { maxBuffer: 16 << 20 });
  const report = JSON.parse(await readFile(file, 'utf8')) as { phases: Phase[] };
  await removeState(file);
  return report.phases;
}

/** One pod of the load, as kubets serves it. */
async function podOf(generator: string, home: string): Promise<string> {
  const kubets = await startKubets(home, ['--in-memory']);
  try {
    const flags = ['-server', kubets.server, '-token', kubets.token, '-pids', String(kubets.pids[0])];
    await run(generator, [...flags, '-n', '1', '-http1', '-keep', '-phases', 'create']);
    const headers = { authorization: `Bearer ${kubets.token}` };
    const path = `${kubets.server}/api/v1/namespaces/bench/pods`;
    const { stdout } = await run('curl', ['-sk', '-H', `authorization: ${headers.authorization}`, path], {
      maxBuffer: 1 << 20,
    });
    const { items } = JSON.parse(stdout) as { items: object[] };
    return JSON.stringify({ kind: 'Pod', apiVersion: 'v1', ...items[0] });
  } finally {
    await kubets.stop();
  }
}

function take(column: Column, name: string, phases: readonly Phase[], { readyMs, etcd }: Subject): void {
  for (const { phase, ops, errors, server_cpu_ms_per_op: cost, server_cpu_ms_by_process: processes } of phases) {
    if (errors > 0) throw new Error(`bench: ${name}: ${errors} errors in ${phase}`);
    if (!PHASES.includes(phase)) continue;
    add(column.all, phase, cost);
    if (etcd !== undefined) add(column.etcd, phase, (processes[`etcd/${etcd}`] ?? Number.NaN) / ops);
  }
  add(column.all, 'peak', Math.max(...phases.map((phase) => phase.rss_lifetime_mb)));
  if (!Number.isNaN(readyMs)) add(column.all, 'start', readyMs);
}

function add(rows: Record<string, number[]>, row: string, sample: number): void {
  rows[row] = [...(rows[row] ?? []), sample];
}

await main();
