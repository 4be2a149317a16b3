/**
 * Messages to JSON values. A message is first read into slots, one a field, since its fields come in any order and may
 * come twice; then the slots become the JSON that Go writes for the same object.
 */
import { isUtf8 } from 'node:buffer';
import { isDeeperThan, type JsonObject, setOwn } from './json.ts';
import { FIXED64, LENGTH_DELIMITED, ProtobufError, ProtobufReader, VARINT } from './protobuf-reader.ts';
import { expectWireType, readIntOrString, readMicroTime, readQuantity, readRaw, readTime } from './protobuf-special.ts';
import { type Message, messageOf, type ValueType, type WireField } from './protobuf-table.ts';

/** No Kubernetes type comes near it, and each level takes a piece of our stack. */
export const MAX_MESSAGE_DEPTH = 200;

/**
 * Two bytes stand for a whole message of zeros, and JSON may write out many of them. Real messages take more than eight
 * bytes on average; small bodies get some for free.
 */
const BYTES_PER_MESSAGE_MIN = 8;
const FREE_MESSAGES = 10_000;

/** A message half read: a slot holds a value, a `State`, a list of either, or a map of either. */
interface State {
  message: Message;
  slots: unknown[];
}

/** How to read an object within raw JSON bytes that is itself an enveloped protobuf message. */
export type ReadNested = (bytes: Buffer, depth: number) => unknown;

const WIRE_TYPES: Record<ValueType['kind'], number> = {
  string: LENGTH_DELIMITED,
  bytes: LENGTH_DELIMITED,
  bool: VARINT,
  int32: VARINT,
  int64: VARINT,
  double: FIXED64,
  quantity: LENGTH_DELIMITED,
  intOrString: LENGTH_DELIMITED,
  time: LENGTH_DELIMITED,
  microTime: LENGTH_DELIMITED,
  raw: LENGTH_DELIMITED,
  message: LENGTH_DELIMITED,
};

/**
 * The JSON value of a message. `depth` counts the messages around it. Throws `ProtobufError` for bytes that are no such
 * message.
 */
export function decodeMessage(message: Message, bytes: Buffer, readNested: ReadNested, depth = 0): unknown {
  const decoder = new MessageDecoder(readNested, FREE_MESSAGES + bytes.length / BYTES_PER_MESSAGE_MIN);
  const state: State = { message, slots: [] };
  decoder.read(state, new ProtobufReader(bytes), depth);
  return jsonOf(state);
}

class MessageDecoder {
  readonly #readNested: ReadNested;
  /** How many messages may still come. */
  #budget: number;

  constructor(readNested: ReadNested, budget: number) {
    this.#readNested = readNested;
    this.#budget = budget;
  }

  /** Reads a message into `state`, on top of what an earlier occurrence of it left there. */
  read(state: State, reader: ProtobufReader, depth: number): void {
    if (depth > MAX_MESSAGE_DEPTH) throw new ProtobufError('exceeded max depth');
    if (this.#budget-- <= 0) throw new ProtobufError('proto: too many empty messages');
    const { message, slots } = state;
    while (!reader.done) {
      reader.tag(message.struct);
      const field = message.byNumber.get(reader.field);
      if (!field) reader.skip();
      else if (field.label === 'map') slots[field.index] = this.#entry(field, slots[field.index], reader, depth);
      else if (field.label === 'list') slots[field.index] = this.#items(field, slots[field.index], reader, depth);
      else {
        expectWireType(reader, WIRE_TYPES[field.type.kind], field.name);
        slots[field.index] = this.#value(field.type, slots[field.index], reader, depth);
      }
    }
  }

  #items(field: WireField, present: unknown, reader: ProtobufReader, depth: number): unknown[] {
    const list = (present as unknown[] | undefined) ?? [];
    const wireType = WIRE_TYPES[field.type.kind];
    if (reader.wireType === LENGTH_DELIMITED && wireType !== LENGTH_DELIMITED) {
      const packed = reader.message();
      while (!packed.done) list.push(this.#value(field.type, undefined, packed, depth));
      return list;
    }
    expectWireType(reader, wireType, field.name);
    list.push(this.#value(field.type, undefined, reader, depth));
    return list;
  }

  #entry(field: WireField, present: unknown, reader: ProtobufReader, depth: number): Map<string, unknown> {
    const map = (present as Map<string, unknown> | undefined) ?? new Map<string, unknown>();
    expectWireType(reader, LENGTH_DELIMITED, field.name);
    const entry = reader.message();
    let key = '';
    let value: unknown;
    while (!entry.done) {
      entry.tag(field.name);
      if (entry.field === 1) {
        expectWireType(entry, LENGTH_DELIMITED, 'mapkey');
        key = entry.string();
      } else if (entry.field === 2) {
        expectWireType(entry, WIRE_TYPES[field.type.kind], 'mapvalue');
        value = this.#value(field.type, undefined, entry, depth);
      } else entry.skip();
    }
    map.set(key, value ?? (field.type.kind === 'bytes' ? '' : zeroOf(field.type)));
    return map;
  }

  #value(type: ValueType, present: unknown, reader: ProtobufReader, depth: number): unknown {
    switch (type.kind) {
      case 'string':
        return reader.string();
      case 'bytes':
        return reader.bytes().toString('base64');
      case 'bool':
        return reader.bool();
      case 'int32':
        return reader.int32();
      case 'int64':
        return reader.int64();
      case 'double':
        return finite(reader.double());
      case 'quantity':
        return readQuantity(reader.message());
      case 'intOrString':
        return readIntOrString(reader.message());
      case 'time':
        return readTime(reader.message());
      case 'microTime':
        return readMicroTime(reader.message());
      case 'raw':
        return readRaw(reader.message(), (bytes) => this.#raw(bytes, depth));
      case 'message': {
        const state = (present as State | undefined) ?? stateOf(type.id);
        this.read(state, reader.message(), depth + 1);
        return state;
      }
    }
  }

  #raw(bytes: Buffer, depth: number): unknown {
    if (bytes.length >= 4 && bytes.readUInt32BE(0) === 0x6b387300) return this.#readNested(bytes, depth + 1);
    if (!isUtf8(bytes)) throw new ProtobufError('json: invalid UTF-8 in raw value');
    const value = parseJson(bytes.toString('utf8'));
    if (isDeeperThan(value)) throw new ProtobufError('exceeded max depth');
    return value;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ProtobufError(`json: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new ProtobufError(`json: unsupported value: ${value}`);
}

function stateOf(id: string): State {
  const message = messageOf(id);
  if (!message) throw new Error(`decode protobuf: no message ${id}`);
  return { message, slots: [] };
}

function isState(value: unknown): value is State {
  return typeof value === 'object' && value !== null && 'slots' in value && 'message' in value;
}

/** What a single value is where nothing was on the wire; a message is an empty state. */
function zeroOf(type: ValueType): unknown {
  switch (type.kind) {
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'int32':
    case 'int64':
    case 'double':
    case 'intOrString':
      return 0;
    case 'quantity':
      return '0';
    case 'message':
      return stateOf(type.id);
    default:
      return null;
  }
}

function jsonOf(state: State): unknown {
  const { message, slots } = state;
  if (message.shape !== 'object') return shapedJson(state);
  const result: JsonObject = {};
  for (const field of message.fields) {
    const slot = slots[field.index];
    if (field.presence === 'inline') Object.assign(result, singleJson(field, slot));
    else {
      const value = field.label === 'single' ? singleJson(field, slot) : containerJson(field, slot);
      if (value !== undefined) result[field.name] = value;
    }
  }
  return result;
}

function shapedJson({ message, slots }: State): unknown {
  const [first, second] = message.fields;
  if (message.shape === 'items') return first && slots[0] ? containerJson(first, slots[0]) : [];
  if (message.shape === 'boolOr') return second && slots[1] ? elementJson(second.type, slots[1]) : slots[0] === true;
  if (second && slots[1]) return containerJson(second, slots[1]);
  return first && slots[0] ? elementJson(first.type, slots[0]) : null;
}

/** Whether it is a list to Go, which knows of none as unset. */
function isItems(type: ValueType): boolean {
  return type.kind === 'message' && messageOf(type.id)?.shape === 'items';
}

/** `undefined` where the field is left out. */
function singleJson(field: WireField, slot: unknown): unknown {
  const { presence, type } = field;
  if (slot === undefined) {
    if (presence === 'pointer' || presence === 'filled') return undefined;
    if (presence === 'omitZero') return undefined;
    return presence === 'nullable' || isItems(type) ? null : elementJson(type, zeroOf(type));
  }
  if (presence === 'omitZero' && slot === null) return undefined;
  if (presence === 'filled' && (slot === '' || slot === 0 || slot === false)) return undefined;
  return elementJson(type, slot);
}

function containerJson(field: WireField, slot: unknown): unknown {
  if (slot === undefined) return field.presence === 'filled' || field.presence === 'pointer' ? undefined : null;
  if (Array.isArray(slot)) return slot.map((item) => elementJson(field.type, item));
  const result: JsonObject = {};
  for (const [key, value] of slot as Map<string, unknown>) setOwn(result, key, elementJson(field.type, value));
  return result;
}

function elementJson(type: ValueType, value: unknown): unknown {
  return type.kind === 'message' && isState(value) ? jsonOf(value) : value;
}
