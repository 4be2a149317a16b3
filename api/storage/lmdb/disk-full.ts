/**
 * Whether there is room for a write, and why lmdb could not do one, in words that say what to do. lmdb is not asked to
 * write what has no room: its own way out of a write that was cut short corrupts the memory of the process.
 */
import { statfsSync } from 'node:fs';
import { systemClock } from '../../../base/clock.ts';
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

/** More than anybody writes in the time in which the system is not asked again. */
const PLENTY_BYTES = 1024 ** 3;
const ASK_EVERY_MS = 100;

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

/** What there is below `directory`, asked of the system only as often as it can matter. */
export class Room {
  readonly #directory: string;
  /** By the monotonic clock. */
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #bytes = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Whether the disk, and what is free in the store's own file, have room for it. */
  has(need: Need, tables: Tables): boolean {
    if (this.#isPlenty(need)) return true;
    const { bavail, bsize } = statfsSync(this.#directory);
    this.#bytes = bavail * bsize;
    this.#askedAtMs = systemClock.monotonic();
    if (this.#bytes >= need.all + RESERVE_BYTES) return true;
    if (need.frees) return this.#bytes >= need.together && this.#bytes + freeBytes(tables) >= need.all;
    return this.#bytes >= need.together + COMMIT_BYTES && freeBytes(tables) >= need.all;
  }

  /** A disk with much room just now is not full yet, whatever others write. */
  #isPlenty(need: Need): boolean {
    if (systemClock.monotonic() - this.#askedAtMs > ASK_EVERY_MS) return false;
    this.#bytes -= need.all;
    return this.#bytes > PLENTY_BYTES;
  }
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
