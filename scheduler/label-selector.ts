/** An index of things that select by labels. */
import type { Labels, Requirement } from '../openapi/selectors.ts';

/** Whether labels of the two objects are the same. */
export function sameLabels(a: Labels, b: Labels): boolean {
  if (a === b) return true;
  const keys = Object.keys(a ?? {});
  if (keys.length !== Object.keys(b ?? {}).length) return false;
  return keys.every((key) => a?.[key] === b?.[key]);
}

/** A label that everything selected must have: what an index can find the selector by. */
export interface Anchor {
  key: string;
  value: string;
}

/** The first requirement for one value; `undefined` when there is none. */
export function anchorOf(requirements: readonly Requirement[] | undefined): Anchor | undefined {
  for (const requirement of requirements ?? []) {
    const [value] = requirement.operator === 'in' ? requirement.values : [];
    if (requirement.operator === 'in' && requirement.values.length === 1 && value !== undefined) {
      return { key: requirement.key, value };
    }
  }
  return undefined;
}

/**
 * Finds what may select given labels without asking every selector: those with an anchor are looked up by it, the
 * others are always candidates.
 */
export class SelectorIndex<T> {
  readonly #anchored = new Map<string, Map<string, Set<T>>>();
  readonly #others = new Set<T>();

  add(item: T, anchor: Anchor | undefined): void {
    if (!anchor) {
      this.#others.add(item);
      return;
    }
    let values = this.#anchored.get(anchor.key);
    if (!values) {
      values = new Map();
      this.#anchored.set(anchor.key, values);
    }
    const items = values.get(anchor.value);
    if (items) items.add(item);
    else values.set(anchor.value, new Set([item]));
  }

  delete(item: T, anchor: Anchor | undefined): void {
    if (!anchor) {
      this.#others.delete(item);
      return;
    }
    const values = this.#anchored.get(anchor.key);
    const items = values?.get(anchor.value);
    items?.delete(item);
    if (items?.size === 0) values?.delete(anchor.value);
    if (values?.size === 0) this.#anchored.delete(anchor.key);
  }

  /** Calls `visit` with each item that may select these labels. */
  candidates(labels: Labels, visit: (item: T) => void): void {
    for (const item of this.#others) visit(item);
    if (this.#anchored.size === 0 || !labels) return;
    for (const key of Object.keys(labels)) {
      const items = this.#anchored.get(key)?.get(labels[key] ?? '');
      if (items) for (const item of items) visit(item);
    }
  }
}
