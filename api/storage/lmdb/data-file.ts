/** A look at lmdb's file before lmdb maps it: what is wrong with it would otherwise end the process with a signal. */
import { type FileHandle, open } from 'node:fs/promises';
import { codeOf } from '../../../base/errors.ts';
import { StorageError } from '../interface.ts';

const MAGIC = 0xbeefc0de;
const VERSION = 2;
const HEAD = 160;

/** Throws `Damaged` when there is a file and it is not lmdb's. A file that does not exist, or is empty, is fine. */
export async function checkDataFile(path: string): Promise<void> {
  const file = await openExisting(path);
  try {
    const size = (await file?.stat())?.size ?? 0;
    if (file && size > 0) await checkPages(file, path, size);
  } finally {
    await file?.close();
  }
}

async function openExisting(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function checkPages(file: FileHandle, path: string, size: number): Promise<void> {
  const first = await readMeta(file, 0);
  const second = first && (await readMeta(file, first.pageSize));
  if (!first || !second) {
    const message = `${path} is not a store of this version of lmdb, or damaged: restore it from a backup or delete it`;
    throw new StorageError('Damaged', '', message);
  }
  const newest = first.transaction > second.transaction ? first : second;
  const needed = Number(newest.lastPage + 1n) * newest.pageSize;
  // The file may rightly end early if its last pages are free; if they are not, lmdb now reads zeros and says so.
  if (size < needed) await file.truncate(needed);
}

/** One of lmdb's two root pages: a page header of 24 bytes, then `MDB_meta`. */
async function readMeta(file: FileHandle, offset: number) {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, offset);
  if (bytesRead < HEAD || buffer.readUInt32LE(24) !== MAGIC || buffer.readUInt32LE(28) !== VERSION) return undefined;
  return {
    pageSize: buffer.readUInt32LE(48),
    lastPage: buffer.readBigUInt64LE(144),
    transaction: buffer.readBigUInt64LE(152),
  };
}
