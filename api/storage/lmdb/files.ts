/** The files of a store, and making them last. */
import { chmod, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../interface.ts';
import { acquireLock, type Lock } from './lock.ts';

export const DATA = 'data.mdb';
/** The folder of a backup on its way into the store: complete or not, it is not the store yet. */
export const RESTORING = 'restoring';
const FILES = [DATA, 'lock.mdb'];

/** Makes the directory (0700) if it is missing, and takes its lock. `Unavailable` when another process has it. */
export async function prepareStore(directory: string): Promise<Lock> {
  const what = `the store in ${directory}`;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700);
    return await acquireLock(join(directory, 'owner'), what);
  } catch (cause) {
    if (cause instanceof StorageError) throw cause;
    throw new StorageError('Unavailable', '', `cannot open ${what}`, 0, { cause });
  }
}

/** Private files, and their names on disk too. */
export async function protectStore(directory: string): Promise<void> {
  for (const file of FILES) await chmod(join(directory, file), 0o600);
  await flush(directory);
}

/** Waits until a file, or the names in a folder, are on disk. */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
