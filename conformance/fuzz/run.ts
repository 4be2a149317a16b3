/** A fuzzing run: a playground, requests a few at a time, judgement, clean-up. */
import { systemClock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { target } from '../harness/cluster.ts';
import type { HttpTarget } from '../harness/http.ts';
import { generate } from './generate.ts';
import { judge } from './judge.ts';
import { GROWTH_MAX_MIB, residentMib } from './memory.ts';
import { closePlayground, examine, openPlayground } from './playground.ts';
import type { FuzzRequest, Universe } from './request.ts';
import { send } from './send.ts';

export interface FuzzOptions {
  seed: number;
  requests: number;
  /** How many requests are under way at a time. */
  concurrency: number;
  /** Sends only the request of this index, to look at it again. */
  only?: number;
  /** For servers older than what kubets speaks, which answer 500 to some bad input, or hang up. */
  tolerate500?: boolean;
  /** Called every few thousand requests. */
  progress?: (sent: number) => void;
}

export interface Complaint {
  index: number;
  request: string;
  answer: string;
  why: string;
}

export interface FuzzReport {
  seed: number;
  requests: number;
  milliseconds: number;
  /** How many answers had each status. */
  statuses: Record<number, number>;
  /** The first complaints, each with what reproduces it; the count has them all. */
  complaints: Complaint[];
  complaintCount: number;
  /** What the run harmed: sentinels changed or lost, a server that is not well or has grown too much. */
  damage: string[];
  /** The request that took the longest. */
  slowest: { index: number; milliseconds: number };
  /** MiB the server had in use before and after, where it tells. */
  memory: (number | undefined)[];
}

const KEPT_COMPLAINTS = 25;
/** A single answer may take this long, everything else that is under way included. */
const SLOW_MS = 10_000;

/** Sends the requests of a seed and reports; rejects only if the run itself could not be made. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const playground = await openPlayground();
  const report = emptyReport(options);
  const pool = target.withSockets(options.concurrency);
  const start = systemClock.monotonic();
  try {
    report.memory.push(await residentMib());
    await sendAll(pool, options, playground.universe, report);
    report.milliseconds = Math.round(systemClock.monotonic() - start);
    report.memory.push(await residentMib());
    report.damage.push(...(await examine(playground)), ...growth(report));
  } finally {
    pool.close();
    await closePlayground(playground);
  }
  return report;
}

function emptyReport({ seed, requests }: FuzzOptions): FuzzReport {
  const slowest = { index: 0, milliseconds: 0 };
  const counts = { milliseconds: 0, complaintCount: 0, statuses: {} };
  return { seed, requests, ...counts, complaints: [], damage: [], slowest, memory: [] };
}

function growth({ memory: [before, after] }: FuzzReport): string[] {
  if (before === undefined || after === undefined || after - before <= GROWTH_MAX_MIB) return [];
  return [`the server has grown from ${before} to ${after} MiB`];
}

async function sendAll(pool: HttpTarget, options: FuzzOptions, universe: Universe, report: FuzzReport): Promise<void> {
  if (options.only !== undefined) return sendOne(pool, options, options.only, universe, report);
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
  { seed, tolerate500 = false }: FuzzOptions,
  index: number,
  universe: Universe,
  report: FuzzReport,
): Promise<void> {
  const request = generate(seed, index, universe);
  const start = systemClock.monotonic();
  try {
    const answer = await send(pool, request);
    report.statuses[answer.status] = (report.statuses[answer.status] ?? 0) + 1;
    const why = judge(request, answer);
    if (why !== undefined && !(tolerate500 && answer.status === 500)) {
      complain(report, { index, request: describe(request), answer: answer.body.toString('utf8', 0, 500), why });
    }
  } catch (error) {
    // Where 1.20 panics it hangs up instead of answering 500.
    const tolerated = tolerate500 && messageOf(error).includes('socket hang up');
    if (!tolerated) complain(report, { index, request: describe(request), answer: messageOf(error), why: 'no answer' });
  }
  const milliseconds = Math.round(systemClock.monotonic() - start);
  if (milliseconds > report.slowest.milliseconds) report.slowest = { index, milliseconds };
  if (milliseconds > SLOW_MS)
    complain(report, { index, request: describe(request), answer: '', why: `${milliseconds} ms` });
}

function complain(report: FuzzReport, complaint: Complaint): void {
  report.complaintCount++;
  if (report.complaints.length < KEPT_COMPLAINTS) report.complaints.push(complaint);
}

function describe({ method, path, headers, body }: FuzzRequest): string {
  const start = `${method} ${path.slice(0, 300)} ${JSON.stringify(headers).slice(0, 200)}`;
  return body ? `${start} ${printable(body.subarray(0, 600))}` : start;
}

/** Protobuf is not for reading, but shows at least its texts. */
function printable(bytes: Buffer): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is they that are replaced
  return bytes.toString('utf8').replaceAll(/[\u0000-\u001f\u007f]/g, '·');
}
