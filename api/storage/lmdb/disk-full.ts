/**
 * Whether there is room for a write, and why lmdb could not do one, in words that say what to do. lmdb is not asked to
 * write what has no room: its own way out of a write that was cut short corrupts the memory of the process.
 */
import { statfsSync } from 'node:fs';
import { StorageError } from '../interface.ts';
import type { Tables } from './backend.ts';

/** EIO: what lmdb says when a write was cut short, as the last one before a full disk is. */
const CUT_SHORT = 5;
/** ENOSPC, EFBIG, EDQUOT, MDB_MAP_FULL. */
const FULL = new Set([28, 27, 122, -30792]);
const PAGE = 4096;
/** Left for deletions, which write pages anew, and for what others on the disk do meanwhile. */
const RESERVE_BYTES = 2 * 1024 ** 2;
/** What a commit writes beside its records: the ways from the roots to them. */
const COMMIT_BYTES = 256 * 1024;
const EVENT_BYTES = 4 * PAGE;

/** What a commit takes, in bytes. */
export interface Need {
  all: number;
  /** Of values that need pages side by side, which may only be found at the end of the file. */
  together: number;
  /** Whether it only deletes. */
  frees: boolean;
}

/** `records`: the length of each record to be put. */
export function needOf(records: readonly number[], removals: number, frees: boolean): Need {
  const need = { all: COMMIT_BYTES + removals * EVENT_BYTES, together: 0, frees };
  for (const length of records) {
    const pages = Math.ceil(length / PAGE) + 1;
    need.all += pages * PAGE + EVENT_BYTES;
    if (pages > 2) need.together += pages * PAGE;
  }
  return need;
}

/** Whether the disk below `directory`, and what is free in the store's own file, have room for it. */
export function hasRoom(need: Need, directory: string, tables: Tables): boolean {
  const { bavail, bsize } = statfsSync(directory);
  const room = bavail * bsize;
  if (room >= need.all + RESERVE_BYTES) return true;
  if (need.frees) return room >= need.together && room + freeBytes(tables) >= need.all;
  return room >= need.together + COMMIT_BYTES && freeBytes(tables) >= need.all;
}

/** The refusal of a write that has no room. */
export function fullError(directory: string, cause?: unknown): StorageError {
  const message =
    `no space left for the store in ${directory}: nothing was written; make room on its disk or delete objects, ` +
    'writes then go on by themselves';
  return new StorageError('Unavailable', '', message, 0, { cause });
}

/** The refusal of a write that lmdb could not do. */
export function writeError(error: unknown, directory: string): StorageError {
  if (error instanceof StorageError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'number' && (FULL.has(code) || code === CUT_SHORT)) return fullError(directory, error);
  const message = `cannot write to the store in ${directory}: nothing was written`;
  return new StorageError('Unavailable', '', message, 0, { cause: error });
}

interface Stats {
  treeBranchPageCount: number;
  treeLeafPageCount: number;
  overflowPages: number;
}

/** Pages of the file that no tree uses. */
function freeBytes({ root, objects, changes, meta }: Tables): number {
  const whole = root.getStats() as Stats & { root: Stats; free: Stats; lastPageNumber: number };
  const trees = [whole.root, whole.free, ...[objects, changes, meta].map((table) => table.getStats() as Stats)];
  const used = trees.reduce(
    (sum, tree) => sum + tree.treeBranchPageCount + tree.treeLeafPageCount + tree.overflowPages,
    2,
  );
  return (whole.lastPageNumber + 1 - used) * PAGE;
}
