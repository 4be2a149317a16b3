/** The server's end of a SPDY/3.1 connection: the client opens streams, both ends use them. */
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../../base/clock.ts';
import { SpdyError } from './error.ts';
import { FrameReader } from './frame-reader.ts';
import { dataHead, type Frame, FrameWriter, GOAWAY, RST, SETTINGS_INITIAL_WINDOW_SIZE } from './frames.ts';
import { SendWindow } from './send-window.ts';
import { SpdyStream, type StreamLink, WINDOW_BYTES } from './stream.ts';

/** Streams open at once. */
const STREAMS_MAX = 100;
/** A peer that asks and asks and reads none of the answers is let go. */
const ANSWERS_BYTES_MAX = 256 * 1024;
/** While a client is made to wait nothing is read from it, so that only a failing write shows that it has gone. */
const PROBE_WHILE_HELD_MS = 2000;
/** For the client to close first: it has to say goodbye as well, and must not find nobody there. */
const GOODBYE_MS = 1000;
/** For the last bytes to leave. */
const CLOSE_MS = 5000;

export interface ConnectionOptions {
  clock: Clock;
  /** Ends a connection on which nothing has moved for so long. */
  idleMs: number;
  /** A stream that the client has opened; the reply is on its way. */
  onStream(stream: SpdyStream): void;
}

export class SpdyConnection {
  readonly #socket: Duplex;
  readonly #clock: Clock;
  readonly #options: ConnectionOptions;
  readonly #reader = new FrameReader();
  readonly #writer = new FrameWriter();
  readonly #streams = new Map<number, SpdyStream>();
  readonly #held = new Set<SpdyStream>();
  readonly #gone = new AbortController();
  readonly #session = new SendWindow(WINDOW_BYTES);
  readonly #link: StreamLink;
  readonly #closed: Promise<void>;
  #idle: Timer;
  #probe: Timer | undefined;
  #closing: Timer | undefined;
  #movedAt: number;
  #lastStreamId = 0;
  #answersBytes = 0;
  #sessionUngranted = 0;
  #window = { bytes: WINDOW_BYTES, binding: false };
  #peerGoesAway = false;

  /** Takes over a socket whose upgrade has been answered; `head` is what had been read of it beyond the request. */
  constructor(socket: Duplex, head: Buffer, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#clock = options.clock;
    this.#link = this.#makeLink();
    this.#movedAt = this.#clock.monotonic();
    this.#idle = this.#clock.after(options.idleMs, () => this.#checkIdle());
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.once('end', () => {
      this.#end(new Error('the client closed the connection'));
      this.#closeSocket();
    });
    socket.on('error', () => socket.destroy());
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#end(new Error('the connection broke'));
        this.#closing?.cancel();
        resolve();
      });
    });
    if (head.length > 0) this.#receive(head);
    socket.resume();
  }

  /** Aborts, before the streams close, when the connection ends: by `close`, by the client, or because it broke. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** Resets the streams that are open, says goodbye and resolves once the socket is closed, within seconds. */
  close(): Promise<void> {
    this.#end(new Error('the connection was closed'), GOAWAY.OK);
    return this.#closed;
  }

  #makeLink(): StreamLink {
    return {
      session: this.#session,
      sendData: (streamId, data, fin, sent) => this.#sendData(streamId, data, fin, sent),
      sendCancel: (streamId) => this.#send({ type: 'RST_STREAM', streamId, status: RST.CANCEL }),
      grant: (streamId, delta) => this.#send({ type: 'WINDOW_UPDATE', streamId, delta }),
      hold: (stream) => this.#hold(stream),
      release: (stream) => this.#release(stream),
      forget: (stream) => this.#forget(stream.id),
    };
  }

  #receive(chunk: Buffer): void {
    if (this.#gone.signal.aborted) return;
    this.#movedAt = this.#clock.monotonic();
    try {
      for (const frame of this.#reader.read(chunk)) {
        if (this.#gone.signal.aborted) return;
        this.#handle(frame);
      }
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      this.#end(failure, failure instanceof SpdyError ? GOAWAY.PROTOCOL_ERROR : GOAWAY.INTERNAL_ERROR);
    }
  }

  #handle(frame: Frame): void {
    switch (frame.type) {
      case 'SYN_STREAM':
        this.#open(frame);
        break;
      case 'DATA':
        this.#data(frame.streamId, frame.data, frame.fin);
        break;
      case 'HEADERS':
        if (frame.fin) this.#streams.get(frame.streamId)?.receive(Buffer.alloc(0), true);
        break;
      case 'RST_STREAM':
        this.#streams.get(frame.streamId)?.receiveReset();
        this.#forget(frame.streamId);
        break;
      case 'PING':
        // Even numbers are ours to ask; we never do.
        if (frame.id % 2 === 1) this.#send(frame);
        break;
      case 'WINDOW_UPDATE':
        this.#windowUpdate(frame.streamId, frame.delta);
        break;
      case 'SETTINGS':
        for (const { id, value } of frame.settings) if (id === SETTINGS_INITIAL_WINDOW_SIZE) this.#resizeWindows(value);
        break;
      case 'GOAWAY':
        this.#peerGoesAway = true;
        this.#endIfDone();
        break;
      case 'SYN_REPLY':
        // We open none.
        break;
    }
  }

  #open({ streamId, headers, fin, unidirectional }: Frame & { type: 'SYN_STREAM' }): void {
    if (streamId === 0) throw new SpdyError('SYN_STREAM names no stream');
    if (this.#peerGoesAway) return;
    if (streamId % 2 === 0 || streamId <= this.#lastStreamId) {
      this.#send({ type: 'RST_STREAM', streamId, status: RST.PROTOCOL_ERROR });
      return;
    }
    this.#lastStreamId = streamId;
    if (this.#streams.size >= STREAMS_MAX) {
      this.#send({ type: 'RST_STREAM', streamId, status: RST.REFUSED_STREAM });
      return;
    }
    const window = new SendWindow(this.#window.bytes, this.#window.binding);
    const stream = new SpdyStream(this.#link, { id: streamId, headers, window, unidirectional });
    this.#streams.set(streamId, stream);
    // Clients drop data that comes before the reply.
    if (!unidirectional) this.#send({ type: 'SYN_REPLY', streamId, headers: new Map(), fin: false });
    this.#options.onStream(stream);
    if (fin) stream.receive(Buffer.alloc(0), true);
  }

  #data(streamId: number, data: Buffer, fin: boolean): void {
    this.#sessionUngranted += data.length;
    if (this.#sessionUngranted >= WINDOW_BYTES / 2) {
      this.#send({ type: 'WINDOW_UPDATE', streamId: 0, delta: this.#sessionUngranted });
      this.#sessionUngranted = 0;
    }
    const stream = this.#streams.get(streamId);
    if (stream) stream.receive(data, fin);
    // What was on its way when a stream ended is nobody's fault.
    else if (streamId > this.#lastStreamId) this.#send({ type: 'RST_STREAM', streamId, status: RST.INVALID_STREAM });
  }

  #windowUpdate(streamId: number, delta: number): void {
    if (streamId === 0) {
      if (!this.#session.grant(delta)) throw new SpdyError('the window of the session is too large');
      for (const stream of this.#streams.values()) stream.pump();
      return;
    }
    const stream = this.#streams.get(streamId);
    if (!stream || stream.receiveGrant(delta)) return;
    this.#send({ type: 'RST_STREAM', streamId, status: RST.FLOW_CONTROL_ERROR });
    stream.receiveReset();
    this.#forget(streamId);
  }

  #resizeWindows(bytes: number): void {
    const more = bytes - this.#window.bytes;
    this.#window = { bytes, binding: true };
    for (const stream of this.#streams.values()) stream.receiveGrant(more);
  }

  #sendData(streamId: number, data: Buffer, fin: boolean, sent: () => void): void {
    if (!this.#socket.writable) {
      sent();
      return;
    }
    this.#movedAt = this.#clock.monotonic();
    this.#socket.cork();
    const head = dataHead(streamId, data.length, fin);
    if (data.length > 0) this.#socket.write(head);
    this.#socket.write(data.length > 0 ? data : head, () => sent());
    this.#socket.uncork();
  }

  #send(frame: Frame): void {
    if (!this.#socket.writable) return;
    const bytes = this.#writer.write(frame);
    this.#answersBytes += bytes.length;
    this.#socket.write(bytes, () => {
      this.#answersBytes -= bytes.length;
    });
    if (this.#answersBytes > ANSWERS_BYTES_MAX) this.#socket.destroy();
  }

  #hold(stream: SpdyStream): void {
    this.#held.add(stream);
    this.#socket.pause();
    this.#probe ??= this.#clock.after(PROBE_WHILE_HELD_MS, () => this.#probeHeld());
  }

  #release(stream: SpdyStream): void {
    if (!this.#held.delete(stream) || this.#held.size > 0) return;
    this.#probe?.cancel();
    this.#probe = undefined;
    this.#socket.resume();
  }

  /** No PING: docker/spdystream answers before it goes on, and it cannot while we do not read. */
  #probeHeld(): void {
    this.#send({ type: 'SETTINGS', settings: [] });
    this.#probe = this.#clock.after(PROBE_WHILE_HELD_MS, () => this.#probeHeld());
  }

  #forget(streamId: number): void {
    this.#streams.delete(streamId);
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.#peerGoesAway && this.#streams.size === 0) this.#end(new Error('the client went away'));
  }

  #checkIdle(): void {
    const left = this.#options.idleMs - (this.#clock.monotonic() - this.#movedAt);
    if (left <= 0) this.#end(new Error('the connection was idle'), GOAWAY.OK);
    else this.#idle = this.#clock.after(left, () => this.#checkIdle());
  }

  /** The one way out. What has been written still leaves; what comes is dropped, and in the end the socket is. */
  #end(reason: Error, goodbye?: number): void {
    if (this.#gone.signal.aborted) return;
    this.#idle.cancel();
    this.#gone.abort(reason);
    for (const stream of [...this.#streams.values()]) stream.destroy();
    if (goodbye !== undefined) this.#send({ type: 'GOAWAY', lastStreamId: this.#lastStreamId, status: goodbye });
    this.#held.clear();
    this.#probe?.cancel();
    if (this.#socket.destroyed) return;
    this.#closing = this.#clock.after(GOODBYE_MS, () => this.#closeSocket());
    this.#socket.resume();
  }

  #closeSocket(): void {
    this.#closing?.cancel();
    if (this.#socket.destroyed) return;
    this.#closing = this.#clock.after(CLOSE_MS, () => this.#socket.destroy());
    this.#socket.end();
  }
}
