/**
 * Header blocks of SPDY/3: names and values with their lengths, compressed. One zlib stream runs through all the blocks
 * of a direction and is flushed to a whole byte after each, so a block is a run of complete deflate blocks that may
 * refer to what came before. Giving that as the dictionary makes each block one synchronous call with a bound on its
 * size, and leaves nothing to be closed.
 */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { DICTIONARY, DICTIONARY_ID } from './dictionary.ts';
import { SpdyError } from './error.ts';

/** Names are in lower case. */
export type Headers = ReadonlyMap<string, readonly string[]>;

const HEADER_BYTES_MAX = 64 * 1024;
const WINDOW_BYTES = 32 * 1024;
/** Deflate with a window of 32 KiB; a dictionary's id follows; and a checksum of these two bytes. */
const ZLIB_HEAD = 0x78bb;
const ZLIB_DEFLATE = 8;
const ZLIB_HAS_DICTIONARY = 0x20;
const SEPARATOR = '\0';

/** Compresses the blocks of one connection in the order in which they are sent. */
export class HeaderEncoder {
  #history: Buffer | undefined;

  encode(headers: Headers): Buffer {
    const block = serialize(headers);
    const first = this.#history === undefined;
    const history = this.#history ?? DICTIONARY;
    const packed = deflateRawSync(block, { dictionary: history, finishFlush: constants.Z_SYNC_FLUSH });
    this.#history = remember(history, block);
    if (!first) return packed;
    const head = Buffer.alloc(6);
    head.writeUInt16BE(ZLIB_HEAD);
    head.writeUInt32BE(DICTIONARY_ID, 2);
    return Buffer.concat([head, packed]);
  }
}

/** Reads the blocks of one connection in the order in which they came; all of them, or the next makes no sense. */
export class HeaderDecoder {
  #history: Buffer | undefined;

  /** Throws `SpdyError` for what cannot be read and for a block of more than 64 KiB. */
  decode(packed: Buffer): Headers {
    let body = packed;
    if (this.#history === undefined) {
      const { dictionary, length } = readHead(packed);
      this.#history = dictionary;
      body = packed.subarray(length);
    }
    const block = inflate(body, this.#history);
    this.#history = remember(this.#history, block);
    return parse(block);
  }
}

function readHead(packed: Buffer): { dictionary: Buffer; length: number } {
  if (packed.length < 2) throw new SpdyError('a header block is too short');
  const head = packed.readUInt16BE(0);
  if (((head >> 8) & 0x0f) !== ZLIB_DEFLATE || head % 31 !== 0) throw new SpdyError('a header block is not of zlib');
  if ((head & ZLIB_HAS_DICTIONARY) === 0) return { dictionary: Buffer.alloc(0), length: 2 };
  if (packed.length < 6 || packed.readUInt32BE(2) !== DICTIONARY_ID) {
    throw new SpdyError("a header block uses another dictionary than SPDY/3's");
  }
  return { dictionary: DICTIONARY, length: 6 };
}

function inflate(body: Buffer, history: Buffer): Buffer {
  try {
    return inflateRawSync(body, {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: HEADER_BYTES_MAX,
      ...(history.length > 0 ? { dictionary: history } : {}),
    });
  } catch (error) {
    throw new SpdyError('a header block cannot be inflated', { cause: error });
  }
}

function remember(history: Buffer, block: Buffer): Buffer {
  return Buffer.concat([history, block]).subarray(-WINDOW_BYTES);
}

function serialize(headers: Headers): Buffer {
  const parts: Buffer[] = [];
  const uint32 = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    parts.push(bytes);
  };
  const text = (value: string) => {
    const bytes = Buffer.from(value, 'latin1');
    uint32(bytes.length);
    parts.push(bytes);
  };
  uint32(headers.size);
  for (const [name, values] of headers) {
    text(name);
    text(values.join(SEPARATOR));
  }
  return Buffer.concat(parts);
}

function parse(block: Buffer): Headers {
  let at = 0;
  const uint32 = () => {
    if (at + 4 > block.length) throw new SpdyError('a header block is too short');
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const text = () => {
    const length = uint32();
    if (length > block.length - at) throw new SpdyError('a header block is too short');
    at += length;
    return block.toString('latin1', at - length, at);
  };
  const headers = new Map<string, readonly string[]>();
  for (let left = uint32(); left > 0; left--) {
    const name = text();
    if (name === '' || name !== name.toLowerCase()) throw new SpdyError('a header has no name in lower case');
    if (headers.has(name)) throw new SpdyError(`header ${name} comes twice`);
    headers.set(name, text().split(SEPARATOR));
  }
  if (at !== block.length) throw new SpdyError('a header block is too long');
  return headers;
}
