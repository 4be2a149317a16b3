/** Answers on the wire: over HTTP/1.1 and HTTP/2, and on the bare socket of an upgrade request. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import { constants, type Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import type { Ending } from './ending.ts';

/** Why a request ends when its client has hung up. */
export const CLIENT_GONE = new DOMException('the client is gone', 'AbortError');

export type Headers = Record<string, string | string[]>;

/** Where the answer goes. Nothing here throws because the client is gone, but for `write`, so that a stream ends. */
export interface WireResponse {
  /** The headers are out: it is too late for another answer. */
  readonly started: boolean;
  /** The client is gone, or has everything. */
  readonly closed: boolean;
  /** Since when, by the monotonic clock, a `write` has been waiting for the client to read. */
  readonly blockedSince: number | undefined;
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
  readonly #writer: Writer;
  #closed = false;
  #handedOver = false;

  /** `ending` comes when the client is gone or the server stops. */
  constructor(response: ServerResponse | Http2ServerResponse, ending: Ending, clock: Clock) {
    this.#response = response;
    this.#writer = new Writer(response as ServerResponse, ending, clock);
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

  get blockedSince(): number | undefined {
    return this.#writer.blockedSince;
  }

  start(status: number, headers: Headers): void {
    if (!this.started && !this.closed) this.#response.writeHead(status, headers);
  }

  handOver(): void {
    this.#handedOver = true;
  }

  write(chunk: Uint8Array): Promise<void> {
    if (this.#closed) return Promise.reject(CLIENT_GONE);
    return this.#writer.write(chunk);
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
  readonly #writer: Writer;
  #started = false;

  constructor(socket: Duplex, ending: Ending, clock: Clock) {
    this.#socket = socket;
    this.#writer = new Writer(socket, ending, clock);
  }

  get started(): boolean {
    return this.#started;
  }

  get closed(): boolean {
    return this.#socket.destroyed;
  }

  get blockedSince(): number | undefined {
    return this.#writer.blockedSince;
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
    return this.#writer.write(chunk);
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

/** Writes no faster than the client reads, and knows how long that has taken. */
class Writer {
  readonly #target: Target;
  readonly #ending: Ending;
  readonly #clock: Clock;
  blockedSince: number | undefined;

  constructor(target: Target, ending: Ending, clock: Clock) {
    this.#target = target;
    this.#ending = ending;
    this.#clock = clock;
  }

  write(chunk: Uint8Array): Promise<void> {
    const target = this.#target;
    const ending = this.#ending;
    // A server that stops says its last words to those who listen, but waits for nobody.
    if (target.write(chunk) || ending.over) return Promise.resolve();
    this.blockedSince = this.#clock.monotonic();
    return new Promise<void>((resolve, reject) => {
      const takeBack = ending.once(() => {
        target.removeListener('drain', onDrain);
        this.blockedSince = undefined;
        reject(ending.reason);
      });
      const onDrain = () => {
        takeBack();
        this.blockedSince = undefined;
        resolve();
      };
      target.once('drain', onDrain);
    });
  }
}
