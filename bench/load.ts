/**
 * The same load on kubets, on a bare Node server and on the real kube-apiserver with etcd, one after the other, as a
 * table of server CPU time and memory: `node dist/bench/load.js [--pods 3000] [--runs 1]`. The load generator and the
 * real server lie beside the checkout in ../shared; they need Debian's Go (golang-1.19-go).
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { newHome } from './cluster.ts';
import { keep, treeRoot } from './report.ts';
import { median } from './stats.ts';
import { removeState, type Subject, startBare, startKubets, startReference } from './subjects.ts';

const run = promisify(execFile);
const SHARED = join(treeRoot(), '..', 'shared');
const REFERENCE = join(SHARED, 'reference', 'kube-apiserver.sh');
const GENERATOR = join(SHARED, 'bench');
const GO = '/usr/lib/go-1.19/bin/go';
const PHASES = ['create', 'get', 'list', 'list-label', 'patch', 'status-update', 'watch-fanout', 'delete'];
/** A bare server has no watches. */
const BARE_PHASES = PHASES.filter((phase) => phase !== 'watch-fanout');

/** What is wanted of kubets on its embedded engine: this many times less than the real server. */
const WANTED: Readonly<Record<string, number>> = {
  get: 5,
  list: 15,
  'list-label': 30,
  create: 4,
  patch: 4,
  'status-update': 4,
  delete: 4,
  'watch-fanout': 5,
  peak: 4,
};

interface Report {
  phases: { phase: string; errors: number; server_cpu_ms_per_op: number; rss_lifetime_mb: number }[];
}

/** A row's name → one sample a run. */
type Column = Map<string, number[]>;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { pods: { type: 'string' }, runs: { type: 'string' } } });
  const pods = Number(values.pods ?? 3000);
  const runs = Number(values.runs ?? 1);
  const generator = await buildGenerator();
  if (generator === undefined) return;
  const columns = new Map<string, Column>();
  const measure = async (name: string, subject: Subject, phases = PHASES) => {
    process.stderr.write(`bench: ${name}\n`);
    try {
      take(columns, name, await load(generator, subject, pods, phases), subject.readyMs);
    } finally {
      await subject.stop();
    }
  };
  for (let i = 0; i < runs; i++) {
    const home = await newHome();
    await measure('kubets, lmdb', await startKubets(home, []));
    const memory = await newHome();
    await measure('kubets, memory', await startKubets(memory, ['--in-memory']));
    await measure('bare Node', await startBare(home, await podOf(generator, home)), BARE_PHASES);
    await Promise.all([removeState(home), removeState(memory)]);
    if (existsSync(REFERENCE)) await measure('kube-apiserver, etcd', await startReference(REFERENCE));
  }
  await keep('load', `# ${pods} pods: server CPU time per operation\n\n${tableOf(columns)}\n`);
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

async function load(generator: string, subject: Subject, pods: number, phases: readonly string[]): Promise<Report> {
  const file = join(tmpdir(), `kubets-load-${subject.pids[0]}.json`);
  const { server, token, pids } = subject;
  const flags = ['-server', server, '-token', token || 'none', '-pids', pids.join(','), '-json', file];
  await run(generator, [...flags, '-n', String(pods), '-http1', '-phases', phases.join(',')], { maxBuffer: 16 << 20 });
  const report = JSON.parse(await readFile(file, 'utf8')) as Report;
  await removeState(file);
  return report;
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

function take(columns: Map<string, Column>, name: string, report: Report, readyMs: number): void {
  const column = columns.get(name) ?? new Map<string, number[]>();
  columns.set(name, column);
  const add = (row: string, value: number) => column.set(row, [...(column.get(row) ?? []), value]);
  for (const { phase, errors, server_cpu_ms_per_op: cost } of report.phases) {
    if (errors > 0) throw new Error(`bench: ${name}: ${errors} errors in ${phase}`);
    if (PHASES.includes(phase)) add(phase, cost);
  }
  add('peak', Math.max(...report.phases.map((phase) => phase.rss_lifetime_mb)));
  if (!Number.isNaN(readyMs)) add('start', readyMs);
}

const LABELS: Readonly<Record<string, string>> = {
  'list-label': 'list of 1 % by label, ms',
  list: 'list of all, ms',
  'watch-fanout': 'watch event per watcher, ms',
  'status-update': 'status update, ms',
  peak: 'peak memory, MB',
  start: 'process start to ready, ms',
};

function tableOf(columns: Map<string, Column>): string {
  const names = [...columns.keys()];
  const real = columns.get('kube-apiserver, etcd');
  const own = columns.get('kubets, lmdb');
  const value = (column: Column | undefined, row: string) => median(column?.get(row) ?? []);
  const shown = (number: number) => (Number.isNaN(number) ? '' : number < 10 ? number.toFixed(3) : number.toFixed(0));
  const ratio = (row: string) => {
    const times = value(real, row) / value(own, row);
    return Number.isNaN(times) ? '' : `1/${times.toFixed(1)}`;
  };
  const wanted = (row: string) => (WANTED[row] === undefined ? '' : `1/${WANTED[row]}`);
  const lines = [...PHASES, 'peak', 'start'].map((row) => {
    const cells = names.map((name) => shown(value(columns.get(name), row)));
    return `| ${[LABELS[row] ?? `${row}, ms`, ...cells, ratio(row), wanted(row)].join(' | ')} |`;
  });
  const head = ['per operation', ...names, 'ratio lmdb : real', 'wanted'];
  return [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`, ...lines].join('\n');
}

await main();
