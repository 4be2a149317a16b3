/** What is done to a store from outside: looking through it, copying it while it is in use, putting a copy back. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { StorageError } from '../interface.ts';
import { Consistency } from './consistency.ts';
import { copyStore } from './copy.ts';
import { damaged } from './damage.ts';
import { DATA, flush, prepareStore, RESTORING } from './files.ts';
import { type Inspection, inspect } from './inspect.ts';
import type { Lock } from './lock.ts';
import { pauseWrites } from './pause.ts';

const ATTEMPTS = 5;

/**
 * Restoring goes back in time, but revisions may not: clients have seen those after the backup. None of them is given
 * again when there were fewer writes than this since, and clients that ask from one of them are told to list anew.
 */
const REVISIONS_SKIPPED = 1_000_000;

/**
 * Reads all of the store in `directory`, also while another process has it open, and verifies it: that one's writes wait
 * while the file is copied. Throws `Damaged`
 * with the first thing that is wrong, `Unavailable` when there is none.
 */
export async function checkStore(directory: string): Promise<Inspection> {
  return withStore(directory, async (path) => {
    const consistency = new Consistency();
    const found = required(directory, inspect(path, consistency));
    const wrong = consistency.wrong(found.compacted);
    if (wrong !== undefined) throw damaged(directory, wrong);
    return found;
  });
}

/**
 * Writes what the store holds now to `file`, also while another process has it open; its
 * writes wait while the file is copied. The file appears when it is complete and verified. Throws what `checkStore` does.
 */
export async function backupStore(directory: string, file: string): Promise<Inspection> {
  return withStore(directory, async (path) => {
    const folder = await mkdtemp(`${resolve(file)}.new-`);
    try {
      const copied = await copyStore(path, folder);
      await rename(join(folder, DATA), file);
      await flush(dirname(resolve(file)));
      return copied;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/**
 * Puts the backup in `file` in the place of the store in `directory`, all at once; with `force` also where there is one
 * already. History begins anew. Throws `Unavailable` when the store is in use or there is one, `Damaged` when the backup
 * is; then nothing has changed.
 */
export async function restoreStore(file: string, directory: string, force: boolean): Promise<Inspection> {
  required(file, inspect(file));
  const lock = await prepareStore(directory);
  try {
    if (!force && existsSync(join(directory, DATA))) {
      const message = `there is a store in ${directory} already: with --force it is replaced, and what is in it is lost`;
      throw new StorageError('Unavailable', '', message);
    }
    const folder = join(directory, RESTORING);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { mode: 0o700 });
    const copied = await copyStore(file, folder, REVISIONS_SKIPPED);
    await rm(join(directory, 'lock.mdb'), { force: true });
    await rename(join(folder, DATA), join(directory, DATA));
    await flush(directory);
    await rm(folder, { recursive: true });
    return copied;
  } finally {
    await lock.release();
  }
}

/** Calls `use` with a file that is the store as it is at one moment, whether somebody has it open or not. */
async function withStore<T>(directory: string, use: (path: string) => Promise<T>): Promise<T> {
  const path = join(directory, DATA);
  if (!existsSync(path)) throw new StorageError('Unavailable', '', `there is no store in ${directory}`);
  const lock = await lockUnlessLive(directory);
  if (!lock) return withCopy(directory, use);
  try {
    return await use(path);
  } finally {
    await lock.release();
  }
}

async function withCopy<T>(directory: string, use: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'kubets-store-'));
  try {
    const copy = join(folder, DATA);
    await copyPaused(join(directory, DATA), copy);
    return await use(copy);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A commit that had begun before the pause spoils the copy, the first one. */
async function copyPaused(path: string, copy: string): Promise<void> {
  const pause = await pauseWrites(dirname(path));
  try {
    for (let attempt = 1; ; attempt++) {
      await copyFile(path, copy);
      try {
        inspect(copy);
        return;
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
      }
    }
  } finally {
    await pause.resume();
  }
}

/** `undefined` when another process has it. */
async function lockUnlessLive(directory: string): Promise<Lock | undefined> {
  try {
    return await prepareStore(directory);
  } catch (error) {
    if (!(error instanceof StorageError) || error.cause !== undefined) throw error;
    return undefined;
  }
}

function required(path: string, found: Inspection | undefined): Inspection {
  if (found) return found;
  throw new StorageError('Unavailable', '', `there is no store in ${path}`);
}
