/**
 * A whole cluster in one process, from a hundred simulated nodes to thousands: `node dist/bench/scale.js
 * [--only 1000x10000]`. Each size runs in a process of its own. `--one` measures one in this process and prints JSON.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '../base/clock.ts';
import { startCluster } from '../cmd/cluster-core.ts';
import type { Client } from '../cmd/index.ts';
import type { V1Deployment } from '../openapi/generated/types.ts';
import type { ResourceRef } from '../openapi/object.ts';
import { keep } from './report.ts';

/** Nodes × pods. */
const SIZES = ['100x1000', '1000x10000', '5000x50000'];
/** Of one Deployment; more pods are more Deployments. */
const REPLICAS_MAX = 10_000;
const LIMIT_MS = 600_000;
const DEPLOYMENTS: ResourceRef = {
  group: 'apps',
  version: 'v1',
  resource: 'deployments',
  kind: 'Deployment',
  namespaced: true,
};

interface Measured {
  nodesReadyS: number;
  runningS: number;
  podsPerSecond: number;
  residentMb: number;
  peakMb: number;
  idleCpu: number;
  rollS: number;
  goneS: number;
}

const ROWS: readonly [key: keyof Measured, label: string, digits: number][] = [
  ['nodesReadyS', 'process start to all nodes Ready, s', 1],
  ['runningS', 'Deployments created to all pods Ready, s', 1],
  ['podsPerSecond', 'pods a second: made, scheduled, bound, run', 0],
  ['residentMb', 'resident memory with all pods, MB', 0],
  ['idleCpu', 'CPU when nothing happens, % of a core', 1],
  ['rollS', 'the first Deployment rolled, s', 1],
  ['goneS', 'all deleted, s', 1],
  ['peakMb', 'peak memory, MB', 0],
];

const { values } = parseArgs({ options: { only: { type: 'string' }, one: { type: 'string' } } });
if (values.one) process.stdout.write(`${JSON.stringify(await measure(values.one))}\n`, () => process.exit(0));
else await report(values.only ? [values.only] : SIZES);

async function report(sizes: readonly string[]): Promise<void> {
  const columns = new Map<string, Measured>();
  for (const size of sizes) columns.set(size, await inProcess(size));
  const head = ['', ...sizes.map((size) => size.replace('x', ' nodes, ').concat(' pods'))];
  const lines = ROWS.map(([key, label, digits]) => [
    label,
    ...sizes.map((size) => columns.get(size)?.[key].toFixed(digits) ?? ''),
  ]);
  const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  await keep('scale', `# A cluster in one process, by the number of its simulated nodes\n\n${table}\n`);
}

/** Its memory is then its own. */
function inProcess(size: string): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const flags = ['--max-old-space-size=4096', fileURLToPath(import.meta.url), '--one', size];
    const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve(JSON.parse(text.trim().split('\n').at(-1) ?? '') as Measured);
      else reject(new Error(`bench: ${size} ended with ${code}`));
    });
  });
}

async function measure(size: string): Promise<Measured> {
  const [nodes = 0, pods = 0] = size.split('x').map(Number);
  const cluster = await startCluster({
    node: 'none',
    simulation: { count: nodes, shape: { zones: [{ zone: 'a' }, { zone: 'b' }, { zone: 'c' }] } },
  });
  const client = cluster.client();
  await until(async () => (await readyNodes(client)) === nodes);
  const nodesReadyS = process.uptime();
  say(`${size}: nodes ready`);
  const begun = systemClock.monotonic();
  const names = Array.from({ length: Math.ceil(pods / REPLICAS_MAX) }, (_, index) => `load-${index}`);
  const replicas = Math.min(pods, REPLICAS_MAX);
  for (const name of names) await client.resource<V1Deployment>(DEPLOYMENTS).create(deployment(name, replicas, 'v1'));
  for (const name of names) await untilRolled(client, name);
  const runningS = since(begun);
  say(`${size}: pods ready`);
  const idleCpu = await idle();
  const residentMb = process.memoryUsage().rss / 1e6;
  const rolling = systemClock.monotonic();
  await roll(client, 'load-0');
  const rollS = since(rolling);
  say(`${size}: rolled`);
  const leaving = systemClock.monotonic();
  for (const name of names) await client.resource<V1Deployment>(DEPLOYMENTS).delete(name, 'default');
  await until(async () => (await client.pods.list({ namespace: 'default', limit: 1 })).items.length === 0);
  const goneS = since(leaving);
  const peakMb = process.resourceUsage().maxRSS / 1000;
  await cluster.stop();
  return { nodesReadyS, runningS, podsPerSecond: pods / runningS, residentMb, peakMb, idleCpu, rollS, goneS };
}

/** Percent of a core over a few seconds, after the last writes have settled. */
async function idle(): Promise<number> {
  await systemClock.sleep(3_000);
  const before = process.cpuUsage();
  await systemClock.sleep(10_000);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 10_000 / 10;
}

async function readyNodes(client: Client): Promise<number> {
  const { items } = await client.nodes.list();
  return items.filter((node) => node.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True')).length;
}

function deployment(name: string, replicas: number, version: string): V1Deployment {
  const labels = { app: name };
  const resources = { requests: { cpu: '100m', memory: '64Mi' } };
  return {
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels: { ...labels, version } },
        spec: { containers: [{ name: 'main', image: 'example/web:1', resources }] },
      },
    },
  };
}

async function roll(client: Client, name: string): Promise<void> {
  const template = { metadata: { labels: { version: 'v2' } } };
  const patch = { spec: { template } };
  await client.resource<V1Deployment>(DEPLOYMENTS).patch(name, 'default', patch, 'application/merge-patch+json');
  await untilRolled(client, name);
}

async function untilRolled(client: Client, name: string): Promise<void> {
  await until(async () => {
    const { metadata, spec, status } = await client.resource<V1Deployment>(DEPLOYMENTS).get(name, 'default');
    const { observedGeneration, replicas, updatedReplicas, availableReplicas } = status ?? {};
    const isSeen = observedGeneration === metadata?.generation;
    const wanted = spec?.replicas;
    return isSeen && replicas === wanted && updatedReplicas === wanted && availableReplicas === wanted;
  });
}

async function until(check: () => Promise<boolean>): Promise<void> {
  const begun = systemClock.monotonic();
  while (!(await check())) {
    if (systemClock.monotonic() - begun > LIMIT_MS) throw new Error('bench: this takes longer than ten minutes');
    await systemClock.sleep(100);
  }
}

function say(what: string): void {
  process.stderr.write(`  ${process.uptime().toFixed(1)} s  ${what}\n`);
}

function since(begun: number): number {
  return (systemClock.monotonic() - begun) / 1000;
}
