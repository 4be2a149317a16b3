/** The one HTTP request a probe or a hook makes, with the wording Go gives its failures. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { codeOf, messageOf } from '../../base/errors.ts';

export interface HttpGet {
  scheme: 'http' | 'https';
  host: string;
  port: number;
  path: string;
  headers: { name: string; value: string }[];
}

export interface HttpAnswer {
  status: number;
  /** At most 10 KiB of it. */
  body: string;
}

const BODY_BYTES_MAX = 10 * 1024;
const REDIRECTS_MAX = 10;
const USER_AGENT = 'kube-probe/1.36';

/** Thrown with Go's words. */
export class ProbeNetworkError extends Error {}

/**
 * GETs, following up to 10 redirects on the same host; a redirect to another host is the answer. Certificates are not
 * verified, as upstream's probes do not. Rejects with `ProbeNetworkError`.
 */
export async function httpGet(get: HttpGet, timeoutMs: number, clock: Clock, signal: AbortSignal): Promise<HttpAnswer> {
  const first = urlOf(get);
  let url = first;
  return deadline(timeoutMs, clock, signal, async (limit) => {
    for (let hop = 0; hop <= REDIRECTS_MAX; hop++) {
      const { answer, location } = await once(url, get.headers, limit).catch((error: unknown) => {
        if (limit.aborted && !signal.aborted) {
          throw new ProbeNetworkError(
            `Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
          );
        }
        throw new ProbeNetworkError(`Get "${url}": ${dialText(error, url.hostname, portOf(url))}`);
      });
      if (location === undefined) return answer;
      const next = new URL(location, url);
      if (next.hostname !== first.hostname) return answer;
      url = next;
    }
    throw new ProbeNetworkError(`Get "${url}": stopped after ${REDIRECTS_MAX} redirects`);
  });
}

function portOf(url: URL): number {
  return Number(url.port || (url.protocol === 'https:' ? 443 : 80));
}

function urlOf({ scheme, host, port, path }: HttpGet): URL {
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return new URL(path.startsWith('/') ? path : `/${path}`, `${scheme}://${authority}`);
}

function once(
  url: URL,
  headerList: HttpGet['headers'],
  signal: AbortSignal,
): Promise<{ answer: HttpAnswer; location?: string }> {
  return new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:';
    const options = { headers: headersOf(headerList, url), agent: false, signal, rejectUnauthorized: false };
    const request = secure ? httpsRequest(url, options) : httpRequest(url, options);
    request.once('error', reject);
    request.once('response', (response) => {
      readBody(response).then((body) => {
        request.destroy();
        const { statusCode: status = 0, headers } = response;
        const redirects = [301, 302, 303, 307, 308].includes(status) && headers.location !== undefined;
        resolve({ answer: { status, body }, ...(redirects ? { location: headers.location as string } : {}) });
      }, reject);
    });
    request.end();
  });
}

function headersOf(list: HttpGet['headers'], url: URL): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const { name, value } of list) {
    const key = name.toLowerCase();
    const before = headers[key];
    headers[key] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  headers['user-agent'] ??= USER_AGENT;
  headers.accept ??= '*/*';
  if (headers.accept === '') delete headers.accept;
  headers.host ??= url.host;
  headers.connection = 'close';
  return headers;
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size >= BODY_BYTES_MAX) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, BODY_BYTES_MAX);
}

/** Resolves when a TCP connection could be made. Rejects with `ProbeNetworkError`. */
export function tcpConnect(
  host: string,
  port: number,
  timeoutMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  return deadline(timeoutMs, clock, signal, async (limit) => {
    const socket = connect({ host, port, signal: limit });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('error', reject);
      });
    } catch (error) {
      if (limit.aborted && !signal.aborted)
        throw new ProbeNetworkError(`dial tcp ${authority(host, port)}: i/o timeout`);
      throw new ProbeNetworkError(dialText(error, host, port));
    } finally {
      socket.destroy();
    }
  });
}

function authority(host: string, port: number): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
}

function dialText(error: unknown, host: string, port: number): string {
  const code = codeOf(error);
  const dial = `dial tcp ${authority(host, port)}: connect:`;
  switch (code) {
    case 'ECONNREFUSED':
      return `${dial} connection refused`;
    case 'EHOSTUNREACH':
      return `${dial} no route to host`;
    case 'ENETUNREACH':
      return `${dial} network is unreachable`;
    case 'ETIMEDOUT':
      return `${dial} connection timed out`;
    case 'ECONNRESET':
      return 'EOF';
    case 'ENOTFOUND':
      return `dial tcp: lookup ${host}: no such host`;
    default:
      return messageOf(error);
  }
}

/** Runs `work` with a signal that aborts after `ms` or with `signal`. */
export async function deadline<T>(
  ms: number,
  clock: Clock,
  signal: AbortSignal,
  work: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = clock.after(ms, () => controller.abort(new Error('deadline exceeded')));
  try {
    return await work(controller.signal);
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
  }
}
