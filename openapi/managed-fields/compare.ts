/** What tells two values apart, field by field. */
import { getOwn, isJsonObject, type JsonObject } from '../json.ts';
import type { ApplySchema } from './apply-schema.ts';
import { isSameValue } from './equal.ts';
import { EMPTY, type FieldSet, isEmpty, recursiveDifference, SetBuilder, within } from './field-set.ts';
import { wholeOf } from './from-value.ts';
import { divisionOf, fieldSchema, itemSchema, itemsByElement, type ListSchema } from './list-items.ts';
import { fieldElement } from './path-elements.ts';

/** No path is in more than one of them. */
export interface Comparison {
  /** Only in the new value. */
  added: FieldSet;
  /** In both, and different. */
  modified: FieldSet;
  /** Only in the old value. */
  removed: FieldSet;
}

const PARTS = ['added', 'modified', 'removed'] as const;

/** Places that differ, with what stands below them in a field set. */
type Found = Partial<Record<(typeof PARTS)[number], FieldSet>>;

/** Compares two values. Throws TypedError for items that cannot be told apart. */
export function compare(old: unknown, value: unknown, schema: ApplySchema): Comparison {
  const { added = EMPTY, modified = EMPTY, removed = EMPTY } = differenceOf(old, value, schema) ?? {};
  return { added, modified, removed };
}

export function isSame({ added, modified, removed }: Comparison): boolean {
  return isEmpty(added) && isEmpty(modified) && isEmpty(removed);
}

/** The comparison without the paths in `fields` and all below them. */
export function excluding(comparison: Comparison, fields: FieldSet): Comparison {
  if (isEmpty(fields)) return comparison;
  const { added, modified, removed } = comparison;
  return {
    added: recursiveDifference(added, fields),
    modified: recursiveDifference(modified, fields),
    removed: recursiveDifference(removed, fields),
  };
}

/** The comparison with nothing but the paths in `fields` and all below them. */
export function including(comparison: Comparison, fields: FieldSet): Comparison {
  const { added, modified, removed } = comparison;
  return { added: within(added, fields), modified: within(modified, fields), removed: within(removed, fields) };
}

function differenceOf(old: unknown, value: unknown, schema: ApplySchema): Found | undefined {
  if (old === value) return undefined;
  if (old === undefined) return { added: wholeOf(value, schema) };
  if (value === undefined) return { removed: wholeOf(old, schema) };
  const before = divisionOf(schema, old);
  const now = divisionOf(schema, value);
  if (before === 'none' && now === 'none') return leaf(old, value);
  if (before === 'items') return itemsDiffer(old, value, schema as ListSchema);
  const isMixed = schema.kind === 'deduced' && before !== now && old !== null && value !== null;
  const [left, right] = [entriesOf(old), entriesOf(value)];
  if (!left && !right) return leaf(old, value);
  const below = fieldsDiffer(left ?? {}, right ?? {}, schema);
  return isMixed ? { ...below, modified: EMPTY } : below;
}

function leaf(old: unknown, value: unknown): Found | undefined {
  return isSameValue(old, value) ? undefined : { modified: EMPTY };
}

/** `undefined` for what has no entries. */
function entriesOf(value: unknown): JsonObject | undefined {
  if (!isJsonObject(value)) return undefined;
  for (const _ in value) return value;
  return undefined;
}

class Collector {
  readonly #builders: Partial<Record<(typeof PARTS)[number], SetBuilder>> = {};
  #any = false;

  add(element: string, found: Found): void {
    this.#any = true;
    for (const part of PARTS) {
      const below = found[part];
      if (!below) continue;
      this.#builders[part] ??= new SetBuilder();
      this.#builders[part].add(element, below);
    }
  }

  result(): Found | undefined {
    if (!this.#any) return undefined;
    const found: Found = {};
    for (const part of PARTS) {
      const builder = this.#builders[part];
      if (builder) found[part] = builder.result();
    }
    return found;
  }
}

function fieldsDiffer(old: JsonObject, value: JsonObject, schema: ApplySchema): Found | undefined {
  let collector: Collector | undefined;
  const look = (name: string) => {
    const inner = fieldSchema(schema, name);
    const found = inner && differenceOf(getOwn(old, name), getOwn(value, name), inner);
    if (!found) return;
    collector ??= new Collector();
    collector.add(fieldElement(name), found);
  };
  for (const name in old) look(name);
  for (const name in value) if (getOwn(old, name) === undefined) look(name);
  return collector?.result();
}

const NO_ITEMS: readonly unknown[] = [];

function itemsDiffer(old: unknown, value: unknown, schema: ListSchema): Found | undefined {
  const left = Array.isArray(old) ? old : NO_ITEMS;
  const right = Array.isArray(value) ? value : NO_ITEMS;
  if (left.length === 0 && right.length === 0) return leaf(old, value);
  if (isSameValue(left, right)) return undefined;
  const before = itemsByElement(schema, left);
  const now = itemsByElement(schema, right);
  const inner = itemSchema(schema);
  const collector = new Collector();
  for (const element of new Set([...before.keys(), ...now.keys()])) {
    const found = sameItemsDiffer(before.get(element) ?? NO_ITEMS, now.get(element) ?? NO_ITEMS, inner);
    if (found) collector.add(element, found);
  }
  return collector.result();
}

/** Items with one element. Where there are several they are owned together, and the list of them has changed or not. */
function sameItemsDiffer(before: readonly unknown[], now: readonly unknown[], schema: ApplySchema): Found | undefined {
  if (before.length <= 1 && now.length <= 1) return differenceOf(before[0], now[0], schema);
  if (before.length > 1 && now.length > 1) return leaf(before, now);
  if (before.length > 1) return { ...differenceOf(undefined, now[0], schema), removed: EMPTY };
  return { ...differenceOf(before[0], undefined, schema), added: EMPTY };
}
