/** Messages whose JSON is a scalar or JSON itself: quantities, moments, `IntOrString`, raw JSON. Both directions. */
import { canonicalQuantity, QUANTITY_ERROR, quantityError } from '../base/quantity.ts';
import type { ProtobufWriter } from './protobuf.ts';
import { LENGTH_DELIMITED, ProtobufError, type ProtobufReader, VARINT } from './protobuf-reader.ts';
import { parseMicroTime, parseTime } from './scalars.ts';

/** Go's zero time, which is null in JSON. */
const ZERO_SECONDS = -62_135_596_800;
/** The last second of the year 9999, beyond which RFC 3339 has no text. */
const LAST_SECOND = 253_402_300_799;

/** Refuses a field whose wire type is not the one it is declared with. */
export function expectWireType(reader: ProtobufReader, wireType: number, name: string): void {
  if (reader.wireType === wireType) return;
  throw new ProtobufError(`proto: wrong wireType = ${reader.wireType} for field ${goName(name)}`);
}

function goName(name: string): string {
  return name === 'metadata' ? 'ObjectMeta' : name.charAt(0).toUpperCase() + name.slice(1);
}

/** Calls `known` for each field with a number up to `last` and passes over the others. */
function eachField(reader: ProtobufReader, struct: string, last: number, known: (field: number) => void): void {
  while (!reader.done) {
    reader.tag(struct);
    if (reader.field <= last) known(reader.field);
    else reader.skip();
  }
}

export function readQuantity(reader: ProtobufReader): string {
  let result = '0';
  eachField(reader, 'Quantity', 1, () => {
    expectWireType(reader, LENGTH_DELIMITED, 'String_');
    const text = reader.string();
    const canonical = canonicalQuantity(text);
    if (canonical === undefined) throw new ProtobufError(quantityError(text.trim()) ?? QUANTITY_ERROR);
    result = canonical;
  });
  return result;
}

export function writeQuantity(writer: ProtobufWriter, value: unknown): void {
  const text = typeof value === 'string' || typeof value === 'number' ? canonicalQuantity(value) : undefined;
  if (value !== undefined && text === undefined) throw new Error(`encode protobuf: ${QUANTITY_ERROR}`);
  writer.string(1, text ?? '0');
}

export function readIntOrString(reader: ProtobufReader): number | string {
  let type = 0;
  let number = 0;
  let text = '';
  eachField(reader, 'IntOrString', 3, (field) => {
    expectWireType(reader, field === 3 ? LENGTH_DELIMITED : VARINT, ['', 'Type', 'IntVal', 'StrVal'][field] ?? '');
    if (field === 1) type = reader.int64();
    else if (field === 2) number = reader.int32();
    else text = reader.string();
  });
  if (type !== 0 && type !== 1) throw new ProtobufError('impossible IntOrString.Type');
  return type === 0 ? number : text;
}

export function writeIntOrString(writer: ProtobufWriter, value: unknown): void {
  if (value !== undefined && typeof value !== 'number' && typeof value !== 'string') {
    throw new Error(`encode protobuf: ${typeof value} is neither a number nor a string`);
  }
  const isText = typeof value === 'string';
  writer
    .integer(1, isText ? 1 : 0)
    .integer(2, isText ? 0 : (value ?? 0))
    .string(3, isText ? value : '');
}

function readTimestamp(reader: ProtobufReader): { seconds: number; nanos: number } | undefined {
  if (reader.done) return undefined;
  let seconds = 0;
  let nanos = 0;
  eachField(reader, 'Timestamp', 2, (field) => {
    expectWireType(reader, VARINT, field === 1 ? 'Seconds' : 'Nanos');
    if (field === 1) seconds = reader.int64();
    else nanos = reader.int32();
  });
  return { seconds, nanos };
}

/** RFC 3339 in UTC, whole seconds; null for Go's zero time. */
export function readTime(reader: ProtobufReader): string | null {
  const moment = readTimestamp(reader);
  if (!moment || moment.seconds === ZERO_SECONDS) return null;
  return `${dateText(moment.seconds)}Z`;
}

/** The same with six decimals. */
export function readMicroTime(reader: ProtobufReader): string | null {
  const moment = readTimestamp(reader);
  if (!moment) return null;
  const micros = Math.trunc(moment.nanos / 1000);
  const carry = Math.floor(micros / 1_000_000);
  const seconds = moment.seconds + carry;
  const fraction = micros - carry * 1_000_000;
  if (seconds === ZERO_SECONDS && fraction === 0) return null;
  return `${dateText(seconds)}.${String(fraction).padStart(6, '0')}Z`;
}

function dateText(seconds: number): string {
  if (seconds < ZERO_SECONDS || seconds > LAST_SECOND) {
    throw new ProtobufError(`proto: time of ${seconds} seconds since 1970 is outside the years 1 to 9999`);
  }
  return new Date(seconds * 1000).toISOString().slice(0, 19);
}

export function writeTime(writer: ProtobufWriter, value: unknown): void {
  writeMoment(writer, value, false);
}

export function writeMicroTime(writer: ProtobufWriter, value: unknown): void {
  writeMoment(writer, value, true);
}

/** As nearly all moments are written. */
const PLAIN_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

function writeMoment(writer: ProtobufWriter, value: unknown, micro: boolean): void {
  if (value === undefined || value === null) return;
  if (!micro && typeof value === 'string' && PLAIN_TIME.test(value)) {
    const plain = Date.parse(value) / 1000;
    if (!Number.isNaN(plain)) {
      if (plain !== ZERO_SECONDS) writer.integer(1, plain).integer(2, 0);
      return;
    }
  }
  const parsed = micro ? parseMicroTime(String(value)) : parseTime(String(value));
  if ('error' in parsed) throw new Error(`encode protobuf: ${parsed.error}`);
  const seconds = Date.parse(`${parsed.value.slice(0, 19)}Z`) / 1000;
  const nanos = micro ? Number(parsed.value.slice(20, 26)) * 1000 : 0;
  if (seconds === ZERO_SECONDS && nanos === 0) return;
  writer.integer(1, seconds).integer(2, nanos);
}

/** The JSON in field 1 of `RawExtension`, `FieldsV1` and `JSON`; null where there is none. */
export function readRaw(reader: ProtobufReader, parse: (bytes: Buffer) => unknown): unknown {
  let bytes: Buffer | undefined;
  eachField(reader, 'RawExtension', 1, () => {
    expectWireType(reader, LENGTH_DELIMITED, 'Raw');
    bytes = reader.bytes();
  });
  return bytes === undefined || bytes.length === 0 ? null : parse(bytes);
}

export function writeRaw(writer: ProtobufWriter, value: unknown): void {
  if (value !== undefined && value !== null) writer.string(1, JSON.stringify(value));
}
