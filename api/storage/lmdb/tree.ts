/** A walk over one of lmdb's b-trees that believes nothing: every page, bound, number and key is checked. */

import { PAGE_HEAD, type PageFile, type Tree } from './page-file.ts';
import type { PageUse } from './page-use.ts';

const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOW = 0x04;
const BIG = 0x01;
const NODE_HEAD = 8;
const DEPTH_MAX = 32;
/** Where a value lies that has pages of its own: page, transaction, number of pages. */
const BIG_REFERENCE = 24;

/** Good until the visit returns. */
export interface Entry {
  key: Buffer;
  /** What lmdb notes beside: 2 means that the value describes a tree. */
  flags: number;
  /** Size of the value, in bytes. */
  size: number;
  /** The value; a copy when it is not in the page itself. */
  value(): Buffer;
}

export type Compare = (a: Buffer, b: Buffer) => number;

export interface Walk {
  file: PageFile;
  use: PageUse;
  /** The newest transaction there can be. */
  transaction: number;
}

/** Visits the entries of `tree` in order. Throws `Damaged` when anything about it is not as it must be. */
export function walkTree(walk: Walk, tree: Tree, compare: Compare, visit: (entry: Entry) => void): void {
  const counted = new TreeWalk(walk, tree, compare, visit).run();
  const names = ['branchPages', 'leafPages', 'overflowPages', 'entries'] as const;
  for (const name of names) {
    if (counted[name] === tree[name]) continue;
    throw walk.file.damaged(`a tree has ${counted[name]} ${name}, not ${tree[name]}`, tree.root);
  }
}

interface Head {
  isBranch: boolean;
  /** Where each node begins in the page. */
  nodes: number[];
}

class TreeWalk {
  readonly #walk: Walk;
  readonly #tree: Tree;
  readonly #compare: Compare;
  readonly #visit: (entry: Entry) => void;
  /** One for each level: a page is looked at as long as those below it. */
  readonly #pages: Buffer[];
  readonly #counted = { branchPages: 0, leafPages: 0, overflowPages: 0, entries: 0 };

  constructor(walk: Walk, tree: Tree, compare: Compare, visit: (entry: Entry) => void) {
    this.#walk = walk;
    this.#tree = tree;
    this.#compare = compare;
    this.#visit = visit;
    if (tree.depth > DEPTH_MAX) throw walk.file.damaged(`a tree is ${tree.depth} levels deep`, tree.root);
    this.#pages = Array.from({ length: tree.depth }, () => Buffer.allocUnsafeSlow(walk.file.pageSize));
  }

  run() {
    const { root, depth } = this.#tree;
    if ((root === undefined) !== (depth === 0)) throw this.#walk.file.damaged('a tree has lost its root');
    if (root !== undefined) this.#visitPage(root, 0, undefined, undefined);
    return this.#counted;
  }

  /** All keys below have to be at or after `from`, and before `to`. */
  #visitPage(number: number, level: number, from: Buffer | undefined, to: Buffer | undefined): void {
    const { file, use } = this.#walk;
    use.claim(number, 1);
    const page = this.#pages[level]!;
    file.read(number, page);
    const { isBranch, nodes } = this.#readHead(page, number);
    if (isBranch !== level < this.#tree.depth - 1) throw file.damaged('a page is on the wrong level', number);
    if (isBranch) this.#visitBranch(page, number, nodes, { level, from, to });
    else this.#visitLeaf(page, number, nodes, from, to);
  }

  #readHead(page: Buffer, number: number): Head {
    const flags = page.readUInt16LE(18);
    const [lower, upper] = [page.readUInt16LE(20), page.readUInt16LE(22)];
    const room = page.length - PAGE_HEAD;
    const sound =
      Number(page.readBigUInt64LE(0)) === number &&
      Number(page.readBigUInt64LE(8)) <= this.#walk.transaction &&
      (flags === BRANCH || flags === LEAF) &&
      lower % 2 === 0 &&
      lower > 0 &&
      lower <= upper &&
      upper <= room;
    if (!sound) throw this.#walk.file.damaged('a page has a broken head', number);
    const nodes: number[] = [];
    for (let at = 0; at < lower; at += 2) {
      const node = page.readUInt16LE(PAGE_HEAD + at);
      if (node < upper || node + NODE_HEAD > room) throw this.#walk.file.damaged('an entry is out of bounds', number);
      nodes.push(PAGE_HEAD + node);
    }
    return { isBranch: flags === BRANCH, nodes };
  }

  #visitBranch(
    page: Buffer,
    number: number,
    nodes: number[],
    { level, from, to }: { level: number; from: Buffer | undefined; to: Buffer | undefined },
  ): void {
    this.#counted.branchPages++;
    // The key of the first is not looked at: it stands for everything before the second.
    const keys = nodes.map((node, index) => (index === 0 ? undefined : this.#keyAt(page, number, node)));
    this.#requireOrder(keys.slice(1) as Buffer[], number, from, to);
    this.#requireFull(page, number, nodes, (node) => NODE_HEAD + page.readUInt16LE(node + 6));
    for (const [index, node] of nodes.entries()) {
      const child = page.readUInt32LE(node) + page.readUInt16LE(node + 4) * 2 ** 32;
      this.#visitPage(child, level + 1, keys[index] ?? from, keys[index + 1] ?? to);
    }
  }

  #visitLeaf(page: Buffer, number: number, nodes: number[], from: Buffer | undefined, to: Buffer | undefined): void {
    this.#counted.leafPages++;
    const keys = nodes.map((node) => this.#keyAt(page, number, node));
    this.#requireOrder(keys, number, from, to);
    this.#requireFull(page, number, nodes, (node) => NODE_HEAD + page.readUInt16LE(node + 6) + inlineSize(page, node));
    for (const [index, node] of nodes.entries()) {
      this.#counted.entries++;
      this.#visit(this.#entryAt(page, number, node, keys[index]!));
    }
  }

  #keyAt(page: Buffer, number: number, node: number): Buffer {
    const begin = node + NODE_HEAD;
    const end = begin + page.readUInt16LE(node + 6);
    if (end > page.length || end === begin) throw this.#walk.file.damaged('a key is out of bounds', number);
    return page.subarray(begin, end);
  }

  #requireOrder(keys: readonly Buffer[], number: number, from: Buffer | undefined, to: Buffer | undefined): void {
    for (const [index, key] of keys.entries()) {
      const before = index === 0 ? from : keys[index - 1];
      const order = before ? this.#compare(before, key) : -1;
      if (index === 0 ? order > 0 : order >= 0) throw this.#walk.file.damaged('keys are out of order', number);
    }
    const last = keys.at(-1);
    if (last && to && this.#compare(last, to) >= 0) throw this.#walk.file.damaged('keys are out of order', number);
  }

  /** Entries fill a page from its end up to its free space, without gaps. */
  #requireFull(page: Buffer, number: number, nodes: readonly number[], sizeOf: (node: number) => number): void {
    const size = nodes.reduce((sum, node) => sum + sizeOf(node) + (sizeOf(node) % 2), 0);
    if (size === page.length - PAGE_HEAD - page.readUInt16LE(22)) return;
    throw this.#walk.file.damaged('entries overlap, or have gaps between them', number);
  }

  #entryAt(page: Buffer, number: number, node: number, key: Buffer): Entry {
    const size = sizeAt(page, node);
    const flags = page.readUInt16LE(node + 4);
    const begin = node + NODE_HEAD + key.length;
    if (begin + inlineSize(page, node) > page.length) {
      throw this.#walk.file.damaged('a value is out of bounds', number);
    }
    if ((flags & BIG) === 0) {
      const value = page.subarray(begin, begin + size);
      return { key, flags, size, value: () => value };
    }
    return { key, flags: flags & ~BIG, size, value: this.#bigValue(page, begin, size) };
  }

  /** Claims the pages of a value that has some of its own; what is returned reads them. */
  #bigValue(page: Buffer, reference: number, size: number): () => Buffer {
    const { file, use } = this.#walk;
    const first = Number(page.readBigUInt64LE(reference));
    const count = Number(page.readBigUInt64LE(reference + 16));
    if (count * file.pageSize < size + PAGE_HEAD) throw file.damaged('a value is longer than its pages', first);
    use.claim(first, count);
    this.#counted.overflowPages += count;
    return () => {
      const bytes = file.readFrom(first, PAGE_HEAD + size);
      const sound =
        Number(bytes.readBigUInt64LE(0)) === first &&
        Number(bytes.readBigUInt64LE(8)) <= this.#walk.transaction &&
        bytes.readUInt16LE(18) === OVERFLOW &&
        bytes.readUInt32LE(20) === count;
      if (!sound) throw file.damaged('the page of a value has a broken head', first);
      return bytes.subarray(PAGE_HEAD);
    };
  }
}

function sizeAt(page: Buffer, node: number): number {
  return page.readUInt16LE(node) + page.readUInt16LE(node + 2) * 65536;
}

function inlineSize(page: Buffer, node: number): number {
  return (page.readUInt16LE(node + 4) & BIG) === 0 ? sizeAt(page, node) : BIG_REFERENCE;
}
