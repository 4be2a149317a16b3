/** Opens a store on disk: one directory, one process. */
import { chmod, mkdir, open } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type EmbeddedOptions, EmbeddedStorage } from '../embedded.ts';
import { StorageError } from '../interface.ts';
import { LmdbBackend, readState, type Tables, translate } from './backend.ts';
import { checkDataFile } from './data-file.ts';
import { acquireLock } from './lock.ts';

export interface LmdbOptions extends EmbeddedOptions {
  /** Address space to reserve at first, in bytes. It grows when the data does. */
  mapSizeBytes?: number;
}

const FORMAT_VERSION = 1;
const FORMAT = Buffer.from('format');
const MAP_SIZE_BYTES = 1024 ** 3;
const FILES = ['data.mdb', 'lock.mdb'];

/**
 * Opens the store in `directory`, which is made (0700, files 0600) if it is missing. A write is acknowledged once lmdb
 * has flushed it to the disk. `Unavailable` when another process has the store open or the disk refuses; `Damaged`
 * when it is not a store, is broken, or was written by a newer version.
 */
export async function openLmdb(directory: string, options: LmdbOptions = {}): Promise<EmbeddedStorage> {
  const what = `the store in ${directory}`;
  const lock = await prepare(directory, what);
  let tables: Tables | undefined;
  try {
    await checkDataFile(join(directory, 'data.mdb'));
    const root = openRoot(directory, options);
    tables = await openTables(root, what);
    await protect(directory);
    return new EmbeddedStorage(new LmdbBackend(tables, lock.release), options);
  } catch (error) {
    await tables?.root.close();
    await lock.release();
    throw translate(error);
  }
}

async function prepare(directory: string, what: string) {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700);
    return await acquireLock(join(directory, 'owner'), what);
  } catch (cause) {
    if (cause instanceof StorageError) throw cause;
    throw new StorageError('Unavailable', '', `cannot open ${what}`, 0, { cause });
  }
}

/** Loaded at first need, and as CommonJS: as modules it takes twice the time, 15 ms more. */
function loadLmdb(): typeof import('lmdb') {
  try {
    return createRequire(import.meta.url)('lmdb');
  } catch (cause) {
    throw new StorageError('Unavailable', '', 'cannot load the lmdb package on this machine', 0, { cause });
  }
}

function openRoot(directory: string, options: LmdbOptions) {
  const { open: openEnvironment } = loadLmdb();
  return openEnvironment<Buffer, Buffer>({
    path: directory,
    // By default lmdb takes a path with a dot for a file.
    noSubdir: false,
    maxDbs: 3,
    mapSize: options.mapSizeBytes ?? MAP_SIZE_BYTES,
    // With it, a put resolves before the data is on disk.
    overlappingSync: false,
    // `EmbeddedStorage` has gathered the batch already.
    eventTurnBatching: false,
    encoding: 'binary',
    keyEncoding: 'binary',
  });
}

async function openTables(root: Tables['root'], what: string): Promise<Tables> {
  try {
    // lmdb keeps the names of its tables as C strings.
    const names = [...root.getKeys()].map((name) => name.toString().replace('\0', ''));
    const table = (name: string) => root.openDB<Buffer, Buffer>(name, { encoding: 'binary', keyEncoding: 'binary' });
    if (names.length > 0 && !names.includes('meta')) throw damaged(`${what} holds something else`);
    const tables = { root, objects: table('objects'), changes: table('changes'), meta: table('meta') };
    await checkFormat(tables, what, names.length === 0);
    return tables;
  } catch (error) {
    await root.close();
    throw error;
  }
}

async function checkFormat(tables: Tables, what: string, isNew: boolean): Promise<void> {
  if (isNew) {
    await tables.meta.put(FORMAT, Buffer.from(JSON.stringify({ format: 'kubets', version: FORMAT_VERSION })));
    return;
  }
  const version = readVersion(tables.meta.getBinary(FORMAT));
  if (version === undefined) throw damaged(`${what} has no format record`);
  if (version > FORMAT_VERSION) {
    const message = `${what} was written by a newer kubets (format ${version}, this one reads ${FORMAT_VERSION})`;
    throw new StorageError('Damaged', '', `${message}: run that one, or choose another directory`);
  }
  const { revision, compacted } = readState(tables);
  if (tables.changes.getKeysCount() !== revision - compacted) {
    throw damaged(`${what} has lost a part of its history`);
  }
}

function readVersion(record: Buffer | undefined): number | undefined {
  try {
    const { format, version } = JSON.parse(String(record)) as { format?: unknown; version?: unknown };
    return format === 'kubets' && typeof version === 'number' ? version : undefined;
  } catch {
    return undefined;
  }
}

function damaged(message: string): StorageError {
  return new StorageError('Damaged', '', `${message}: restore it from a backup or delete it`);
}

/** Private files, and their names on disk too. */
async function protect(directory: string): Promise<void> {
  for (const file of FILES) await chmod(join(directory, file), 0o600);
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
