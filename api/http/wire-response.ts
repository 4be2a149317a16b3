/** Answers on the wire: over HTTP/1.1 and HTTP/2, and on the bare socket of an upgrade request. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import { constants, type Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';

/** Why a request's signal aborts when its client has hung up. */
export const CLIENT_GONE = new DOMException('the client is gone', 'AbortError');

export type Headers = Record<string, string | string[]>;

/** Where the answer goes. Nothing here throws because the client is gone, but for `write`, so that a stream ends. */
export interface WireResponse {
  /** The headers are out: it is too late for another answer. */
  readonly started: boolean;
  /** The client is gone, or has everything. */
  readonly closed: boolean;
  /** Status and headers, before any `write`. */
  start(status: number, headers: Headers): void;
  /** Somebody speaks another protocol on the connection now: it is too late for an answer. */
  handOver(): void;
  /** Writes in order; resolves when the client can take more, rejects when it is gone or the server stops meanwhile. */
  write(chunk: Uint8Array): Promise<void>;
  end(chunk?: Uint8Array): void;
  /** Breaks the answer off so that the client notices. */
  abort(): void;
}

export class NodeResponse implements WireResponse {
  readonly #response: ServerResponse | Http2ServerResponse;
  readonly #signal: AbortSignal;
  #closed = false;
  #handedOver = false;

  /** `signal` aborts when the client is gone or the server stops. */
  constructor(response: ServerResponse | Http2ServerResponse, signal: AbortSignal) {
    this.#response = response;
    this.#signal = signal;
    response.once('close', () => {
      this.#closed = true;
    });
  }

  get started(): boolean {
    return this.#handedOver || this.#response.headersSent;
  }

  get closed(): boolean {
    return this.#closed;
  }

  start(status: number, headers: Headers): void {
    if (!this.started && !this.closed) this.#response.writeHead(status, headers);
  }

  handOver(): void {
    this.#handedOver = true;
  }

  write(chunk: Uint8Array): Promise<void> {
    if (this.#closed) return Promise.reject(CLIENT_GONE);
    return writeTo(this.#response as ServerResponse, chunk, this.#signal);
  }

  end(chunk?: Uint8Array): void {
    if (this.closed) return;
    if (chunk) (this.#response as ServerResponse).end(chunk);
    else this.#response.end();
  }

  abort(): void {
    // Ending it would make a stump look like a whole answer.
    const response = this.#response;
    if (!('stream' in response)) response.destroy();
    // Not now: Node 20 frees a stream that nghttp2 may be reading for, when two are reset while it reads.
    else setImmediate(() => response.stream?.close(constants.NGHTTP2_INTERNAL_ERROR));
  }
}

/** The answer to an upgrade request that is not upgraded: ours to write, as Node has left the connection. */
export class RawResponse implements WireResponse {
  readonly #socket: Duplex;
  readonly #signal: AbortSignal;
  #started = false;

  constructor(socket: Duplex, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
  }

  get started(): boolean {
    return this.#started;
  }

  get closed(): boolean {
    return this.#socket.destroyed;
  }

  start(status: number, headers: Headers): void {
    if (this.#started || this.closed) return;
    this.#started = true;
    const lines = Object.entries(headers).flatMap(([name, value]) =>
      [value].flat().map((one) => `${name}: ${one}\r\n`),
    );
    this.#socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}connection: close\r\n\r\n`,
    );
  }

  handOver(): void {
    this.#started = true;
  }

  write(chunk: Uint8Array): Promise<void> {
    if (this.closed) return Promise.reject(CLIENT_GONE);
    return writeTo(this.#socket, chunk, this.#signal);
  }

  end(chunk?: Uint8Array): void {
    if (this.closed) return;
    // Nobody reads any more what the client sends; left unread it would turn the end into a reset.
    this.#socket.resume();
    this.#socket.end(chunk ?? Buffer.alloc(0), () => this.#socket.destroy());
  }

  abort(): void {
    this.#socket.destroy();
  }
}

interface Target {
  write(chunk: Uint8Array): boolean;
  once(event: 'drain', listener: () => void): unknown;
  removeListener(event: 'drain', listener: () => void): unknown;
}

function writeTo(target: Target, chunk: Uint8Array, signal: AbortSignal): Promise<void> {
  // A server that stops says its last words to those who listen, but waits for nobody.
  if (target.write(chunk) || signal.aborted) return Promise.resolve();
  return new Promise<void>((resolve, reject) => {
    const onAbort = () => {
      target.removeListener('drain', onDrain);
      reject(signal.reason);
    };
    const onDrain = () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    };
    target.once('drain', onDrain);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
