/** Opens a store on disk: one directory, one process. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type EmbeddedOptions, EmbeddedStorage } from '../embedded.ts';
import { LmdbBackend, type Tables, translate } from './backend.ts';
import { damaged } from './damage.ts';
import { openTables } from './environment.ts';
import { DATA, prepareStore, protectStore, RESTORING } from './files.ts';
import { FORMAT_VERSION, writeFormat } from './format.ts';
import { type Inspection, inspect } from './inspect.ts';
import { EMPTY } from './summary.ts';

/** `relaxed` leaves it to the system when data reaches the disk. */
export type Durability = 'strict' | 'relaxed';

export interface LmdbOptions extends EmbeddedOptions {
  /** Default `strict`: a write is acknowledged once it is on the disk. */
  durability?: Durability;
  /** Address space to reserve at first, in bytes. It grows when the data does. */
  mapSizeBytes?: number;
}

/** What whoever chooses `relaxed` has to be told. */
export const RELAXED_WARNING =
  'durability is relaxed: when this machine crashes or loses power, writes that were acknowledged are lost, and the ' +
  'store may be damaged as a whole; a crash of kubets alone loses nothing. For tests only';

const NEW: Inspection = {
  version: 0,
  revision: 0,
  compacted: 0,
  summary: EMPTY,
  changes: 0,
  historyBytes: 0,
  fileBytes: 0,
  freeBytes: 0,
};

/**
 * Opens the store in `directory`, which is made (0700, files 0600) if it is missing. A write is acknowledged once lmdb
 * has flushed it to the disk. `Unavailable` when another process has the store open or the disk refuses; `Damaged`
 * when it is not a store, is broken anywhere, or was written by a newer version. Everything is read once, and checked,
 * before lmdb sees it.
 */
export async function openLmdb(directory: string, options: LmdbOptions = {}): Promise<EmbeddedStorage> {
  const lock = await prepareStore(directory);
  let tables: Tables | undefined;
  try {
    requireNoRestore(directory);
    const found = inspect(join(directory, DATA)) ?? NEW;
    const { revision, compacted, summary, historyBytes } = found;
    const state = { revision, compacted, summary };
    tables = openTables(directory, options);
    if (found.version < FORMAT_VERSION) writeFormat(tables, state);
    await protectStore(directory);
    const reopen = () => openTables(directory, options);
    const backend = new LmdbBackend(tables, { directory, state, historyBytes, reopen, onClosed: lock.release });
    return new EmbeddedStorage(backend, options);
  } catch (error) {
    await tables?.root.close();
    await lock.release();
    throw translate(error, directory);
  }
}

function requireNoRestore(directory: string): void {
  const left = join(directory, RESTORING);
  if (!existsSync(left)) return;
  throw damaged(
    directory,
    `a restore did not come to its end. Run it again, or delete ${left} to go on with what was there`,
  );
}
