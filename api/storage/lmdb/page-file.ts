/**
 * lmdb's file, read without lmdb: with a page that is damaged lmdb would end the process with a signal, or leave out
 * what it cannot find. All of it is checked here first. Numbers are little-endian.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { codeOf } from '../../../base/errors.ts';
import { damaged } from './damage.ts';

const MAGIC = 0xbeefc0de;
const VERSION = 2;
/** Of a page: its number, its transaction, 2 bytes of padding, flags, and the bounds of its free space. */
export const PAGE_HEAD = 24;
const META = PAGE_HEAD + 144;
/** The only flag a free list has: its keys are integers. */
const FREE_FLAGS = 0x08;
/** A tree that is empty has no root. */
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/** A b-tree as lmdb describes it. */
export interface Tree {
  flags: number;
  depth: number;
  branchPages: number;
  leafPages: number;
  overflowPages: number;
  entries: number;
  /** `undefined` when it is empty. */
  root: number | undefined;
}

/** One of the two states the file can be in: lmdb writes them in turns and goes by the newer one. */
export interface Meta {
  pageSize: number;
  free: Tree;
  main: Tree;
  lastPage: number;
  transaction: number;
}

/** 48 bytes: how a tree is written down. */
export function readTree(bytes: Buffer, offset = 0): Tree {
  const number = (at: number) => Number(bytes.readBigUInt64LE(offset + at));
  return {
    flags: bytes.readUInt16LE(offset + 4),
    depth: bytes.readUInt16LE(offset + 6),
    branchPages: number(8),
    leafPages: number(16),
    overflowPages: number(24),
    entries: number(32),
    root: bytes.readBigUInt64LE(offset + 40) === NO_PAGE ? undefined : number(40),
  };
}

export class PageFile {
  readonly path: string;
  readonly pageSize: number;
  readonly #descriptor: number;

  /** `undefined` when there is no file, or an empty one. Throws `Damaged` when it is not lmdb's. */
  static open(path: string): PageFile | undefined {
    const descriptor = openExisting(path);
    if (descriptor === undefined) return undefined;
    try {
      if (fstatSync(descriptor).size > 0) return new PageFile(path, descriptor);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
    closeSync(descriptor);
    return undefined;
  }

  private constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
    const head = this.#bytes(0, META);
    this.pageSize = head.length < META ? 0 : head.readUInt32LE(48);
    if (![4096, 8192, 16384, 32768, 65536].includes(this.pageSize)) throw this.#notAStore();
  }

  /** Pages that are in the file as a whole. */
  get pages(): number {
    return Math.floor(fstatSync(this.#descriptor).size / this.pageSize);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Fills `into`, which is as long as a page. */
  read(page: number, into: Buffer): void {
    const read = readSync(this.#descriptor, into, 0, into.length, page * this.pageSize);
    if (read < into.length) throw this.damaged('it ends too early', page);
  }

  /** `length` bytes from the beginning of a page on, also beyond its end. */
  readFrom(page: number, length: number): Buffer {
    const bytes = this.#bytes(page * this.pageSize, length);
    if (bytes.length < length) throw this.damaged('it ends too early', page);
    return bytes;
  }

  damaged(what: string, page?: number): Error {
    return damaged(this.path, page === undefined ? what : `${what} (page ${page})`);
  }

  /** The newer state. Throws `Damaged` when they do not fit together, which hides a newer one that is damaged. */
  meta(): Meta {
    const [even, odd] = [this.#readMeta(0), this.#readMeta(1)];
    const [newer, older] = even.transaction > odd.transaction ? [even, odd] : [odd, even];
    if (newer.transaction === 0) return newer;
    if (newer.transaction - older.transaction !== 1) throw this.damaged('its two states are not one after the other');
    for (const meta of [newer, older]) this.#checkRoot(meta);
    return newer;
  }

  #readMeta(page: 0 | 1): Meta {
    const bytes = this.readFrom(page, META);
    if (bytes.readUInt32LE(24) !== MAGIC || bytes.readUInt32LE(28) !== VERSION) throw this.#notAStore();
    const transaction = Number(bytes.readBigUInt64LE(152));
    const meta = {
      pageSize: bytes.readUInt32LE(48),
      free: readTree(bytes, 48),
      main: readTree(bytes, 96),
      lastPage: Number(bytes.readBigUInt64LE(144)),
      transaction,
    };
    const mapSize = Number(bytes.readBigUInt64LE(40));
    const plausible =
      meta.pageSize === this.pageSize &&
      meta.free.flags === FREE_FLAGS &&
      meta.main.flags === 0 &&
      bytes.readBigUInt64LE(32) === 0n &&
      bytes.readBigUInt64LE(0) === BigInt(page) &&
      bytes.readUInt16LE(18) === 0x08 &&
      bytes.readUInt32LE(96) === 0 &&
      mapSize % this.pageSize === 0 &&
      mapSize < 2 ** 46 &&
      (transaction === 0 || transaction % 2 === page);
    if (!plausible) throw this.damaged('one of its two states makes no sense', page);
    return meta;
  }

  /** Each transaction writes the root of the main tree anew, and marks it. Neither state's is ever overwritten. */
  #checkRoot({ main, transaction }: Meta): void {
    if (transaction === 0 && main.root === undefined) return;
    const marked = main.root === undefined ? 0 : Number(this.readFrom(main.root, PAGE_HEAD).readBigUInt64LE(8));
    if (marked !== transaction) throw this.damaged(`its transaction ${transaction} is not there`);
  }

  #bytes(offset: number, length: number): Buffer {
    if (!(offset + length <= Number.MAX_SAFE_INTEGER)) return Buffer.alloc(0);
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readSync(this.#descriptor, bytes, 0, length, offset));
  }

  #notAStore(): Error {
    return damaged(this.path, 'it is not a store of this version of lmdb, or its beginning is gone');
  }
}

function openExisting(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
