/** Cuts the bytes of a connection into frames. */
import { SpdyError } from './error.ts';
import { FLAG_FIN, FLAG_UNIDIRECTIONAL, type Frame, HEAD_BYTES, type Setting, TYPE, VERSION } from './frames.ts';
import { HeaderDecoder } from './header-block.ts';

/** Data passes through in pieces; what must be held whole is smaller than this. */
const CONTROL_BYTES_MAX = 16 * 1024;
const ID_MASK = 0x7fff_ffff;

interface ControlHead {
  type: number;
  flags: number;
}

export class FrameReader {
  readonly #decoder = new HeaderDecoder();
  #held: Buffer = Buffer.alloc(0);
  /** The data frame whose end has not come. */
  #open: { streamId: number; fin: boolean; left: number } | undefined;

  /**
   * The frames that `chunk` completes, and pieces of data as they are. Frames may be split anywhere; those of unknown
   * types are passed over. Each call must be read to its end. Throws `SpdyError`, after the frames before it, for a
   * frame that cannot be read or is too large.
   */
  *read(chunk: Buffer): Generator<Frame> {
    let rest = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    while (this.#open ? rest.length > 0 : rest.length >= HEAD_BYTES) {
      if (this.#open) {
        const data = rest.subarray(0, this.#open.left);
        rest = rest.subarray(data.length);
        yield this.#piece(this.#open, data);
        continue;
      }
      const length = rest.readUInt32BE(4) & 0xff_ffff;
      if (rest.readUInt8(0) < 0x80) {
        yield* this.#openData(rest, length);
        rest = rest.subarray(HEAD_BYTES);
        continue;
      }
      const head = controlHead(rest, length);
      if (rest.length < HEAD_BYTES + length) break;
      const frame = this.#control(head, rest.subarray(HEAD_BYTES, HEAD_BYTES + length));
      rest = rest.subarray(HEAD_BYTES + length);
      if (frame) yield frame;
    }
    // A copy, so that a few bytes do not keep a whole chunk.
    this.#held = Buffer.from(rest);
  }

  *#openData(head: Buffer, left: number): Generator<Frame> {
    const streamId = head.readUInt32BE(0);
    if (streamId === 0) throw new SpdyError('data belongs to no stream');
    const fin = (head.readUInt8(4) & FLAG_FIN) !== 0;
    if (left > 0) this.#open = { streamId, fin, left };
    else yield { type: 'DATA', streamId, data: Buffer.alloc(0), fin };
  }

  #piece(open: { streamId: number; fin: boolean; left: number }, data: Buffer): Frame {
    open.left -= data.length;
    const last = open.left === 0;
    if (last) this.#open = undefined;
    return { type: 'DATA', streamId: open.streamId, data, fin: last && open.fin };
  }

  #control({ type, flags }: ControlHead, body: Buffer): Frame | undefined {
    const fin = (flags & FLAG_FIN) !== 0;
    const word = (index: number) => body.readUInt32BE(4 * index);
    const id = (index: number) => word(index) & ID_MASK;
    switch (type) {
      case TYPE.SYN_STREAM: {
        atLeast(body, 10, 'SYN_STREAM');
        const unidirectional = (flags & FLAG_UNIDIRECTIONAL) !== 0;
        const headers = this.#decoder.decode(body.subarray(10));
        const priority = body.readUInt8(8) >> 5;
        return { type: 'SYN_STREAM', streamId: id(0), associatedTo: id(1), priority, headers, fin, unidirectional };
      }
      case TYPE.SYN_REPLY:
      case TYPE.HEADERS: {
        const name = type === TYPE.HEADERS ? 'HEADERS' : 'SYN_REPLY';
        atLeast(body, 4, name);
        return { type: name, streamId: id(0), headers: this.#decoder.decode(body.subarray(4)), fin };
      }
      case TYPE.RST_STREAM:
        exactly(body, 8, 'RST_STREAM');
        return { type: 'RST_STREAM', streamId: id(0), status: word(1) };
      case TYPE.SETTINGS:
        return { type: 'SETTINGS', settings: settings(body) };
      case TYPE.PING:
        exactly(body, 4, 'PING');
        return { type: 'PING', id: word(0) };
      case TYPE.GOAWAY:
        exactly(body, 8, 'GOAWAY');
        return { type: 'GOAWAY', lastStreamId: id(0), status: word(1) };
      case TYPE.WINDOW_UPDATE:
        exactly(body, 8, 'WINDOW_UPDATE');
        return { type: 'WINDOW_UPDATE', streamId: id(0), delta: id(1) };
      default:
        return undefined;
    }
  }
}

/** Checked before the body is waited for: a frame too large is never held. */
function controlHead(bytes: Buffer, length: number): ControlHead {
  const version = bytes.readUInt16BE(0) & 0x7fff;
  if (version !== VERSION) throw new SpdyError(`version ${version} is not supported`);
  if (length > CONTROL_BYTES_MAX) throw new SpdyError(`a control frame of ${length} bytes is too large`);
  return { type: bytes.readUInt16BE(2), flags: bytes.readUInt8(4) };
}

function atLeast(body: Buffer, length: number, type: string): void {
  if (body.length < length) throw new SpdyError(`${type} is too short`);
}

function exactly(body: Buffer, length: number, type: string): void {
  if (body.length !== length) throw new SpdyError(`${type} has ${body.length} bytes instead of ${length}`);
}

function settings(body: Buffer): Setting[] {
  atLeast(body, 4, 'SETTINGS');
  const count = body.readUInt32BE(0);
  exactly(body, 4 + 8 * count, 'SETTINGS');
  return Array.from({ length: count }, (_, index) => {
    const at = 4 + 8 * index;
    return { flags: body.readUInt8(at), id: body.readUIntBE(at + 1, 3), value: body.readUInt32BE(at + 4) };
  });
}
