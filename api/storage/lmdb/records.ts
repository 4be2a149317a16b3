/**
 * How the tables of an lmdb store are written. Every record begins with a CRC-32 of the rest, so that a damaged disk
 * is noticed where it is read. Numbers are big-endian, revisions take 8 bytes.
 *
 *   objects   key           → crc, modRevision, value
 *   changes   revision      → crc, type, previous revision (0: none), length of key (2 bytes), key, previous value
 *   meta      `state`       → crc, revision, compacted, number of objects, digest of what they are (summary.ts)
 *             `format`      → JSON, readable by every version to come: {"format":"kubets","version":2}
 *
 * Version 1 had a state without the last two.
 */
import { crc32 } from 'node:zlib';
import type { Change } from '../backend.ts';
import { type KeyValue, StorageError } from '../interface.ts';
import { WHAT_TO_DO } from './damage.ts';
import type { Summary } from './summary.ts';

const CRC = 4;
const REVISION = 8;
const CHANGE_HEAD = CRC + 1 + REVISION + 2;
const HIGH = 2 ** 32;
const DELETE = 0;
const PUT = 1;

/** In front of an object's value. */
export const OBJECT_HEAD = CRC + REVISION;
const STATE = CRC + 3 * REVISION + 4;

export interface State {
  revision: number;
  compacted: number;
  /** Absent in a store of version 1. */
  summary?: Summary;
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

export function encodeState({ revision, compacted, summary }: Required<State>): Buffer {
  const record = Buffer.allocUnsafe(STATE);
  writeRevision(record, revision, CRC);
  writeRevision(record, compacted, CRC + REVISION);
  writeRevision(record, summary.count, CRC + 2 * REVISION);
  record.writeUInt32BE(summary.digest, CRC + 3 * REVISION);
  return seal(record);
}

export function decodeState(record: Buffer): State {
  open(record, CRC + 2 * REVISION, 'the state record');
  const state = { revision: readRevision(record, CRC), compacted: readRevision(record, CRC + REVISION) };
  if (record.length < STATE) return state;
  const count = readRevision(record, CRC + 2 * REVISION);
  return { ...state, summary: { count, digest: record.readUInt32BE(CRC + 3 * REVISION) } };
}

/** The modRevision in an object's record, or in the beginning of one. Not verified. */
export function modRevisionOf(head: Buffer): number {
  return readRevision(head, CRC);
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
  throw new StorageError('Damaged', what, `the store is damaged at ${what}: ${WHAT_TO_DO}`);
}
