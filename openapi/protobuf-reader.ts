/** Reads the protobuf wire format out of bytes that strangers sent. Knows nothing of messages. */
import { utf8Text } from '../base/utf8.ts';

export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH_DELIMITED = 2;
const START_GROUP = 3;
const END_GROUP = 4;
const FIXED32 = 5;

/** Bytes that are no valid message, in upstream's words. */
export class ProtobufError extends Error {
  override name = 'ProtobufError';
}

const TRUNCATED = 'unexpected EOF';

/**
 * A cursor over one message. Every read moves it on or throws a `ProtobufError`; nothing is allocated before its bytes
 * are known to be there.
 */
export class ProtobufReader {
  /** Of the tag read last. */
  field = 0;
  wireType = 0;
  readonly #bytes: Buffer;
  #at: number;
  readonly #end: number;
  /** The halves of the varint read last, unsigned. */
  #low = 0;
  #high = 0;

  constructor(bytes: Buffer, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Whether the message is over. */
  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** Reads a tag into `field` and `wireType`; `struct` is the message's name, for the error. */
  tag(struct: string): void {
    this.#varint();
    this.wireType = this.#low & 7;
    this.field = ((this.#high & 7) << 29) | (this.#low >>> 3);
    if (this.wireType === END_GROUP) throw new ProtobufError(`proto: ${struct}: wiretype end group for non-group`);
    if (this.field <= 0) {
      throw new ProtobufError(`proto: ${struct}: illegal tag ${this.field} (wire type ${this.#low})`);
    }
  }

  /** The lower half of a varint, as Go's int32 takes it. */
  int32(): number {
    this.#varint();
    return this.#low | 0;
  }

  /** The nearest double beyond 2^53, as of a JSON number. */
  int64(): number {
    this.#varint();
    return (this.#high | 0) * 0x1_0000_0000 + this.#low;
  }

  bool(): boolean {
    this.#varint();
    return this.#low !== 0 || this.#high !== 0;
  }

  double(): number {
    const start = this.#take(8);
    return this.#bytes.readDoubleLE(start);
  }

  /** What is no UTF-8 comes out as U+FFFD, as it does where upstream writes JSON. */
  string(): string {
    const bytes = this.bytes();
    return utf8Text(bytes);
  }

  /** A view of the message's own bytes. */
  bytes(): Buffer {
    const start = this.#length();
    return this.#bytes.subarray(start, this.#at);
  }

  /** A reader of a message within this one. */
  message(): ProtobufReader {
    const start = this.#length();
    return new ProtobufReader(this.#bytes, start, this.#at);
  }

  /** Passes over the value of a field nobody knows. */
  skip(): void {
    if (this.wireType === VARINT) this.#varint();
    else if (this.wireType === FIXED64) this.#take(8);
    else if (this.wireType === LENGTH_DELIMITED) this.#length();
    else if (this.wireType === FIXED32) this.#take(4);
    else if (this.wireType === START_GROUP) this.#skipGroup();
    else throw new ProtobufError(`proto: illegal wireType ${this.wireType}`);
  }

  /** Groups may be in one another to any depth. */
  #skipGroup(): void {
    for (let depth = 1; depth > 0; ) {
      this.#varint();
      this.wireType = this.#low & 7;
      if (this.wireType === START_GROUP) depth++;
      else if (this.wireType === END_GROUP) depth--;
      else this.skip();
    }
  }

  /** Reads a length, moves past what it counts, and returns where that starts. */
  #length(): number {
    this.#varint();
    if (this.#high > 0x7fff_ffff) throw new ProtobufError('proto: negative length found during unmarshaling');
    if (this.#high !== 0) throw new ProtobufError(TRUNCATED);
    return this.#take(this.#low);
  }

  #take(count: number): number {
    if (count > this.#end - this.#at) throw new ProtobufError(TRUNCATED);
    const start = this.#at;
    this.#at += count;
    return start;
  }

  #varint(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (shift >= 64) throw new ProtobufError('proto: integer overflow');
      if (this.#at >= this.#end) throw new ProtobufError(TRUNCATED);
      const byte = this.#bytes[this.#at++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) break;
    }
    this.#low = low >>> 0;
    this.#high = high >>> 0;
  }
}
