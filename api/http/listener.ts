/** HTTPS: HTTP/1.1 and HTTP/2 on one port. Translates between Node's requests and ours; decides nothing. */

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { serviceUnavailable } from '../../openapi/status.ts';
import { BODY_TIMEOUT_MS, BodyMemory, discardBody, readBody } from './body.ts';
import { Ending } from './ending.ts';
import { CLIENT_GONE, NodeResponse, RawResponse, type WireResponse } from './wire-response.ts';

const HEADERS_MAX_BYTES = 1024 * 1024;
/** Upstream's, for the TLS handshake and for the headers of a request over HTTP/1.1. */
const HEADERS_TIMEOUT_MS = 32_000;
/** How often it is looked for those who take longer. */
const CHECK_MS = 5_000;
const STREAMS_MAX = 250;
/** Requests that may wait on an HTTP/1.1 connection for those before them: as many as there may be streams on HTTP/2. */
const PIPELINED_MAX = STREAMS_MAX;
/** Upstream's: a connection without a request under way for so long is closed. */
const IDLE_MS = 90_000;
/** Upstream's: how often TCP asks whether a silent client still lives. */
const PROBE_MS = 180_000;
/** How long a stopping server waits for answers under way, such as that of a write being committed. */
const GRACE_MS = 2_000;

/** One request as it came over the wire. */
export interface WireRequest {
  method: string;
  /** Path and query as sent. */
  url: string;
  header(name: string): string | undefined;
  /** Names and values in turn, as sent. */
  rawHeaders: readonly string[];
  bytes(): Promise<Buffer>;
  socket: TLSSocket | undefined;
  /** Comes when the client is gone or has everything, and with a 503 as the reason when the server stops. */
  ending: Ending;
  upgrade?: { request: IncomingMessage; socket: Duplex; head: Buffer };
}

export interface ListenerOptions {
  host: string;
  port: number;
  cert: Buffer;
  key: Buffer;
  clientCa: Buffer;
  clock: Clock;
  log: Log;
  /** Answers a request. What it rejects with is logged, and the answer broken off. */
  handle(request: WireRequest, response: WireResponse): Promise<void>;
}

/** A request that is not answered yet. */
interface Exchange {
  ending: Ending;
  response: WireResponse;
  session: ServerHttp2Session | undefined;
}

export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Http2SecureServer;
  readonly #sockets = new Set<Socket>();
  /** Each with the number of its requests that are under way. */
  readonly #sessions = new Map<ServerHttp2Session, number>();
  readonly #exchanges = new Set<Exchange>();
  readonly #bodies = new BodyMemory();
  readonly #pipelined = new WeakMap<Socket, number>();
  #stopping: Error | undefined;
  #onAnswered: () => void = () => undefined;

  private constructor(options: ListenerOptions) {
    this.#options = options;
    this.#server = createSecureServer({
      allowHTTP1: true,
      cert: options.cert,
      key: options.key,
      ca: options.clientCa,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      handshakeTimeout: HEADERS_TIMEOUT_MS,
      maxHeaderListPairs: 256,
      settings: { maxConcurrentStreams: STREAMS_MAX, maxHeaderListSize: HEADERS_MAX_BYTES },
    });
    // What an HTTP/1.1 server takes as options, this one has only as properties.
    Object.assign(this.#server, {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: HEADERS_TIMEOUT_MS + BODY_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_MS,
      keepAliveTimeout: IDLE_MS,
      maxHeaderSize: HEADERS_MAX_BYTES,
    });
    this.#server.on('connection', (socket: Socket) => this.#onConnection(socket));
    this.#server.on('session', (session) => this.#onSession(session));
    // A client that breaks TLS or HTTP/2 is its own problem: Node destroys the socket.
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
    this.#server.on('sessionError', () => undefined);
    this.#server.on('request', (request, response) => this.#onRequest(request, response));
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#onUpgrade(request, socket, head),
    );
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) =>
      refuse(error, socket, options.clock),
    );
    // We are no proxy. Without a listener HTTP/1.1 clients would get no answer at all; over HTTP/2 Node has one.
    this.#server.on('connect', (_request: unknown, target: Duplex | Http2ServerResponse) => {
      if ('writeHead' in target) target.writeHead(405).end();
      else target.end('HTTP/1.1 405 Method Not Allowed\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    });
  }

  /** Resolves once connections are accepted. Rejects with what to do when the port is taken. */
  static async open(options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options);
    await new Promise<void>((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException) => {
        const hint =
          error.code === 'EADDRINUSE'
            ? ` (something else does: choose another with --secure-port, or find it with ss -ltnp 'sport = :${options.port}')`
            : '';
        reject(new Error(`listen on ${options.host}:${options.port}${hint}`, { cause: error }));
      };
      listener.#server.once('error', onError);
      listener.#server.listen(options.port, options.host, () => {
        listener.#server.removeListener('error', onError);
        listener.#server.on('error', (error) =>
          options.log.warn({ error: messageOf(error) }, 'api: cannot accept a connection'),
        );
        resolve();
      });
    });
    return listener;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Requests that are not answered yet, watches included. */
  get underWay(): number {
    return this.#exchanges.size;
  }

  /** Tells requests under way to end, gives them a moment to do so, and closes every connection. */
  async close(): Promise<void> {
    this.#stopping = serviceUnavailable('apiserver is shutting down');
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const session of this.#sessions.keys()) session.close();
    for (const exchange of this.#exchanges) exchange.ending.end(this.#stopping);
    await this.#answered();
    // What was written last gets a turn of the loop to get out.
    await new Promise((resolve) => setImmediate(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Closes HTTP/2 sessions without a request under way, as happens to each after a time. */
  closeIdleSessions(): void {
    for (const session of this.#sessions.keys()) this.#closeIdle(session);
  }

  #answered(): Promise<void> {
    if (this.#exchanges.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(GRACE_MS, resolve);
      this.#onAnswered = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #onConnection(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, PROBE_MS);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #onSession(session: ServerHttp2Session): void {
    this.#sessions.set(session, 0);
    session.once('close', () => this.#sessions.delete(session));
    session.setTimeout(IDLE_MS, () => this.#closeIdle(session));
  }

  #closeIdle(session: ServerHttp2Session): void {
    if (!this.#sessions.get(session)) session.close();
  }

  #onRequest(request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse): void {
    // Node reads on while an answer is under way. Its turn has a request when it could be answered, not before.
    if ('stream' in request || response.socket) this.#begin(request, response);
    else this.#onPipelined(request, response as ServerResponse);
  }

  #onPipelined(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const waiting = (this.#pipelined.get(socket) ?? 0) + 1;
    this.#pipelined.set(socket, waiting);
    if (waiting > PIPELINED_MAX) socket.destroy();
    response.once('socket', () => {
      this.#pipelined.set(socket, (this.#pipelined.get(socket) ?? 1) - 1);
      this.#begin(request, response);
    });
  }

  #begin(request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse): void {
    const ending = new Ending();
    const { clock } = this.#options;
    const session = 'stream' in request ? (request.stream.session as ServerHttp2Session | undefined) : undefined;
    const exchange = { ending, session, response: new NodeResponse(response, ending, clock) };
    const onGone = () => this.#ended(exchange);
    response.once('close', onGone);
    // An HTTP/2 client that goes on sending keeps its stream open, but a server that stops has done with it.
    if ('stream' in response) response.stream.once('finish', () => this.#stopping && setImmediate(onGone));
    // Both are followed by `close`; without a listener they would end the process.
    request.on('error', onGone);
    response.on('error', onGone);
    const wire: WireRequest = {
      ...common(request),
      bytes: once(() => readBody(request, clock, ending, this.#bodies)),
      socket: (session ? session.socket : request.socket) as TLSSocket | undefined,
      ending,
    };
    if (!session) {
      void this.#handle(wire, exchange).finally(() => discardBody(request, clock));
      return;
    }
    // What else has come with it is read first: streams that are opened and reset at once cost no more than that.
    this.#enter(exchange);
    setImmediate(() => {
      if (!ending.over || this.#stopping) void this.#handle(wire, exchange).finally(() => discardBody(request, clock));
    });
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const ending = new Ending();
    const exchange = {
      ending,
      session: undefined,
      response: new RawResponse(socket, ending, this.#options.clock),
    };
    const onGone = () => this.#ended(exchange);
    socket.once('close', onGone);
    socket.on('error', onGone);
    const wire: WireRequest = {
      ...common(request),
      bytes: async () => Buffer.alloc(0),
      socket: request.socket as TLSSocket,
      ending,
      upgrade: { request, socket, head },
    };
    void this.#handle(wire, exchange);
  }

  /** Never rejects: a request must not be able to end the process. */
  async #handle(wire: WireRequest, exchange: Exchange): Promise<void> {
    if (!exchange.session) this.#enter(exchange);
    if (this.#stopping) exchange.ending.end(this.#stopping);
    try {
      await this.#options.handle(wire, exchange.response);
    } catch (error) {
      this.#options.log.error({ method: wire.method, url: wire.url, error: messageOf(error) }, 'bug: a handler failed');
      exchange.response.abort();
    }
  }

  #enter(exchange: Exchange): void {
    this.#exchanges.add(exchange);
    this.#count(exchange, 1);
  }

  #ended(exchange: Exchange): void {
    if (!this.#exchanges.delete(exchange)) return;
    this.#count(exchange, -1);
    exchange.ending.end(CLIENT_GONE);
    if (this.#exchanges.size === 0) this.#onAnswered();
  }

  #count({ session }: Exchange, more: 1 | -1): void {
    const open = session && this.#sessions.get(session);
    if (open !== undefined) this.#sessions.set(session as ServerHttp2Session, open + more);
  }
}

/** How long a client that has been refused may take to close its end. */
const REFUSAL_MS = 5_000;
/** How much a client may have sent, the refused request included, before it is cut off. */
const REFUSED_MAX_BYTES = 8 << 20;
const REFUSALS: Record<string, number> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** To what is no HTTP/1.1: as Node does by itself, but what the client goes on sending does not cut the answer off. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex, clock: Clock): void {
  const answer = (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage;
  if (answer?.headersSent) {
    // Another answer is under way on the connection; ours would look like a part of it.
    socket.destroy();
    return;
  }
  if (!socket.writable) {
    // What a client still sends while it is being refused has to be read, or it would never see the refusal.
    if (!socket.writableEnded || (socket as Socket).bytesRead > REFUSED_MAX_BYTES) socket.destroy();
    return;
  }
  const status = REFUSALS[error.code ?? ''] ?? 400;
  // Not the socket's own timer: a client that sends a byte now and then would put it off for ever.
  const timer = clock.after(REFUSAL_MS, () => socket.destroy());
  socket.once('close', () => timer.cancel());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`);
}

/** A body can be read off the wire only once, but asked for as often as anybody likes. */
function once<T>(read: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= read();
    return result;
  };
}

/** Clients may send the whole URL, as to a proxy; every server has to take that. */
function originForm(url: string): string {
  return url.startsWith('/') ? url : url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '') || '/';
}

function common(request: IncomingMessage | Http2ServerRequest) {
  return {
    method: request.method ?? 'GET',
    url: originForm(request.url ?? '/'),
    rawHeaders: request.rawHeaders,
    header(name: string): string | undefined {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
  };
}
