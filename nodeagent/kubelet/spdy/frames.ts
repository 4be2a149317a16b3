/** The frames of SPDY/3.1, and their bytes. Integers are big-endian; stream ids have 31 bits. */
import { HeaderEncoder, type Headers } from './header-block.ts';

export const VERSION = 3;
export const HEAD_BYTES = 8;
/** What one frame can carry. */
export const DATA_BYTES_MAX = 0xff_ffff;

/** Control frames by the number that stands for them. */
export const TYPE = {
  SYN_STREAM: 1,
  SYN_REPLY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  HEADERS: 8,
  WINDOW_UPDATE: 9,
} as const;

export const FLAG_FIN = 1;
export const FLAG_UNIDIRECTIONAL = 2;

/** Why a stream ends before its time. */
export const RST = {
  PROTOCOL_ERROR: 1,
  INVALID_STREAM: 2,
  REFUSED_STREAM: 3,
  CANCEL: 5,
  FLOW_CONTROL_ERROR: 7,
} as const;

/** Why a connection ends. */
export const GOAWAY = { OK: 0, PROTOCOL_ERROR: 1, INTERNAL_ERROR: 2 } as const;

export const SETTINGS_INITIAL_WINDOW_SIZE = 7;

export interface Setting {
  id: number;
  flags: number;
  value: number;
}

/** A data frame that arrives may be told in several pieces, `fin` with the last. */
export type Frame =
  | {
      type: 'SYN_STREAM';
      streamId: number;
      associatedTo: number;
      /** 0, the highest, to 7. */
      priority: number;
      headers: Headers;
      fin: boolean;
      unidirectional: boolean;
    }
  | { type: 'SYN_REPLY' | 'HEADERS'; streamId: number; headers: Headers; fin: boolean }
  | { type: 'RST_STREAM'; streamId: number; status: number }
  | { type: 'SETTINGS'; settings: Setting[] }
  | { type: 'PING'; id: number }
  | { type: 'GOAWAY'; lastStreamId: number; status: number }
  | { type: 'WINDOW_UPDATE'; streamId: number; delta: number }
  | { type: 'DATA'; streamId: number; data: Buffer; fin: boolean };

/** Writes frames of one direction of a connection: header blocks build on those before them, so each must be sent. */
export class FrameWriter {
  readonly #encoder = new HeaderEncoder();

  write(frame: Frame): Buffer {
    switch (frame.type) {
      case 'SYN_STREAM': {
        const start = Buffer.alloc(10);
        start.writeUInt32BE(frame.streamId);
        start.writeUInt32BE(frame.associatedTo, 4);
        start.writeUInt8(frame.priority << 5, 8);
        const flags = (frame.fin ? FLAG_FIN : 0) | (frame.unidirectional ? FLAG_UNIDIRECTIONAL : 0);
        return control(TYPE.SYN_STREAM, flags, start, this.#encoder.encode(frame.headers));
      }
      case 'SYN_REPLY':
      case 'HEADERS':
        return control(
          TYPE[frame.type],
          frame.fin ? FLAG_FIN : 0,
          words(frame.streamId),
          this.#encoder.encode(frame.headers),
        );
      case 'RST_STREAM':
        return control(TYPE.RST_STREAM, 0, words(frame.streamId, frame.status));
      case 'SETTINGS': {
        const entries = frame.settings.flatMap(({ id, flags, value }) => [flags * 2 ** 24 + id, value]);
        return control(TYPE.SETTINGS, 0, words(frame.settings.length, ...entries));
      }
      case 'PING':
        return control(TYPE.PING, 0, words(frame.id));
      case 'GOAWAY':
        return control(TYPE.GOAWAY, 0, words(frame.lastStreamId, frame.status));
      case 'WINDOW_UPDATE':
        return control(TYPE.WINDOW_UPDATE, 0, words(frame.streamId, frame.delta));
      case 'DATA':
        return Buffer.concat([dataHead(frame.streamId, frame.data.length, frame.fin), frame.data]);
    }
  }
}

/** What goes before `length` bytes of data. */
export function dataHead(streamId: number, length: number, fin: boolean): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(streamId);
  head.writeUInt32BE((fin ? FLAG_FIN : 0) * 2 ** 24 + length, 4);
  return head;
}

function control(type: number, flags: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt16BE(0x8000 | VERSION);
  head.writeUInt16BE(type, 2);
  head.writeUInt32BE(flags * 2 ** 24 + body.length, 4);
  return Buffer.concat([head, body]);
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    bytes.writeUInt32BE(value, 4 * index);
  });
  return bytes;
}
