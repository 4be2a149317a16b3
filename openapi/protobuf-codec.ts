/**
 * `application/vnd.kubernetes.protobuf`: objects in the envelope that kubectl and client-go send them in, `k8s\0` and a
 * `runtime.Unknown` with the object's kind and its message.
 */
import { isJsonObject, type JsonObject } from './json.ts';
import { ProtobufWriter } from './protobuf.ts';
import { decodeMessage, MAX_MESSAGE_DEPTH } from './protobuf-decode.ts';
import { encodeMessage } from './protobuf-encode.ts';
import { LENGTH_DELIMITED, ProtobufError, ProtobufReader } from './protobuf-reader.ts';
import { expectWireType } from './protobuf-special.ts';
import { definitionOfKind, messageOf } from './protobuf-table.ts';

const PREFIX = Buffer.from('k8s\0');

/** What the envelope says and holds. Texts are empty where it does not say. */
export interface ProtobufEnvelope {
  apiVersion: string;
  kind: string;
  /** The message; a view of the bytes that were read. */
  raw: Buffer;
}

export interface DecodedProtobuf {
  apiVersion: string;
  kind: string;
  /** What JSON.parse would give for the same object. */
  value: unknown;
}

/** Reads the envelope alone. Throws `ProtobufError`, in upstream's words, for bytes that are none. */
export function decodeEnvelope(bytes: Buffer): ProtobufEnvelope {
  if (bytes.length === 0) throw new ProtobufError('empty data');
  if (!bytes.subarray(0, PREFIX.length).equals(PREFIX)) {
    throw new ProtobufError(
      `provided data does not appear to be a protobuf message, expected prefix [${[...PREFIX].join(' ')}]`,
    );
  }
  if (bytes.length === PREFIX.length) throw new ProtobufError('empty body');
  const envelope: ProtobufEnvelope = { apiVersion: '', kind: '', raw: bytes.subarray(0, 0) };
  const reader = new ProtobufReader(bytes, PREFIX.length);
  while (!reader.done) {
    reader.tag('Unknown');
    const name = UNKNOWN_FIELDS[reader.field];
    if (name === undefined) {
      reader.skip();
      continue;
    }
    expectWireType(reader, LENGTH_DELIMITED, name);
    if (name === 'TypeMeta') readTypeMeta(reader.message(), envelope);
    else if (name === 'Raw') envelope.raw = reader.bytes();
    else reader.string();
  }
  return envelope;
}

const UNKNOWN_FIELDS: Record<number, string> = { 1: 'TypeMeta', 2: 'Raw', 3: 'ContentEncoding', 4: 'ContentType' };

function readTypeMeta(reader: ProtobufReader, envelope: ProtobufEnvelope): void {
  while (!reader.done) {
    reader.tag('TypeMeta');
    if (reader.field > 2) {
      reader.skip();
      continue;
    }
    const name = reader.field === 1 ? 'apiVersion' : 'kind';
    expectWireType(reader, LENGTH_DELIMITED, name === 'kind' ? 'Kind' : 'APIVersion');
    envelope[name] = reader.string();
  }
}

/**
 * Reads an enveloped object. Throws `ProtobufError` for malformed bytes and for a kind that has no message. Unknown
 * fields are passed over.
 */
export function decodeProtobuf(bytes: Buffer): DecodedProtobuf {
  return decodeAt(bytes, 0);
}

function decodeAt(bytes: Buffer, depth: number): DecodedProtobuf {
  // Checked here too: an envelope within an envelope holds no other message between them.
  if (depth > MAX_MESSAGE_DEPTH) throw new ProtobufError('exceeded max depth');
  const { apiVersion, kind, raw } = decodeEnvelope(bytes);
  const definition = definitionOfKind(apiVersion, kind);
  if (definition === undefined) {
    throw new ProtobufError(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`);
  }
  return { apiVersion, kind, value: decodeTyped(definition, { apiVersion, kind }, raw, depth) };
}

/**
 * Reads the message of a definition, without envelope, as an object of the kind named. Throws `ProtobufError` for
 * malformed bytes, an Error where the definition has no message.
 */
export function decodeTyped(
  definitionId: string,
  typeMeta: { apiVersion: string; kind: string },
  raw: Buffer,
  depth = 0,
): unknown {
  const message = messageOf(definitionId);
  if (!message) throw new Error(`decode protobuf: no message ${definitionId}`);
  const value = decodeMessage(message, raw, (nested, at) => decodeAt(nested, at).value, depth);
  if (!isJsonObject(value)) return value;
  const { apiVersion, kind } = typeMeta;
  return { ...(kind ? { kind } : {}), ...(apiVersion ? { apiVersion } : {}), ...value };
}

/**
 * The message of an object of a definition, without envelope, equal to Go's bytes. Throws an Error where the definition
 * has no message or a value is not of its field's type.
 */
export function encodeTyped(definitionId: string, value: unknown): Buffer {
  const message = messageOf(definitionId);
  if (!message) throw new Error(`encode protobuf: no message ${definitionId}`);
  const writer = new ProtobufWriter(1024);
  encodeMessage(writer, message, value);
  return writer.finish();
}

/** The envelope around a message that is written in pieces: what stands before it, of so many bytes, and after it. */
export function envelopeAround(
  typeMeta: { apiVersion: string; kind: string },
  rawBytes: number,
): { head: Buffer; tail: Buffer } {
  const head = new ProtobufWriter(64 + typeMeta.apiVersion.length + typeMeta.kind.length)
    .raw(PREFIX)
    .message(1, (inner) => inner.string(1, typeMeta.apiVersion).string(2, typeMeta.kind))
    .lengthOf(2, rawBytes)
    .finish();
  return { head, tail: ENVELOPE_TAIL };
}

/** No content encoding, no content type: neither is ever set, and both are always written. */
const ENVELOPE_TAIL = new ProtobufWriter(4).string(3, '').string(4, '').finish();

/**
 * The enveloped bytes of an object, equal to Go's. Its kind and version come from `typeMeta` or else from itself.
 * Throws an Error where the kind has no message or a value is not of its field's type.
 */
export function encodeProtobuf(object: unknown, typeMeta: { apiVersion?: string; kind?: string } = {}): Buffer {
  const own: JsonObject = isJsonObject(object) ? object : {};
  const apiVersion = typeMeta.apiVersion ?? String(own.apiVersion ?? '');
  const kind = typeMeta.kind ?? String(own.kind ?? '');
  const definition = definitionOfKind(apiVersion, kind);
  if (definition === undefined) throw new Error(`encode protobuf: no message for kind ${kind} in ${apiVersion}`);
  return enveloped({ apiVersion, kind }, encodeTyped(definition, object));
}

/** A message in its envelope. */
export function enveloped(typeMeta: { apiVersion: string; kind: string }, raw: Buffer): Buffer {
  const { head, tail } = envelopeAround(typeMeta, raw.length);
  return Buffer.concat([head, raw, tail]);
}
