/** An ordered collection of items that carry their own key: found at once, and to list a prefix touches only it. */
import { compareKeys } from './keys.ts';

const CHUNK_LIMIT = 512;
/** Directories that are remembered. */
const DIRECTORIES_MAX = 4096;

interface Position {
  chunk: number;
  index: number;
}

export class SortedItems<T extends { readonly key: string }> {
  /** Never an empty chunk; keys increase within a chunk and from one to the next. */
  readonly #chunks: T[][] = [];
  readonly #byKey = new Map<string, T>();
  /** What `directory` was last asked for, as long as it holds. */
  readonly #directories = new Map<string, readonly T[]>();

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): T | undefined {
    return this.#byKey.get(key);
  }

  /**
   * All items whose key begins with `path`, which ends in a slash, and has no further slash. Made once and shared until
   * one of them changes: admission looks into the same few directories at every write.
   */
  directory(path: string): readonly T[] {
    let items = this.#directories.get(path);
    if (!items) {
      items = this.filter(path, path, Number.POSITIVE_INFINITY, ({ key }) => directoryOf(key) === path);
      if (this.#directories.size >= DIRECTORIES_MAX) this.#directories.clear();
      this.#directories.set(path, items);
    }
    return items;
  }

  /** Puts the item in its place; returns the one that stood there. */
  set(item: T): T | undefined {
    const found = this.#byKey.get(item.key);
    this.#byKey.set(item.key, item);
    if (this.#directories.size > 0) this.#directories.delete(directoryOf(item.key));
    if (found) {
      const at = this.#seek((other) => compareKeys(other, item.key) < 0);
      this.#chunks[at.chunk]![at.index] = item;
    } else this.#add(item);
    return found;
  }

  #add(item: T): void {
    const last = this.#chunks.at(-1);
    if (last && last.length < CHUNK_LIMIT && compareKeys(last.at(-1)!.key, item.key) < 0) {
      last.push(item);
      return;
    }
    this.#insert(
      this.#seek((other) => compareKeys(other, item.key) < 0),
      item,
    );
  }

  /** Returns what was removed. */
  delete(key: string): T | undefined {
    const item = this.#byKey.get(key);
    if (!item) return undefined;
    this.#byKey.delete(key);
    if (this.#directories.size > 0) this.#directories.delete(directoryOf(key));
    const at = this.#seek((other) => compareKeys(other, key) < 0);
    const chunk = this.#chunks[at.chunk]!;
    chunk.splice(at.index, 1);
    if (chunk.length === 0) this.#chunks.splice(at.chunk, 1);
    return item;
  }

  /** Items whose key has the prefix, in order, the first one at or after `from`. Not to be changed meanwhile. */
  *scan(prefix: string, from = prefix): Generator<T, void, void> {
    for (const run of this.#runs(prefix, from)) yield* run;
  }

  /** The first `limit` items that `scan` would give and that `wanted` holds for. */
  filter(prefix: string, from: string, limit: number, wanted: (item: T) => boolean): T[] {
    const found: T[] = [];
    for (const run of this.#runs(prefix, from)) {
      for (const item of run) {
        if (!wanted(item)) continue;
        found.push(item);
        if (found.length === limit) return found;
      }
    }
    return found;
  }

  /** What `scan` gives, in pieces that are as they are kept. */
  *#runs(prefix: string, from: string): Generator<readonly T[], void, void> {
    const start = this.#seek((key) => compareKeys(key, from) < 0);
    const end = this.#end(prefix);
    for (let c = start.chunk; c <= end.chunk && c < this.#chunks.length; c++) {
      const chunk = this.#chunks[c]!;
      const first = c === start.chunk ? start.index : 0;
      const last = c === end.chunk ? end.index : chunk.length;
      if (first < last) yield first === 0 && last === chunk.length ? chunk : chunk.slice(first, last);
    }
  }

  /** How many items `scan` would give. */
  count(prefix: string, from = prefix): number {
    const start = this.#seek((key) => compareKeys(key, from) < 0);
    const end = this.#end(prefix);
    let count = end.index - start.index;
    for (let c = start.chunk; c < end.chunk; c++) count += this.#chunks[c]!.length;
    return Math.max(0, count);
  }

  /** The first position beyond the prefix. */
  #end(prefix: string): Position {
    return this.#seek((key) => key.startsWith(prefix) || compareKeys(key, prefix) < 0);
  }

  /** The first position whose key is not `before`, which must hold for a first part of the keys and no other. */
  #seek(before: (key: string) => boolean): Position {
    const chunks = this.#chunks;
    const chunk = partition(chunks.length, (i) => before(chunks[i]![0]!.key)) - 1;
    if (chunk < 0) return { chunk: 0, index: 0 };
    const items = chunks[chunk]!;
    const index = partition(items.length, (i) => before(items[i]!.key));
    return index === items.length ? { chunk: chunk + 1, index: 0 } : { chunk, index };
  }

  #insert(at: Position, item: T): void {
    // A key that falls between two chunks goes to the end of the first, so that loading in order fills them.
    const previous = at.index === 0 ? this.#chunks[at.chunk - 1] : undefined;
    const c = previous ? at.chunk - 1 : at.chunk;
    const chunk = this.#chunks[c];
    if (!chunk) {
      this.#chunks.push([item]);
    } else if (chunk.length < CHUNK_LIMIT) {
      chunk.splice(previous ? chunk.length : at.index, 0, item);
    } else if (previous && at.chunk === this.#chunks.length) {
      this.#chunks.push([item]);
    } else {
      this.#chunks.splice(c + 1, 0, chunk.splice(CHUNK_LIMIT / 2));
      this.#add(item);
    }
  }
}

function directoryOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}

/** How many of `count` places, from the first on, `before` holds for. */
function partition(count: number, before: (place: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (before(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
