/** Merges an applied configuration into a live value, and takes paths out of a value. */
import { getOwn, isJsonObject, type JsonObject, setOwn } from '../json.ts';
import type { ApplySchema } from './apply-schema.ts';
import { after, EMPTY, type FieldSet, has, isEmpty } from './field-set.ts';
import { divisionOf, elementAt, fieldSchema, itemElement, itemSchema, type ListSchema } from './list-items.ts';
import { fieldElement } from './path-elements.ts';

/**
 * The live value with everything the configuration says put in; nothing goes. Shares what did not change with both.
 * Throws TypedError for items that cannot be told apart, or that the configuration has twice.
 */
export function merge(live: unknown, applied: unknown, schema: ApplySchema): unknown {
  if (applied === undefined) return live;
  if (live === undefined) return applied;
  const division = divisionOf(schema, applied);
  if (division === 'none') return applied;
  if (division === 'items') return mergeLists(live, applied, schema as ListSchema);
  if (!isJsonObject(applied)) return isJsonObject(live) ? live : applied;
  if (!isJsonObject(live)) return applied;
  return mergeFields(live, applied, schema);
}

function mergeFields(live: JsonObject, applied: JsonObject, schema: ApplySchema): JsonObject {
  const result: JsonObject = { ...live };
  for (const name in applied) {
    const below = fieldSchema(schema, name);
    const value = below ? merge(getOwn(live, name), applied[name], below) : applied[name];
    if (value !== undefined) setOwn(result, name, value);
  }
  return result;
}

function mergeLists(live: unknown, applied: unknown, schema: ListSchema): unknown {
  const left = Array.isArray(live) ? live : [];
  const right = Array.isArray(applied) ? applied : [];
  if (right.length === 0) return left.length === 0 ? applied : live;
  return new ListMerge(schema, left, right).result();
}

/**
 * Items in both lists come in the order of the configuration; those that only one has keep their place among their
 * neighbours.
 */
class ListMerge {
  readonly #schema: ListSchema;
  readonly #live: readonly unknown[];
  readonly #left: readonly string[];
  readonly #right: readonly string[];
  readonly #leftItems = new Map<string, unknown>();
  readonly #rightItems = new Map<string, unknown>();
  readonly #taken = new Set<string>();
  /** Elements of both lists that are still to come, in the order of the configuration. */
  readonly #shared: string[];
  readonly #out: unknown[] = [];

  constructor(schema: ListSchema, live: readonly unknown[], applied: readonly unknown[]) {
    this.#schema = schema;
    this.#live = live;
    this.#left = live.map((item, index) => elementAt(schema, item, index));
    this.#right = applied.map((item, index) => elementAt(schema, item, index));
    for (const [index, element] of this.#left.entries()) {
      // What the live list has twice cannot be merged with anything: it gives way.
      this.#leftItems.set(element, this.#leftItems.has(element) ? undefined : live[index]);
    }
    for (const [index, element] of this.#right.entries()) this.#rightItems.set(element, applied[index]);
    this.#shared = this.#right.filter((element) => this.#leftItems.has(element));
  }

  result(): unknown[] {
    let l = 0;
    let r = 0;
    while (l < this.#left.length || r < this.#right.length) {
      const left = this.#left[l];
      const right = this.#right[r];
      const isShared = left !== undefined && this.#rightItems.has(left);
      if (left !== undefined && left === right) {
        this.#take(left);
        l++;
        r++;
      } else if (isShared && right !== undefined && this.#shared.length > 0 && left !== this.#shared[0]) {
        // It has its turn when the configuration comes to it.
        l++;
      } else if (left !== undefined && !isShared) {
        this.#out.push(this.#live[l]);
        l++;
      } else {
        if (left !== undefined && this.#taken.has(left)) l++;
        if (right !== undefined) {
          this.#take(right);
          r++;
        }
      }
    }
    return this.#out;
  }

  #take(element: string): void {
    const merged = merge(this.#leftItems.get(element), this.#rightItems.get(element), itemSchema(this.#schema));
    this.#out.push(merged);
    this.#taken.add(element);
    if (this.#shared[0] === element) this.#shared.shift();
  }
}

/** The value without the paths of the set. What is owned as a whole only goes with its own path. */
export function removeFields(value: unknown, set: FieldSet, schema: ApplySchema): unknown {
  if (isEmpty(set)) return value;
  switch (divisionOf(schema, value)) {
    case 'none':
      return value;
    case 'fields':
      return isJsonObject(value) ? withoutFields(value, set, schema) : value;
    case 'items':
      return Array.isArray(value) ? withoutItems(value, set, schema as ListSchema) : value;
  }
}

function withoutFields(value: JsonObject, set: FieldSet, schema: ApplySchema): unknown {
  const result: JsonObject = {};
  let any = false;
  for (const [name, inner] of Object.entries(value)) {
    const element = fieldElement(name);
    if (has(set, element)) continue;
    any = true;
    const below = set[element] ? fieldSchema(schema, name) : undefined;
    setOwn(result, name, below ? removeFields(inner, after(set, element), below) : inner);
  }
  return any ? result : null;
}

function withoutItems(value: readonly unknown[], set: FieldSet, schema: ListSchema): unknown {
  const inner = itemSchema(schema);
  const result: unknown[] = [];
  for (const item of value) {
    const element = itemElement(schema, item);
    if (has(set, element)) continue;
    const below = set[element] ? after(set, element) : EMPTY;
    result.push(removeFields(item, below, inner));
  }
  return result.length > 0 ? result : null;
}
