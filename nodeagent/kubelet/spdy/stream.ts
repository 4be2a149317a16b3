/** One stream of a SPDY connection, as Node.js knows streams. */
import { Duplex } from 'node:stream';
import { DATA_BYTES_MAX } from './frames.ts';
import type { Headers } from './header-block.ts';
import type { SendWindow } from './send-window.ts';

/** Also SPDY's initial window. */
export const WINDOW_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/** What a stream needs of its connection. All of it does nothing once the connection is gone. */
export interface StreamLink {
  readonly session: SendWindow;
  /** Calls back when the bytes have left, or never will. */
  sendData(streamId: number, data: Buffer, fin: boolean, sent: () => void): void;
  sendCancel(streamId: number): void;
  /** The stream has taken in `bytes` more. */
  grant(streamId: number, bytes: number): void;
  /** The stream's reader lags; nothing more is to come until `release`. */
  hold(stream: SpdyStream): void;
  release(stream: SpdyStream): void;
  /** Both directions have ended. */
  forget(stream: SpdyStream): void;
}

export interface StreamOptions {
  id: number;
  headers: Headers;
  window: SendWindow;
  /** The peer opened it for its own data only. */
  unidirectional: boolean;
}

/**
 * Ends of either direction are FIN on the wire; `destroy` before both have ended is RST_STREAM. It never fails: a
 * connection that breaks shows as `close` without `end`. A stream that the peer resets ends for its reader, and what is
 * written to it is dropped.
 */
export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: Headers;
  readonly #link: StreamLink;
  readonly #window: SendWindow;
  #unsent: { data: Buffer; sent: () => void } | undefined;
  #finSent: boolean;
  #finReceived = false;
  #reset = false;
  #ungranted = 0;

  constructor(link: StreamLink, { id, headers, window, unidirectional }: StreamOptions) {
    super({ readableHighWaterMark: WINDOW_BYTES, writableHighWaterMark: WINDOW_BYTES });
    this.#link = link;
    this.id = id;
    this.headers = headers;
    this.#window = window;
    this.#finSent = unidirectional;
    // Such as a write after the end: the writer hears of it by its callback, it must not end the process.
    this.on('error', () => undefined);
    if (unidirectional) this.end();
  }

  /** For the connection: data of the peer. */
  receive(data: Buffer, fin: boolean): void {
    if (this.#finReceived) return;
    if (data.length > 0) {
      this.#ungranted += data.length;
      if (!this.push(data)) this.#link.hold(this);
    }
    if (fin) this.#finish();
  }

  /** For the connection: the peer wants no more of this stream. */
  receiveReset(): void {
    this.#reset = true;
    this.#settle();
    this.#finish();
  }

  /** For the connection: the peer grants `bytes` more. False when its sum overflows. */
  receiveGrant(bytes: number): boolean {
    const valid = this.#window.grant(bytes);
    this.pump();
    return valid;
  }

  /** For the connection: sends what the windows allow. */
  pump(): void {
    while (this.#unsent) {
      const { data, sent } = this.#unsent;
      const length = Math.min(data.length, DATA_BYTES_MAX, this.#window.available, this.#link.session.available);
      if (length <= 0) return;
      this.#window.take(length);
      this.#link.session.take(length);
      const last = length === data.length;
      this.#unsent = last ? undefined : { data: data.subarray(length), sent };
      this.#link.sendData(this.id, data.subarray(0, length), false, last ? sent : () => undefined);
    }
  }

  override _read(): void {
    this.#link.release(this);
    if (this.#ungranted < WINDOW_BYTES / 2 || this.#finReceived) return;
    this.#link.grant(this.id, this.#ungranted);
    this.#ungranted = 0;
  }

  override _write(data: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    if (this.#reset || data.length === 0) {
      callback();
      return;
    }
    this.#unsent = { data, sent: callback };
    this.pump();
  }

  override _final(callback: () => void): void {
    if (this.#finSent || this.#reset) {
      callback();
      return;
    }
    this.#finSent = true;
    this.#link.sendData(this.id, NOTHING, true, callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#reset && !(this.#finSent && this.#finReceived)) this.#link.sendCancel(this.id);
    this.#link.release(this);
    this.#link.forget(this);
    this.#settle();
    callback(error);
  }

  #finish(): void {
    if (!this.#finReceived) this.push(null);
    this.#finReceived = true;
    // Nothing more can come that its reader would have to be spared.
    this.#link.release(this);
  }

  #settle(): void {
    const { sent } = this.#unsent ?? {};
    this.#unsent = undefined;
    sent?.();
  }
}
