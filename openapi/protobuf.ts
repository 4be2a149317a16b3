/**
 * Writes the protobuf wire format. Knows nothing of messages: callers name field numbers. As Go's generated code does,
 * a value is written even when it is zero; leaving zeros out is the caller's decision.
 */

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;

export class ProtobufWriter {
  #bytes: Buffer;
  #length = 0;

  /** `capacity` is a first guess, in bytes. */
  constructor(capacity = 256) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  /** A copy of what was written. */
  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  /** int32, int64, uint32, uint64 or an enum; negative numbers take ten bytes, as they do in Go. */
  integer(field: number, value: number | bigint): this {
    this.#tag(field, VARINT);
    this.#varint(value);
    return this;
  }

  bool(field: number, value: boolean): this {
    this.#tag(field, VARINT);
    this.#varint(value ? 1 : 0);
    return this;
  }

  double(field: number, value: number): this {
    this.#tag(field, FIXED64);
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
    return this;
  }

  string(field: number, value: string): this {
    this.#tag(field, LENGTH_DELIMITED);
    // No character takes more than three bytes for each of its units.
    const sizeMax = value.length * 3;
    if (sizeMax > 0x7f) {
      const size = Buffer.byteLength(value);
      this.#varint(size);
      this.#reserve(size);
      this.#length += this.#bytes.write(value, this.#length);
      return this;
    }
    this.#reserve(sizeMax + 1);
    const size = this.#bytes.write(value, this.#length + 1);
    this.#bytes[this.#length] = size;
    this.#length += size + 1;
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, LENGTH_DELIMITED);
    this.#varint(value.length);
    return this.raw(value);
  }

  /** Bytes as they are: the prefix of an envelope, or a message encoded before. */
  raw(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** The tag and the length of bytes that the caller writes elsewhere. */
  lengthOf(field: number, size: number): this {
    this.#tag(field, LENGTH_DELIMITED);
    this.#varint(size);
    return this;
  }

  /** A message within this one: what `write` writes. */
  message(field: number, write: (writer: this) => void): this {
    this.#tag(field, LENGTH_DELIMITED);
    // Its length stands before it and is known only after: one byte is left for it, and is enough for most.
    this.#reserve(1);
    const start = ++this.#length;
    write(this);
    const size = this.#length - start;
    if (size > 0x7f) {
      const more = varintSize(size) - 1;
      this.#reserve(more);
      this.#bytes.copyWithin(start + more, start, this.#length);
    }
    const end = this.#length + varintSize(size) - 1;
    this.#length = start - 1;
    this.#varint(size);
    this.#length = end;
    return this;
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number | bigint): void {
    this.#reserve(10);
    if (typeof value === 'number' && value >= 0 && value <= 0xffffffff) {
      let rest = value;
      for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest % 128) | 0x80;
      this.#bytes[this.#length++] = rest;
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.#length++] = Number(rest);
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + size));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Bytes that a length takes. */
function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size++;
  return size;
}
