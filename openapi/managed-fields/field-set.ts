/**
 * Sets of field paths, in the very form of FieldsV1: an object of elements. An element whose object is empty, or has the
 * element `.`, is in the set; what else the object has are paths that go on from there. Sets are immutable and may share
 * parts; their elements stand in upstream's order, so that they can be written as they are.
 */
import { canonicalElement, compareElements, printElement, SELF } from './path-elements.ts';

export interface FieldSet {
  readonly [element: string]: FieldSet;
}

/** The set without paths; below an element, the one that has just this element. */
export const EMPTY: FieldSet = Object.freeze({});

export function isEmpty(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** Whether what stands below an element says that the element itself is in the set. */
function isMember(node: FieldSet): boolean {
  return node[SELF] !== undefined || isEmpty(node);
}

/** What stands below an element that is in the set, from the paths that go on from there. */
export function member(children: FieldSet): FieldSet {
  return isEmpty(children) || children[SELF] ? children : { [SELF]: EMPTY, ...children };
}

/** Takes elements in any order, each once, with what stands below them. */
export class SetBuilder {
  #elements: string[] = [];
  #nodes: FieldSet[] = [];
  #sorted = true;

  add(element: string, node: FieldSet): void {
    const last = this.#elements.at(-1);
    if (last !== undefined && this.#sorted && compareElements(last, element) > 0) this.#sorted = false;
    this.#elements.push(element);
    this.#nodes.push(node);
  }

  get isEmpty(): boolean {
    return this.#elements.length === 0;
  }

  /** The set; with `self`, what stands below an element that is in a set itself. */
  result(self = false): FieldSet {
    if (this.#elements.length === 0) return EMPTY;
    const set: Record<string, FieldSet> = self ? { [SELF]: EMPTY } : {};
    if (this.#sorted) {
      for (let i = 0; i < this.#elements.length; i++) set[this.#elements[i] as string] = this.#nodes[i] as FieldSet;
      return set;
    }
    const order = this.#elements.map((_, index) => index);
    order.sort((a, b) => compareElements(this.#elements[a] as string, this.#elements[b] as string));
    for (const i of order) set[this.#elements[i] as string] = this.#nodes[i] as FieldSet;
    return set;
  }
}

/** The set of the given paths, each a list of elements. */
export function fromPaths(...paths: readonly (readonly string[])[]): FieldSet {
  return paths.reduce((set, path) => union(set, fromPath(path)), EMPTY);
}

function fromPath(path: readonly string[]): FieldSet {
  return path.reduceRight<FieldSet>((below, element) => ({ [element]: below }), EMPTY);
}

/**
 * What a client says is a set, in the form sets have here: elements in order and in their one spelling, those of unknown
 * kinds left out. Throws an Error, with Go's words as far as they are known, for what is none.
 */
export function parseFieldSet(value: unknown): FieldSet {
  if (value === undefined || value === null) return EMPTY;
  return parseNode(value) ?? EMPTY;
}

/** `undefined` when there were only elements of unknown kinds. */
function parseNode(value: unknown): FieldSet | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('expected an object');
  const entries = Object.entries(value);
  const builder = new SetBuilder();
  for (const [element, below] of entries) {
    const canonical = canonicalElement(element);
    if (canonical === SELF) builder.add(SELF, EMPTY);
    else if (canonical !== undefined) builder.add(canonical, onlySelf(parseNode(below) ?? EMPTY));
  }
  return builder.isEmpty && entries.length > 0 ? undefined : builder.result();
}

/** `{".":{}}` says no more than `{}`. */
function onlySelf(node: FieldSet): FieldSet {
  return node[SELF] && Object.keys(node).length === 1 ? EMPTY : node;
}

/** All paths of both. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmpty(b)) return a;
  if (isEmpty(a)) return b;
  return merged(a, b);
}

function unionBelow(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  if (isEmpty(a)) return member(b);
  return isEmpty(b) ? member(a) : merged(a, b);
}

function merged(a: FieldSet, b: FieldSet): FieldSet {
  const left = Object.keys(a);
  const right = Object.keys(b);
  const result: Record<string, FieldSet> = {};
  let isA = true;
  for (let i = 0, j = 0; i < left.length || j < right.length; ) {
    const l = left[i];
    const r = right[j];
    const order = l === undefined ? 1 : r === undefined ? -1 : compareElements(l, r);
    const element = (order <= 0 ? l : r) as string;
    const [x, y] = [a[element], b[element]];
    const below = x && y ? unionBelow(x, y) : ((order <= 0 ? x : y) as FieldSet);
    if (below !== x) isA = false;
    result[element] = below;
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  return isA ? a : result;
}

type Both = (a: FieldSet, b: FieldSet) => FieldSet | undefined;

/** Those elements of `a` of which `decide` leaves something. */
function filtered(a: FieldSet, decide: (element: string, below: FieldSet) => FieldSet | undefined): FieldSet {
  let changed = false;
  const result: Record<string, FieldSet> = {};
  for (const element in a) {
    const below = a[element] as FieldSet;
    const left = element === SELF ? undefined : decide(element, below);
    if (element !== SELF && left !== below) changed = true;
    if (left) result[element] = left;
  }
  return changed || a[SELF] ? result : a;
}

/** What stands below an element: its children, and whether it is itself in the set; `undefined` where nothing is left. */
function nodeOf(children: FieldSet, isIn: boolean): FieldSet | undefined {
  if (isIn) return member(children);
  return isEmpty(children) ? undefined : children;
}

/** Without what it says of the place itself. */
function childrenOf(node: FieldSet): FieldSet {
  if (!node[SELF]) return node;
  const { [SELF]: _, ...children } = node;
  return children;
}

function below(a: FieldSet, b: FieldSet, isIn: boolean, both: Both): FieldSet | undefined {
  const children = both(a, b) ?? EMPTY;
  const node = nodeOf(children, isIn);
  // Nothing changed: the same object again, so that whoever holds it can tell.
  if (node && isIn === isMember(a) && node !== a && sameKeys(node, a)) return a;
  return node;
}

function sameKeys(a: FieldSet, b: FieldSet): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** The paths of `a` that are not in `b`; those below a path of `b` stay. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a) || isEmpty(b)) return childrenOf(a);
  return filtered(a, (element, x) => {
    const y = b[element];
    return y ? below(x, y, isMember(x) && !isMember(y), difference) : x;
  });
}

/** The paths of `a` that are not in `b`, nor below a path of `b`. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a) || isEmpty(b)) return childrenOf(a);
  return filtered(a, (element, x) => {
    const y = b[element];
    if (!y) return x;
    return isMember(y) ? undefined : below(x, y, isMember(x), recursiveDifference);
  });
}

/** The paths that are in both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a) || isEmpty(b)) return EMPTY;
  return filtered(a, (element, x) => {
    const y = b[element];
    return y && below(x, y, isMember(x) && isMember(y), intersection);
  });
}

/** The paths of `a` that begin with a path of `b`. */
export function within(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a) || isEmpty(b)) return EMPTY;
  return filtered(a, (element, x) => {
    const y = b[element];
    if (!y || isMember(y)) return y && x;
    return below(x, y, false, within);
  });
}

export function equals(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => {
    const other = b[key];
    return other !== undefined && equals(a[key] as FieldSet, other);
  });
}

/** Whether the element is in the set. */
export function has(set: FieldSet, element: string): boolean {
  const node = set[element];
  return node !== undefined && isMember(node);
}

/** The paths that go on from an element. */
export function after(set: FieldSet, element: string): FieldSet {
  return childrenOf(set[element] ?? EMPTY);
}

/** The paths as messages show them, in upstream's order: those that end in a place before those that go on. */
export function printPaths(set: FieldSet, prefix = ''): string[] {
  const entries = Object.entries(set).filter(([element]) => element !== SELF);
  const ends = entries.filter(([, node]) => isMember(node)).map(([element]) => prefix + printElement(element));
  return [...ends, ...entries.flatMap(([element, node]) => printPaths(node, prefix + printElement(element)))];
}
