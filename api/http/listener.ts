/** HTTPS: HTTP/1.1 and HTTP/2 on one port. Translates between Node's requests and ours; decides nothing. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { requestTooLarge } from '../../openapi/status.ts';

/** Upstream's limit for a request's body. */
export const BODY_MAX_BYTES = 3 * 1024 * 1024;
const HEADERS_MAX_BYTES = 64 * 1024;
const HEADERS_TIMEOUT_MS = 32_000;
const STREAMS_MAX = 250;

/** One request as it came over the wire. */
export interface WireRequest {
  method: string;
  /** Path and query as sent. */
  url: string;
  header(name: string): string | undefined;
  bytes(): Promise<Buffer>;
  socket: TLSSocket | undefined;
  signal: AbortSignal;
  upgrade?: { request: IncomingMessage; socket: Duplex; head: Buffer };
}

/** Where the answer goes. */
export interface WireResponse {
  /** Status and headers, before any `write`. */
  start(status: number, headers: Record<string, string | string[]>): void;
  /** Writes in order; resolves when the client can take more, rejects when it is gone. */
  write(chunk: Uint8Array): Promise<void>;
  end(chunks?: readonly Uint8Array[]): void;
}

export interface ListenerOptions {
  host: string;
  port: number;
  cert: Buffer;
  key: Buffer;
  clientCa: Buffer;
  handle(request: WireRequest, response: WireResponse): Promise<void>;
}

export class Listener {
  readonly #server: Http2SecureServer;
  readonly #sockets = new Set<Socket>();
  readonly #stopping = new AbortController();

  private constructor(options: ListenerOptions) {
    this.#server = createSecureServer({
      allowHTTP1: true,
      cert: options.cert,
      key: options.key,
      ca: options.clientCa,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      maxHeaderListPairs: 256,
      settings: { maxConcurrentStreams: STREAMS_MAX, maxHeaderListSize: HEADERS_MAX_BYTES },
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    // A client that breaks TLS or HTTP is its own problem; the socket is destroyed by Node, nothing is left to do.
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
    this.#server.on('sessionError', () => undefined);
    this.#server.on('clientError', (_error, socket) => socket.destroy());
    Object.assign(this.#server, { headersTimeout: HEADERS_TIMEOUT_MS });
    this.#server.on('request', (request, response) => {
      void this.#onRequest(request, response, options);
    });
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      void this.#onUpgrade(request, socket, head, options);
    });
  }

  /** Resolves once connections are accepted. Rejects with what to do when the port is taken. */
  static async open(options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options);
    await new Promise<void>((resolve, reject) => {
      listener.#server.once('error', (error: NodeJS.ErrnoException) => {
        const hint =
          error.code === 'EADDRINUSE'
            ? ` (something else does: choose another with --secure-port, or find it with ss -ltnp 'sport = :${options.port}')`
            : '';
        reject(new Error(`listen on ${options.host}:${options.port}${hint}`, { cause: error }));
      });
      listener.#server.listen(options.port, options.host, resolve);
    });
    return listener;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends requests under way and closes every connection. */
  async close(): Promise<void> {
    this.#stopping.abort();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    // Answers that are being written get a turn of the loop to get out.
    await new Promise((resolve) => setImmediate(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #onRequest(
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
    options: ListenerOptions,
  ): Promise<void> {
    const gone = new AbortController();
    const stop = () => gone.abort();
    response.once('close', stop);
    this.#stopping.signal.addEventListener('abort', stop, { once: true });
    request.on('error', stop);
    response.on('error', stop);
    try {
      await options.handle(
        { ...common(request), bytes: once(() => readBody(request)), socket: socketOf(request), signal: gone.signal },
        new NodeResponse(response, gone.signal),
      );
    } finally {
      this.#stopping.signal.removeEventListener('abort', stop);
      // What the client still sends of a body that nobody wants must not keep the connection waiting.
      if (!request.readableEnded) request.resume();
    }
  }

  async #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, options: ListenerOptions): Promise<void> {
    const gone = new AbortController();
    const stop = () => gone.abort();
    socket.once('close', stop);
    socket.on('error', stop);
    this.#stopping.signal.addEventListener('abort', stop, { once: true });
    try {
      await options.handle(
        {
          ...common(request),
          bytes: async () => Buffer.alloc(0),
          socket: request.socket as TLSSocket,
          signal: gone.signal,
          upgrade: { request, socket, head },
        },
        new RawResponse(socket),
      );
    } finally {
      this.#stopping.signal.removeEventListener('abort', stop);
    }
  }
}

/** A body can be read off the wire only once, but asked for as often as anybody likes. */
function once<T>(read: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= read();
    return result;
  };
}

function common(request: IncomingMessage | Http2ServerRequest) {
  return {
    method: request.method ?? 'GET',
    url: request.url ?? '/',
    header(name: string): string | undefined {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
  };
}

function socketOf(request: IncomingMessage | Http2ServerRequest): TLSSocket | undefined {
  return ('stream' in request ? request.stream.session?.socket : request.socket) as TLSSocket | undefined;
}

async function readBody(request: IncomingMessage | Http2ServerRequest): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > BODY_MAX_BYTES) throw requestTooLarge(BODY_MAX_BYTES);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_MAX_BYTES) throw requestTooLarge(BODY_MAX_BYTES);
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

class NodeResponse implements WireResponse {
  readonly #response: ServerResponse | Http2ServerResponse;
  readonly #signal: AbortSignal;

  constructor(response: ServerResponse | Http2ServerResponse, signal: AbortSignal) {
    this.#response = response;
    this.#signal = signal;
  }

  start(status: number, headers: Record<string, string | string[]>): void {
    if (!this.#response.headersSent && !this.#signal.aborted) this.#response.writeHead(status, headers);
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#signal.throwIfAborted();
    const response = this.#response as ServerResponse;
    if (response.write(chunk)) return;
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        response.removeListener('drain', onDrain);
        reject(this.#signal.reason);
      };
      const onDrain = () => {
        this.#signal.removeEventListener('abort', onAbort);
        resolve();
      };
      response.once('drain', onDrain);
      this.#signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  end(chunks: readonly Uint8Array[] = []): void {
    if (this.#signal.aborted) return;
    const response = this.#response as ServerResponse;
    if (chunks.length > 1 && 'cork' in response) response.cork();
    for (const chunk of chunks) response.write(chunk);
    response.end();
  }
}

/** The answer to an upgrade request that is refused. */
class RawResponse implements WireResponse {
  readonly #socket: Duplex;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  start(status: number, headers: Record<string, string | string[]>): void {
    const lines = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`));
    this.#socket.write(
      `HTTP/1.1 ${status} ${status === 101 ? 'Switching Protocols' : 'Refused'}\r\n${lines.join('\r\n')}\r\nconnection: close\r\n\r\n`,
    );
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#socket.write(chunk);
  }

  end(chunks: readonly Uint8Array[] = []): void {
    this.#socket.end(Buffer.concat(chunks));
  }
}
