/** One request on its way, and what comes back of it. */
import type { IncomingMessage } from 'node:http';
import { systemClock } from '../../base/clock.ts';
import type { HttpTarget } from '../harness/http.ts';
import type { Verdict } from './judge.ts';
import type { FuzzRequest } from './request.ts';

/** A watch is left after this long: what came until then is judged. */
const WATCH_MS = 30;

/** Rejects when no answer, or only a part of one, comes within 30 s. */
export async function send(pool: HttpTarget, request: FuzzRequest): Promise<Verdict> {
  const { method, path, headers, body } = request;
  const response = await pool.open(method, path, { headers, ...(body ? { body } : {}) });
  const status = response.statusCode ?? 0;
  const contentType = String(response.headers['content-type'] ?? '');
  const encoding = response.headers['content-encoding'];
  // What was asked for as a watch may be something else after all: that has an end, and says how far it is.
  const stream = request.watch && status === 200 && method === 'GET' && !hasEnd(response);
  const answer = { status, contentType, stream, ...(encoding ? { encoding } : {}) };
  return { ...answer, body: stream ? await readFor(response, WATCH_MS) : await readAll(response) };
}

function hasEnd({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['content-encoding'] !== undefined;
}

async function readAll(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** What comes within so many milliseconds, or until the stream's end if that is sooner. */
async function readFor(response: IncomingMessage, milliseconds: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  // Leaving a stream before its end is no error here.
  response.on('error', () => undefined);
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve) => response.once('close', resolve));
  await Promise.race([systemClock.sleep(milliseconds), ended]);
  response.destroy();
  return Buffer.concat(chunks);
}
