/** Reads all that is in lmdb's file, in one of its states, and holds it against everything that is known about it. */

import type { Change } from '../backend.ts';
import { type KeyValue, StorageError } from '../interface.ts';
import { FORMAT_VERSION, newerError, readVersion } from './format.ts';
import { type Meta, PageFile, readTree, type Tree } from './page-file.ts';
import { PageUse } from './page-use.ts';
import {
  decodeChange,
  decodeObject,
  decodeState,
  modRevisionOf,
  OBJECT_HEAD,
  readRevision,
  type State,
} from './records.ts';
import { EMPTY, plus, type Summary } from './summary.ts';
import { type Entry, type Walk, walkTree } from './tree.ts';

const IS_TREE = 0x02;
const TABLES = ['changes', 'meta', 'objects'];

export interface Inspection {
  /** 0 for a store that nothing has been written to. */
  version: number;
  revision: number;
  compacted: number;
  summary: Summary;
  /** Records of history. */
  changes: number;
  /** Bytes of these. */
  historyBytes: number;
  /** In bytes: the file, and what of it is free. */
  fileBytes: number;
  freeBytes: number;
}

export interface InspectOptions {
  /** Told of each object, in key order; its value is good until this returns. */
  onObject?(object: KeyValue): void;
  /** Told of each change, in revision order and after all objects, likewise. */
  onChange?(change: Change): void;
}

/**
 * What the store in the file at `path` holds; `undefined` when there is none. Throws `Damaged` when something is
 * missing, changed, or there twice. Nobody may write meanwhile.
 */
export function inspect(path: string, options: InspectOptions = {}): Inspection | undefined {
  const file = PageFile.open(path);
  if (!file) return undefined;
  try {
    return new Inspector(file, options).run();
  } catch (error) {
    if (error instanceof RangeError) throw file.damaged(`a record has the wrong length: ${error.message}`);
    if (error instanceof StorageError && error.key !== '') throw file.damaged(`the record of ${error.key} has changed`);
    throw error;
  } finally {
    file.close();
  }
}

class Inspector {
  readonly #file: PageFile;
  readonly #options: InspectOptions;
  readonly #meta: Meta;
  readonly #use: PageUse;
  readonly #walk: Walk;
  #summary = EMPTY;
  #lastChange = 0;
  #changes = 0;
  #historyBytes = 0;

  constructor(file: PageFile, options: InspectOptions) {
    this.#file = file;
    this.#options = options;
    this.#meta = file.meta();
    this.#use = new PageUse(file, this.#meta.lastPage);
    this.#walk = { file, use: this.#use, transaction: this.#meta.transaction };
  }

  run(): Inspection {
    const tables = this.#readTables();
    const records = new Map<string, Buffer>();
    this.#visit(tables.get('meta'), ({ key, value }) => records.set(key.toString(), Buffer.from(value())));
    const state = this.#readState(records);
    this.#lastChange = state.compacted;
    this.#visit(tables.get('objects'), (entry) => this.#onObject(entry, state));
    this.#visit(tables.get('changes'), (entry) => this.#onChange(entry, state));
    this.#requireComplete(state);
    const free = this.#readFree();
    const { pageSize, pages } = this.#file;
    return {
      version: state.version,
      revision: state.revision,
      compacted: state.compacted,
      summary: this.#summary,
      changes: this.#changes,
      historyBytes: this.#historyBytes,
      fileBytes: pages * pageSize,
      freeBytes: free * pageSize,
    };
  }

  #visit(tree: Tree | undefined, visit: (entry: Entry) => void): void {
    if (tree) walkTree(this.#walk, tree, Buffer.compare, visit);
  }

  #readTables(): Map<string, Tree> {
    const tables = new Map<string, Tree>();
    this.#visit(this.#meta.main, ({ key, flags, value }) => {
      const name = key.toString().replace('\0', '');
      if (flags !== IS_TREE || !TABLES.includes(name)) throw this.#file.damaged(`it holds something else, ${name}`);
      const tree = readTree(value());
      if (tree.flags !== 0) throw this.#file.damaged(`its table ${name} is of another kind`);
      tables.set(name, tree);
    });
    return tables;
  }

  /** A store that was killed while it was made has some tables, and nothing in them. */
  #readState(records: Map<string, Buffer>): State & { version: number } {
    const [format, record] = [records.get('format'), records.get('state')];
    if (!format && !record) return { version: 0, revision: 0, compacted: 0 };
    const version = format && readVersion(format);
    if (version === undefined) throw this.#file.damaged('its format record cannot be read');
    if (version > FORMAT_VERSION) throw newerError(this.#file.path, version);
    const state = record ? decodeState(record) : { revision: 0, compacted: 0 };
    if (version < 1 || (record && (state.summary !== undefined) !== version > 1)) {
      throw this.#file.damaged('its format record does not fit what it holds');
    }
    return { version, ...state };
  }

  #onObject({ key, value }: Entry, { revision }: State): void {
    const record = value();
    if (record.length < OBJECT_HEAD) throw this.#file.damaged(`the record of ${key} is too short`);
    const modRevision = modRevisionOf(record);
    const object = decodeObject(key.toString(), record);
    this.#options.onObject?.(object);
    if (modRevision > revision) throw this.#file.damaged(`${key} is newer than the store`);
    this.#summary = plus(this.#summary, key, modRevision);
  }

  #onChange({ key, size, value }: Entry, { compacted }: State): void {
    const revision = readRevision(key);
    if (key.length !== 8 || revision !== this.#lastChange + 1) {
      throw this.#file.damaged(`history goes from revision ${this.#lastChange || compacted} to ${revision}`);
    }
    this.#lastChange = revision;
    this.#changes++;
    this.#historyBytes += size;
    const change = decodeChange(revision, value());
    this.#options.onChange?.(change);
  }

  #requireComplete({ version, revision, summary }: State & { version: number }): void {
    const { count, digest } = this.#summary;
    if (version === 0 && count + this.#changes > 0) throw this.#file.damaged('it has lost its format record');
    if (this.#lastChange !== revision) {
      throw this.#file.damaged(`history ends at revision ${this.#lastChange}, the store at ${revision}`);
    }
    if (!summary || (summary.count === count && summary.digest === digest)) return;
    const what = summary.count === count ? 'they are not the ones that were written' : `not ${summary.count}`;
    throw this.#file.damaged(`there are ${count} objects, ${what}`);
  }

  /** The number of free pages. */
  #readFree(): number {
    let free = 0;
    const ranges: [number, number][] = [];
    walkTree(this.#walk, this.#meta.free, compareIntegers, ({ key, value }) => {
      if (key.length !== 8) throw this.#file.damaged('its list of free pages has a strange key');
      for (const range of this.#readRanges(value())) ranges.push(range);
    });
    for (const [first, count] of ranges) {
      this.#use.free(first, count);
      free += count;
    }
    this.#use.requireEnd();
    return free;
  }

  /** How many numbers follow, then these: a page; or minus a number of pages, then the first of them; or 0. */
  *#readRanges(list: Buffer): Generator<[first: number, count: number]> {
    const length = Number(list.readBigUInt64LE(0));
    for (let index = 1; index <= length; index++) {
      const number = Number(list.readBigInt64LE(8 * index));
      if (number > 0) yield [number, 1];
      else if (number < 0 && index < length) yield [Number(list.readBigInt64LE(8 * ++index)), -number];
    }
  }
}

function compareIntegers(a: Buffer, b: Buffer): number {
  const [left, right] = [a.readBigUInt64LE(0), b.readBigUInt64LE(0)];
  return left < right ? -1 : left > right ? 1 : 0;
}
