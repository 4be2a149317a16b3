/** lmdb's own opening of a store: after everything has been checked. */
import { createRequire } from 'node:module';
import { StorageError } from '../interface.ts';
import type { Tables } from './backend.ts';
import type { LmdbOptions } from './lmdb.ts';

const MAP_SIZE_BYTES = 1024 ** 3;

/** Makes what is missing. Throws lmdb's errors. */
export function openTables(directory: string, options: Pick<LmdbOptions, 'durability' | 'mapSizeBytes'>): Tables {
  return tablesOf(
    openRoot(directory, { mapSize: options.mapSizeBytes ?? MAP_SIZE_BYTES, noSync: options.durability === 'relaxed' }),
  );
}

function tablesOf(root: Tables['root']): Tables {
  try {
    const table = (name: string) => root.openDB<Buffer, Buffer>(name, { encoding: 'binary', keyEncoding: 'binary' });
    return { root, objects: table('objects'), changes: table('changes'), meta: table('meta') };
  } catch (error) {
    void root.close();
    throw error;
  }
}

function openRoot(path: string, options: { mapSize: number; noSync?: boolean; readOnly?: boolean }) {
  const { open } = loadLmdb();
  return open<Buffer, Buffer>({
    path,
    // By default lmdb takes a path with a dot for a file.
    noSubdir: false,
    maxDbs: 3,
    // With it, a put resolves before the data is on disk.
    overlappingSync: false,
    // `EmbeddedStorage` has gathered the batch already.
    eventTurnBatching: false,
    encoding: 'binary',
    keyEncoding: 'binary',
    ...options,
  });
}

/** Loaded at first need, and as CommonJS: as modules it takes twice the time, 15 ms more. */
function loadLmdb(): typeof import('lmdb') {
  try {
    return createRequire(import.meta.url)('lmdb');
  } catch (cause) {
    throw new StorageError('Unavailable', '', 'cannot load the lmdb package on this machine', 0, { cause });
  }
}
