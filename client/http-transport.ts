/** Carries API calls over HTTPS (or plain HTTP) with HTTP/1.1 and JSON, as any client outside the server's process. */
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import { codeOf } from '../base/errors.ts';
import { apiVersionOf, type KubeList, type KubeObject } from '../openapi/object.ts';
import { type Status, type StatusDetails, StatusError } from '../openapi/status.ts';
import type { ApiCall, Transport, WatchEvent } from '../openapi/transport.ts';
import { LINE_BYTES_MAX, linesOf } from './json-lines.ts';

export interface HttpTransportOptions {
  /** `https://127.0.0.1:6443`; a path in front of `/api` is kept. */
  server: string;
  /** Authorities the server's certificate may come from, as PEM; the system's when absent. */
  ca?: string | Buffer;
  /** Bearer token. */
  token?: string;
  /** Client certificate and its key, as PEM. */
  cert?: string | Buffer;
  key?: string | Buffer;
  insecureSkipTlsVerify?: boolean;
  /** Name to expect in the server's certificate instead of the host's. */
  tlsServerName?: string;
  /** Headers to send with each request, besides those the transport sets. */
  headers?: Readonly<Record<string, string>>;
  userAgent: string;
  /** Longest watch event accepted, in bytes. */
  lineBytesMax?: number;
}

/** Calls in flight at once; more wait for a socket. Watches have sockets of their own and never hold up a call. */
const CALL_SOCKETS_MAX = 32;
const IDLE_SOCKETS_MAX = 8;
const WATCH_SOCKETS_MAX = 512;
/** TCP probes on sockets of watches, so that a peer that vanished is noticed. */
const PROBE_MS = 30_000;

export class HttpTransport implements Transport {
  readonly #base: URL;
  readonly #headers: OutgoingHttpHeaders;
  readonly #calls: http.Agent;
  readonly #watches: http.Agent;
  readonly #lineBytesMax: number;
  readonly #inFlight = new Set<ClientRequest>();
  #closed = false;

  constructor(options: HttpTransportOptions) {
    this.#base = new URL(options.server);
    this.#headers = {
      ...options.headers,
      accept: 'application/json',
      'user-agent': options.userAgent,
      ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
    };
    this.#lineBytesMax = options.lineBytesMax ?? LINE_BYTES_MAX;
    const calls = { keepAlive: true, maxSockets: CALL_SOCKETS_MAX, maxFreeSockets: IDLE_SOCKETS_MAX };
    const watches = { keepAlive: false, maxSockets: WATCH_SOCKETS_MAX };
    const tls = tlsOptions(options);
    const secure = this.#base.protocol === 'https:';
    this.#calls = secure ? new https.Agent({ ...calls, ...tls }) : new http.Agent(calls);
    this.#watches = secure ? new https.Agent({ ...watches, ...tls }) : new http.Agent(watches);
  }

  async call(call: ApiCall): Promise<unknown> {
    const response = await this.#openReusing(call);
    const body = await textOf(response).catch((error: unknown) => {
      throw call.signal?.aborted ? call.signal.reason : error;
    });
    if (!isSuccess(response)) throw errorOf(response, body);
    return body === '' ? {} : withItemKinds(parse(body, response));
  }

  async *watch(call: ApiCall): AsyncGenerator<WatchEvent> {
    const response = await this.#open(call, this.#watches);
    try {
      if (!isSuccess(response)) throw errorOf(response, await textOf(response));
      response.socket.setKeepAlive(true, PROBE_MS);
      for await (const line of linesOf(response, this.#lineBytesMax)) yield parse(line, response) as WatchEvent;
    } catch (error) {
      if (call.signal?.aborted) throw call.signal.reason;
      // A server that is cut off in the middle of a watch has ended it, as far as the consumer is concerned.
      if (codeOf(error) !== 'ECONNRESET' || this.#closed) throw error;
    } finally {
      response.destroy();
    }
  }

  /** Ends what is in flight with an error and closes every socket. */
  close(): Promise<void> {
    this.#closed = true;
    for (const request of this.#inFlight) request.destroy(new Error('the transport is closed'));
    this.#calls.destroy();
    this.#watches.destroy();
    return Promise.resolve();
  }

  /**
   * A server may close an idle connection in the moment in which it is used again. A GET that met that is sent once
   * more; anything else is the caller's to judge.
   */
  async #openReusing(call: ApiCall): Promise<IncomingMessage> {
    const state = { reused: false };
    try {
      return await this.#open(call, this.#calls, state);
    } catch (error) {
      const lost = codeOf(error) === 'ECONNRESET' || codeOf(error) === 'EPIPE';
      if (call.method !== 'GET' || !state.reused || !lost || call.signal?.aborted || this.#closed) throw error;
      return this.#open(call, this.#calls);
    }
  }

  #open(call: ApiCall, agent: http.Agent, state?: { reused: boolean }): Promise<IncomingMessage> {
    if (this.#closed) return Promise.reject(new Error('the transport is closed'));
    if (call.signal?.aborted) return Promise.reject(call.signal.reason);
    const { signal } = call;
    const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
    const send = this.#base.protocol === 'https:' ? https.request : http.request;
    return new Promise((resolve, reject) => {
      const request = send(this.#urlOf(call), { method: call.method, headers: this.#headersOf(call, body), agent });
      const onAbort = () => request.destroy(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#inFlight.add(request);
      request.once('response', resolve);
      request.once('error', (error) => {
        if (state) state.reused = request.reusedSocket;
        reject(signal?.aborted ? signal.reason : error);
      });
      request.once('close', () => {
        this.#inFlight.delete(request);
        signal?.removeEventListener('abort', onAbort);
      });
      request.end(body);
    });
  }

  #urlOf(call: ApiCall): URL {
    const query = new URLSearchParams(call.query).toString();
    const root = this.#base.pathname.replace(/\/$/, '');
    return new URL(`${this.#base.origin}${root}${call.path}${query ? `?${query}` : ''}`);
  }

  #headersOf(call: ApiCall, body: Buffer | undefined): OutgoingHttpHeaders {
    if (!body) return this.#headers;
    return { ...this.#headers, 'content-type': call.contentType ?? 'application/json', 'content-length': body.length };
  }
}

function tlsOptions(options: HttpTransportOptions): https.AgentOptions {
  return {
    ...(options.ca ? { ca: options.ca } : {}),
    ...(options.cert ? { cert: options.cert } : {}),
    ...(options.key ? { key: options.key } : {}),
    ...(options.tlsServerName ? { servername: options.tlsServerName } : {}),
    ...(options.insecureSkipTlsVerify ? { rejectUnauthorized: false } : {}),
  };
}

function isSuccess(response: IncomingMessage): boolean {
  const code = response.statusCode ?? 0;
  return code >= 200 && code < 300;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string, response: IncomingMessage): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`Cannot read the answer of the server: not JSON (status ${response.statusCode})`, { cause });
  }
}

/** The server's `Status`, or one made up from the HTTP status as client-go does where the body is none. */
function errorOf(response: IncomingMessage, body: string): StatusError {
  const status = statusIn(body) ?? synthesised(response.statusCode ?? 500, body);
  const seconds = Number(response.headers['retry-after']);
  if (Number.isInteger(seconds) && seconds > 0 && status.details?.retryAfterSeconds === undefined) {
    return new StatusError({ ...status, details: { ...status.details, retryAfterSeconds: seconds } });
  }
  return new StatusError(status);
}

function statusIn(body: string): Status | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status'
    ? (value as Status)
    : undefined;
}

const REASONS: Readonly<Record<number, { reason: string; message: string }>> = {
  400: { reason: 'BadRequest', message: 'the server rejected our request for an unknown reason' },
  401: { reason: 'Unauthorized', message: 'the server has asked for the client to provide credentials' },
  403: { reason: 'Forbidden', message: 'the server does not allow access to the requested resource' },
  404: { reason: 'NotFound', message: 'the server could not find the requested resource' },
  405: { reason: 'MethodNotAllowed', message: 'the server does not allow this method on the requested resource' },
  409: { reason: 'Conflict', message: 'the server reported a conflict' },
  410: { reason: 'Gone', message: 'the requested resource is gone' },
  422: { reason: 'Invalid', message: 'the server rejected our request due to an error in our request' },
  429: {
    reason: 'TooManyRequests',
    message: 'the server has received too many requests and has asked us to try again later',
  },
  503: { reason: 'ServiceUnavailable', message: 'the server is currently unable to handle the request' },
  504: {
    reason: 'Timeout',
    message: 'the server was unable to return a response in the time allotted, but may still be processing the request',
  },
};

/** How much of a foreign answer is kept in the error. */
const FOREIGN_CHARACTERS_MAX = 2048;

function synthesised(code: number, body: string): Status {
  const known = REASONS[code];
  const reason = known?.reason ?? (code >= 500 ? 'InternalError' : 'Unknown');
  const message =
    known?.message ??
    `an error on the server (${JSON.stringify(body.slice(0, 200))}) has prevented the request from succeeding`;
  const details: StatusDetails = {
    causes: [{ reason: 'UnexpectedServerResponse', message: body.slice(0, FOREIGN_CHARACTERS_MAX) || 'unknown' }],
  };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code };
}

/** Servers leave the kind out of the items of a list; what was read by itself has it, and so should these. */
function withItemKinds(value: unknown): unknown {
  if (!isList(value)) return value;
  const kind = value.kind?.slice(0, -'List'.length);
  // A `v1.List` mixes kinds, and its items carry their own.
  if (!kind) return value;
  for (const item of value.items) {
    item.kind ??= kind;
    item.apiVersion ??= value.apiVersion ?? apiVersionOf({ group: '', version: 'v1' });
  }
  return value;
}

function isList(value: unknown): value is KubeList<KubeObject> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    typeof value.kind === 'string' &&
    value.kind.endsWith('List') &&
    'items' in value &&
    Array.isArray(value.items)
  );
}
