/** A fuzzing run: sentinels, requests with bounded concurrency, judgement, clean-up. */
import assert from 'node:assert/strict';
import { systemClock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { fetchApi, target } from '../harness/cluster.ts';
import type { HttpTarget } from '../harness/http.ts';
import { createNamespace, removeNamespace, uniqueName } from '../harness/namespace.ts';
import { objectOf, type Wire } from '../harness/wire.ts';
import { collectionOf, kinds } from '../kinds.ts';
import { type FuzzRequest, generate, type Universe } from './generate.ts';
import { judge } from './judge.ts';

export interface FuzzOptions {
  seed: number;
  requests: number;
  concurrency: number;
  /** For servers older than what kubets speaks, which answer 500 to some bad input, or hang up. */
  tolerate500?: boolean;
  /** Called every few thousand requests. */
  progress?: (sent: number) => void;
}

export interface FuzzReport {
  seed: number;
  requests: number;
  milliseconds: number;
  /** How many answers had each status. */
  statuses: Record<number, number>;
  /** The first complaints, each with what reproduces it; `count` has them all. */
  complaints: { index: number; request: string; answer: string; why: string }[];
  complaintCount: number;
  /** What the run harmed: sentinels changed or lost, a server that is not well. */
  damage: string[];
}

const KEPT_COMPLAINTS = 20;
/** A watch is left after this long: that it opened is enough. */
const WATCH_MS = 30;

/** Sends the requests of a seed and reports; rejects only if the run itself could not be made. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const universe: Universe = { playground: uniqueName('fuzz-play'), sanctuary: uniqueName('fuzz-safe'), sentinels: [] };
  await createNamespace(universe.playground);
  await createNamespace(universe.sanctuary);
  const strays = await clusterScoped();
  const sentinels = await plantSentinels(universe);
  const report: FuzzReport = {
    seed: options.seed,
    requests: options.requests,
    milliseconds: 0,
    statuses: {},
    complaints: [],
    complaintCount: 0,
    damage: [],
  };
  const pool = target.withSockets(options.concurrency);
  const start = systemClock.monotonic();
  try {
    await sendAll(pool, options, universe, report);
    report.milliseconds = Math.round(systemClock.monotonic() - start);
    report.damage.push(...(await examine(sentinels)));
  } finally {
    pool.close();
    await removeStrays(strays);
    await removeNamespace(universe.playground);
    await removeNamespace(universe.sanctuary);
  }
  return report;
}

async function sendAll(pool: HttpTarget, options: FuzzOptions, universe: Universe, report: FuzzReport): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < options.requests; index = next++) {
      await sendOne(pool, options, index, universe, report);
      if (index % 5000 === 4999) options.progress?.(index + 1);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
}

async function sendOne(
  pool: HttpTarget,
  { seed, tolerate500 }: FuzzOptions,
  index: number,
  universe: Universe,
  report: FuzzReport,
): Promise<void> {
  const request = generate(seed, index, universe);
  const complain = (why: string, answer: string) => {
    report.complaintCount++;
    if (report.complaints.length >= KEPT_COMPLAINTS) return;
    const body = request.body ? ` ${request.body.toString('utf8').slice(0, 300)}` : '';
    const line = `${request.method} ${request.path.slice(0, 300)} ${JSON.stringify(request.headers).slice(0, 200)}${body}`;
    report.complaints.push({ index, request: line, answer: answer.slice(0, 500), why });
  };
  try {
    const answer = await send(pool, request);
    report.statuses[answer.status] = (report.statuses[answer.status] ?? 0) + 1;
    const why = judge(request, answer);
    const tolerated = tolerate500 === true && answer.status === 500;
    if (why !== undefined && !tolerated) complain(why, answer.text);
  } catch (error) {
    // Where 1.20 panics it hangs up instead of answering 500.
    const hungUp = messageOf(error).includes('socket hang up');
    if (!(tolerate500 === true && hungUp)) complain('no answer', messageOf(error));
  }
}

async function send(
  pool: HttpTarget,
  request: FuzzRequest,
): Promise<{ status: number; contentType: string; text: string }> {
  const { method, path, headers, body } = request;
  const response = await pool.open(method, path, { headers, ...(body ? { body } : {}) });
  const status = response.statusCode ?? 0;
  const contentType = String(response.headers['content-type'] ?? '');
  if (request.watch && status === 200) {
    await systemClock.sleep(WATCH_MS);
    response.on('error', () => undefined);
    response.destroy();
    return { status, contentType: 'stream', text: '' };
  }
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status, contentType, text: Buffer.concat(chunks).toString('utf8') };
}

/** One object of each namespaced kind that nothing else writes to, and one that holds more. */
async function plantSentinels(universe: Universe): Promise<Map<string, Wire>> {
  const planted = new Map<string, Wire>();
  for (const kind of kinds.filter(({ namespaced }) => namespaced)) {
    const collection = collectionOf(kind, universe.sanctuary);
    const name = `sentinel-${kind.resource}`;
    const object = objectOf(await fetchApi('POST', collection, { body: kind.sample(name, universe.sanctuary) }), 201);
    universe.sentinels.push({ resource: kind.resource, name, collection });
    planted.set(`${collection}/${name}`, object);
  }
  return planted;
}

async function examine(sentinels: Map<string, Wire>): Promise<string[]> {
  const damage: string[] = [];
  for (const [path, planted] of sentinels) {
    const answer = await fetchApi('GET', path);
    const lost = difference(path, answer.text, planted);
    if (lost) damage.push(lost);
  }
  const ready = await fetchApi('GET', '/readyz');
  if (ready.text !== 'ok') damage.push(`/readyz: ${ready.status} ${ready.text}`);
  return damage;
}

function difference(path: string, text: string, planted: Wire): string | undefined {
  const found = JSON.parse(text) as Partial<Wire>;
  try {
    // A controller may report a status, nobody may touch the rest.
    assert.deepEqual(
      { ...found, status: undefined, metadata: { ...found.metadata, resourceVersion: '', managedFields: undefined } },
      {
        ...planted,
        status: undefined,
        metadata: { ...planted.metadata, resourceVersion: '', managedFields: undefined },
      },
    );
    return undefined;
  } catch (error) {
    return `${path}: ${messageOf(error)}`;
  }
}

async function clusterScoped(): Promise<Set<string>> {
  const paths = new Set<string>();
  for (const resource of ['namespaces', 'nodes']) {
    const answer = await fetchApi('GET', `/api/v1/${resource}`);
    for (const { metadata } of answer.json<{ items: Wire[] }>().items)
      paths.add(`/api/v1/${resource}/${metadata.name}`);
  }
  return paths;
}

async function removeStrays(before: Set<string>): Promise<void> {
  for (const path of await clusterScoped()) {
    if (before.has(path)) continue;
    if (path.includes('/namespaces/')) await removeNamespace(path.split('/').pop() ?? '');
    else await removeNode(path);
  }
}

async function removeNode(path: string): Promise<void> {
  const headers = { 'content-type': 'application/merge-patch+json' };
  await fetchApi('PATCH', path, { headers, body: { metadata: { finalizers: null } } });
  await fetchApi('DELETE', path);
}
