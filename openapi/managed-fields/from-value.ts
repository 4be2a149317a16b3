/** The field set of a value. */
import { isJsonObject, type JsonObject } from '../json.ts';
import type { ApplySchema } from './apply-schema.ts';
import { EMPTY, type FieldSet, member, SetBuilder } from './field-set.ts';
import { divisionOf, elementAt, fieldOf, itemSchema, type ListSchema } from './list-items.ts';
import { ofSameShape } from './shape-cache.ts';

/**
 * What a configuration names: its scalars and all that is owned as a whole, items of lists and keys of maps; structs and
 * lists themselves only where they are empty or null. Throws TypedError for items that cannot be told apart.
 */
export function fieldsOf(value: unknown, schema: ApplySchema): FieldSet {
  return named(value, schema) ?? EMPTY;
}

/** `undefined` where nothing is named. */
function named(value: unknown, schema: ApplySchema): FieldSet | undefined {
  switch (divisionOf(schema, value)) {
    case 'none':
      return EMPTY;
    case 'fields':
      return isJsonObject(value) ? namedFields(value, schema) : undefined;
    case 'items': {
      const items = Array.isArray(value) ? itemsOf(value, schema as ListSchema, named, false) : EMPTY;
      return items === EMPTY ? undefined : items;
    }
  }
}

function namedFields(value: JsonObject, schema: ApplySchema): FieldSet | undefined {
  const builder = new SetBuilder();
  for (const name in value) {
    const inner = value[name];
    const field = fieldOf(schema, name);
    if (inner === undefined || !field) continue;
    const isBare = inner === null || (isJsonObject(inner) && isBareObject(inner));
    const node = isBare ? EMPTY : named(inner, field.schema);
    if (schema.kind !== 'struct') builder.add(field.element, member(node ?? EMPTY));
    else if (node) builder.add(field.element, node);
  }
  return builder.isEmpty ? undefined : builder.result();
}

/**
 * All there is in a value and below, itself included: what comes into being with it, and goes with it. Fields that the
 * schema does not know are not in it. Throws TypedError for items that cannot be told apart.
 */
export function wholeOf(value: unknown, schema: ApplySchema): FieldSet {
  if (typeof value !== 'object' || value === null || schema.kind === 'atomic') return EMPTY;
  return ofSameShape(value, schema, () => whole(value, schema));
}

function whole(value: unknown, schema: ApplySchema): FieldSet {
  switch (divisionOf(schema, value)) {
    case 'none':
      return EMPTY;
    case 'fields':
      return isJsonObject(value) ? wholeFields(value, schema) : EMPTY;
    case 'items':
      return Array.isArray(value) ? itemsOf(value, schema as ListSchema, whole, true) : EMPTY;
  }
}

function wholeFields(value: JsonObject, schema: ApplySchema): FieldSet {
  const builder = new SetBuilder();
  for (const name in value) {
    const inner = value[name];
    const field = inner === undefined ? undefined : fieldOf(schema, name);
    if (field) builder.add(field.element, whole(inner, field.schema));
  }
  return builder.result(true);
}

/** Items that are not unique are owned together, as a whole. */
function itemsOf(
  list: readonly unknown[],
  schema: ListSchema,
  below: (item: unknown, schema: ApplySchema) => FieldSet | undefined,
  self: boolean,
): FieldSet {
  const inner = itemSchema(schema);
  const nodes = new Map<string, FieldSet>();
  for (let index = 0; index < list.length; index++) {
    const item = list[index];
    const element = elementAt(schema, item, index);
    nodes.set(element, nodes.has(element) ? EMPTY : member(below(item, inner) ?? EMPTY));
  }
  const builder = new SetBuilder();
  for (const [element, node] of nodes) builder.add(element, node);
  return builder.result(self);
}

function isBareObject(value: object): boolean {
  for (const _ in value) return false;
  return true;
}
