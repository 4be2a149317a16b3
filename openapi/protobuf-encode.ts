/** JSON values to messages, byte for byte as Go writes them: ascending numbers, zeros written, maps sorted by key. */
import { isJsonObject, type JsonObject } from './json.ts';
import type { ProtobufWriter } from './protobuf.ts';
import { writeIntOrString, writeMicroTime, writeQuantity, writeRaw, writeTime } from './protobuf-special.ts';
import { type Message, messageOf, type ValueType, type WireField } from './protobuf-table.ts';

const MAX_INT64 = 2n ** 63n - 1n;

/**
 * Writes a JSON value as the message. Unknown fields are left out, null counts as unset. Throws an Error where a value
 * is not of its field's type.
 */
export function encodeMessage(writer: ProtobufWriter, message: Message, value: unknown): void {
  const object = message.shape === 'object' ? objectOf(value, message.struct) : unshaped(message, value);
  for (const field of message.ascending) {
    // The fields of an embedded struct stand among its parent's. None is called as anything that objects inherit.
    const inner = field.presence === 'inline' ? object : (object[field.name] ?? undefined);
    if (field.label === 'map') writeMap(writer, field, inner);
    else if (field.label === 'list') writeList(writer, field, inner);
    else if (inner !== undefined) writeValue(writer, field.number, field.type, inner, field.name);
    else if (field.presence !== 'pointer' && field.presence !== 'nullable') writeZero(writer, field);
  }
}

function objectOf(value: unknown, where: string): JsonObject {
  if (value === undefined || value === null) return {};
  if (isJsonObject(value)) return value;
  throw mismatch(where, value, 'an object');
}

function mismatch(where: string, value: unknown, wanted: string): Error {
  const found = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  return new Error(`encode protobuf: ${where} is ${found}, not ${wanted}`);
}

/** The fields of a message that JSON shows as one of them. */
function unshaped(message: Message, value: unknown): JsonObject {
  const [first, second] = message.fields;
  if (value === undefined || value === null || !first) return {};
  if (message.shape === 'items') return { [first.name]: value };
  if (!second) return {};
  if (message.shape === 'boolOr') {
    return typeof value === 'boolean' ? { [first.name]: value } : { [first.name]: true, [second.name]: value };
  }
  return { [Array.isArray(value) ? second.name : first.name]: value };
}

function writeList(writer: ProtobufWriter, field: WireField, value: unknown): void {
  if (value === undefined) return;
  if (!Array.isArray(value)) throw mismatch(field.name, value, 'a list');
  for (const item of value) writeValue(writer, field.number, field.type, item ?? undefined, field.name);
}

function writeMap(writer: ProtobufWriter, field: WireField, value: unknown): void {
  const map = objectOf(value, field.name);
  for (const key of Object.keys(map).sort()) {
    writer.message(field.number, (entry) => {
      const inner = map[key] ?? undefined;
      entry.string(1, key);
      if (inner !== undefined || field.type.kind !== 'bytes') writeValue(entry, 2, field.type, inner, field.name);
    });
  }
}

/** What Go writes of a value that is no pointer and is not set: its zero, unless it is a slice. */
function writeZero(writer: ProtobufWriter, { number, type, name }: WireField): void {
  const isSlice = type.kind === 'bytes' || (type.kind === 'message' && messageOf(type.id)?.shape === 'items');
  if (!isSlice) writeValue(writer, number, type, undefined, name);
}

/** `undefined` is the zero value. */
function writeValue(writer: ProtobufWriter, number: number, type: ValueType, value: unknown, where: string): void {
  switch (type.kind) {
    case 'string':
      writer.string(number, scalar(value ?? '', 'string', where));
      return;
    case 'bytes':
      writer.bytes(number, Buffer.from(scalar(value ?? '', 'string', where), 'base64'));
      return;
    case 'bool':
      writer.bool(number, scalar(value ?? false, 'boolean', where));
      return;
    case 'int32':
    case 'int64':
      writer.integer(number, integer(value ?? 0, where));
      return;
    case 'double':
      writer.double(number, scalar(value ?? 0, 'number', where));
      return;
    case 'message':
      writeMessage(writer, number, type.id, value);
      return;
    default:
      writer.message(number, (inner) => SPECIAL[type.kind](inner, value));
  }
}

const SPECIAL = {
  quantity: writeQuantity,
  intOrString: writeIntOrString,
  time: writeTime,
  microTime: writeMicroTime,
  raw: writeRaw,
} as const;

function writeMessage(writer: ProtobufWriter, number: number, id: string, value: unknown): void {
  const message = messageOf(id);
  if (!message) throw new Error(`encode protobuf: no message ${id}`);
  writer.message(number, (inner) => encodeMessage(inner, message, value));
}

interface Scalars {
  string: string;
  boolean: boolean;
  number: number;
}

function scalar<T extends keyof Scalars>(value: unknown, type: T, where: string): Scalars[T] {
  // The check is what TypeScript cannot follow through an indexed type.
  if (typeof value === type) return value as Scalars[T];
  throw mismatch(where, value, `a ${type}`);
}

function integer(value: unknown, where: string): number | bigint {
  const number = scalar(value, 'number', where);
  if (!Number.isInteger(number)) throw mismatch(where, value, 'an integer');
  // JSON.parse rounds the largest int64 up to a number that is none.
  return number >= 2 ** 63 ? MAX_INT64 : number;
}
