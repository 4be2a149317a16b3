/** A client of SPDY for tests: sends the frames it is told to and keeps those it gets. */
import type { Socket } from 'node:net';
import { eventually } from '../fixtures.ts';
import { FrameReader } from './frame-reader.ts';
import { type Frame, FrameWriter } from './frames.ts';

export class TestClient {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  readonly #reader = new FrameReader();
  readonly #writer = new FrameWriter();
  ended = false;

  constructor(socket: Socket, head: Buffer = Buffer.alloc(0)) {
    this.socket = socket;
    const receive = (chunk: Buffer) => this.frames.push(...this.#reader.read(chunk));
    receive(head);
    socket.on('data', receive);
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', () => undefined);
  }

  send(...frames: Frame[]): void {
    this.socket.write(Buffer.concat(frames.map((frame) => this.#writer.write(frame))));
  }

  open(streamId: number, streamType: string, more: { fin?: boolean; unidirectional?: boolean } = {}): void {
    const headers = new Map([['streamtype', [streamType]]]);
    const flags = { fin: false, unidirectional: false, ...more };
    this.send({ type: 'SYN_STREAM', streamId, associatedTo: 0, priority: 0, headers, ...flags });
  }

  data(streamId: number, data: string | Buffer, fin = false): void {
    this.send({ type: 'DATA', streamId, data: Buffer.from(data), fin });
  }

  of<T extends Frame['type']>(type: T): (Frame & { type: T })[] {
    return this.frames.filter((frame): frame is Frame & { type: T } => frame.type === type);
  }

  /** What came on a stream so far. */
  received(streamId: number): Buffer {
    return Buffer.concat(this.of('DATA').flatMap((frame) => (frame.streamId === streamId ? [frame.data] : [])));
  }

  /** Whether the server has ended its side of a stream. */
  finished(streamId: number): boolean {
    return this.of('DATA').some((frame) => frame.streamId === streamId && frame.fin);
  }

  /** Waits for a frame of a type; the newest. */
  async awaits<T extends Frame['type']>(type: T): Promise<Frame & { type: T }> {
    await eventually(() => {
      if (this.of(type).length === 0) throw new Error(`no ${type} yet: ${this.frames.map((frame) => frame.type)}`);
    });
    return this.of(type).at(-1) as Frame & { type: T };
  }
}
