/** An ordered collection of items that carry their own key: O(log n) to find, and to list a prefix touches only it. */
import { compareKeys } from './keys.ts';

const CHUNK_LIMIT = 512;

interface Position {
  chunk: number;
  index: number;
}

export class SortedItems<T extends { readonly key: string }> {
  /** Never an empty chunk; keys increase within a chunk and from one to the next. */
  readonly #chunks: T[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): T | undefined {
    const { chunk, index } = this.#seek((other) => compareKeys(other, key) < 0);
    const item = this.#chunks[chunk]?.[index];
    return item?.key === key ? item : undefined;
  }

  /** Puts the item in its place; returns the one that stood there. */
  set(item: T): T | undefined {
    const last = this.#chunks.at(-1);
    if (last && last.length < CHUNK_LIMIT && compareKeys(last.at(-1)!.key, item.key) < 0) {
      last.push(item);
      this.#size++;
      return undefined;
    }
    const at = this.#seek((other) => compareKeys(other, item.key) < 0);
    const found = this.#chunks[at.chunk]?.[at.index];
    if (found?.key === item.key) {
      this.#chunks[at.chunk]![at.index] = item;
      return found;
    }
    this.#insert(at, item);
    this.#size++;
    return undefined;
  }

  /** Returns what was removed. */
  delete(key: string): T | undefined {
    const at = this.#seek((other) => compareKeys(other, key) < 0);
    const chunk = this.#chunks[at.chunk];
    const item = chunk?.[at.index];
    if (!chunk || item?.key !== key) return undefined;
    chunk.splice(at.index, 1);
    if (chunk.length === 0) this.#chunks.splice(at.chunk, 1);
    this.#size--;
    return item;
  }

  /** Items whose key has the prefix, in order, the first one at or after `from`. Not to be changed meanwhile. */
  *scan(prefix: string, from = prefix): Generator<T, void, void> {
    const start = this.#seek((key) => compareKeys(key, from) < 0);
    for (let c = start.chunk; c < this.#chunks.length; c++) {
      const chunk = this.#chunks[c]!;
      for (let i = c === start.chunk ? start.index : 0; i < chunk.length; i++) {
        const item = chunk[i]!;
        if (!item.key.startsWith(prefix)) return;
        yield item;
      }
    }
  }

  /** How many items `scan` would give. */
  count(prefix: string, from = prefix): number {
    const start = this.#seek((key) => compareKeys(key, from) < 0);
    const end = this.#seek((key) => key.startsWith(prefix) || compareKeys(key, prefix) < 0);
    let count = end.index - start.index;
    for (let c = start.chunk; c < end.chunk; c++) count += this.#chunks[c]!.length;
    return Math.max(0, count);
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
      this.set(item);
      this.#size--;
    }
  }
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
