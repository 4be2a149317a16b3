/**
 * How the tables of an lmdb store are written. Every record begins with a CRC-32 of the rest, so that a damaged disk
 * is noticed where it is read. Numbers are big-endian, revisions take 8 bytes.
 *
 *   objects   key           → crc, modRevision, value
 *   changes   revision      → crc, type, previous revision (0: none), length of key (2 bytes), key, previous value
 *   meta      `state`       → crc, revision, compacted
 *             `format`      → JSON, readable by every version to come: {"format":"kubets","version":1}
 */
import { crc32 } from 'node:zlib';
import type { Change } from '../backend.ts';
import { type KeyValue, StorageError } from '../interface.ts';

const CRC = 4;
const REVISION = 8;
const CHANGE_HEAD = CRC + 1 + REVISION + 2;
const HIGH = 2 ** 32;
const DELETE = 0;
const PUT = 1;

export interface State {
  revision: number;
  compacted: number;
}

export function revisionKey(revision: number): Buffer {
  const key = Buffer.allocUnsafe(REVISION);
  writeRevision(key, revision, 0);
  return key;
}

export function encodeObject(value: Buffer, modRevision: number): Buffer {
  const record = Buffer.allocUnsafe(CRC + REVISION + value.length);
  writeRevision(record, modRevision, CRC);
  value.copy(record, CRC + REVISION);
  return seal(record);
}

export function decodeObject(key: string, record: Buffer): KeyValue {
  open(record, CRC + REVISION, key);
  return { key, value: record.subarray(CRC + REVISION), modRevision: readRevision(record, CRC) };
}

export function encodeChange(change: Change): Buffer {
  const { previous } = change;
  const keyLength = Buffer.byteLength(change.key);
  const record = Buffer.allocUnsafe(CHANGE_HEAD + keyLength + (previous?.value.length ?? 0));
  record.writeUInt8(change.type === 'put' ? PUT : DELETE, CRC);
  writeRevision(record, previous?.modRevision ?? 0, CRC + 1);
  record.writeUInt16BE(keyLength, CRC + 1 + REVISION);
  record.write(change.key, CHANGE_HEAD);
  previous?.value.copy(record, CHANGE_HEAD + keyLength);
  return seal(record);
}

export function decodeChange(revision: number, record: Buffer): Change {
  open(record, CHANGE_HEAD, `revision ${revision}`);
  const keyEnd = CHANGE_HEAD + record.readUInt16BE(CRC + 1 + REVISION);
  const key = record.toString('utf8', CHANGE_HEAD, keyEnd);
  const type = record.readUInt8(CRC) === PUT ? 'put' : 'delete';
  const modRevision = readRevision(record, CRC + 1);
  if (modRevision === 0) return { type, key, revision };
  return { type, key, revision, previous: { key, value: record.subarray(keyEnd), modRevision } };
}

export function encodeState({ revision, compacted }: State): Buffer {
  const record = Buffer.allocUnsafe(CRC + 2 * REVISION);
  writeRevision(record, revision, CRC);
  writeRevision(record, compacted, CRC + REVISION);
  return seal(record);
}

export function decodeState(record: Buffer): State {
  open(record, CRC + 2 * REVISION, 'the state record');
  return { revision: readRevision(record, CRC), compacted: readRevision(record, CRC + REVISION) };
}

export function readRevision(buffer: Buffer, offset = 0): number {
  return buffer.readUInt32BE(offset) * HIGH + buffer.readUInt32BE(offset + 4);
}

function writeRevision(buffer: Buffer, revision: number, offset: number): void {
  buffer.writeUInt32BE(Math.floor(revision / HIGH), offset);
  buffer.writeUInt32BE(revision % HIGH, offset + 4);
}

function seal(record: Buffer): Buffer {
  record.writeUInt32BE(crc32(record.subarray(CRC)), 0);
  return record;
}

function open(record: Buffer, length: number, what: string): void {
  if (record.length >= length && record.readUInt32BE(0) === crc32(record.subarray(CRC))) return;
  throw new StorageError('Damaged', what, `the store is damaged at ${what}: restore it from a backup or delete it`);
}
