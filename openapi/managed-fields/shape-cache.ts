/**
 * Controllers create one object after another from the same template. Their field sets are the same, as these depend on
 * values only where items of lists are told apart by them; so they are made once and shared.
 */
import { isJsonObject } from '../json.ts';
import type { ApplySchema } from './apply-schema.ts';
import type { FieldSet } from './field-set.ts';
import { divisionOf, fieldOf, itemElement, itemSchema, type ListSchema } from './list-items.ts';

const SHAPES_MAX = 256;
const SHAPE_MAX_CHARS = 8192;

const known = new WeakMap<ApplySchema, ShapeCache>();

/** The set that `make` made of an earlier value of the same shape, else what it makes now. */
export function ofSameShape(value: object, schema: ApplySchema, make: () => FieldSet): FieldSet {
  let sets = known.get(schema);
  if (!sets) {
    sets = new ShapeCache();
    known.set(schema, sets);
  }
  return sets.get(shapeOf(value, schema), make);
}

/** Sets by the shape of what they were made of; a bounded number, of shapes of bounded size. */
export class ShapeCache {
  readonly #sets = new Map<string, FieldSet>();

  /** Throws what `make` throws. */
  get(shape: string, make: () => FieldSet): FieldSet {
    if (shape.length > SHAPE_MAX_CHARS) return make();
    const found = this.#sets.get(shape);
    if (found) return found;
    const made = make();
    if (this.#sets.size >= SHAPES_MAX) this.#sets.clear();
    this.#sets.set(shape, made);
    return made;
  }
}

/** All elements in a value, in its own order, and how they are nested. Throws TypedError. */
export function shapeOf(value: unknown, schema: ApplySchema): string {
  const division = divisionOf(schema, value);
  if (division === 'fields' && isJsonObject(value)) return shapeOfFields(value, schema);
  return division === 'items' && Array.isArray(value) ? shapeOfItems(value, schema as ListSchema) : '';
}

function shapeOfFields(value: Readonly<Record<string, unknown>>, schema: ApplySchema): string {
  let shape = '{';
  for (const name in value) {
    const inner = value[name];
    const field = inner === undefined ? undefined : fieldOf(schema, name);
    if (!field) continue;
    // What clients chose is quoted, so that no two shapes are written alike.
    shape += schema.kind === 'struct' ? name : JSON.stringify(name);
    shape += typeof inner === 'object' && inner !== null ? `${shapeOf(inner, field.schema)},` : ',';
  }
  return `${shape}}`;
}

function shapeOfItems(list: readonly unknown[], schema: ListSchema): string {
  const inner = itemSchema(schema);
  let shape = '[';
  for (const item of list) shape += `${JSON.stringify(itemElement(schema, item))}${shapeOf(item, inner)}`;
  return `${shape}]`;
}
