/** How the items of lists are told apart. */
import { getOwn, isJsonObject, type JsonObject } from '../json.ts';
import type { ApplySchema } from './apply-schema.ts';
import { fieldElement, keyElement, valueElement } from './path-elements.ts';

export type ListSchema = Extract<ApplySchema, { kind: 'set' | 'associative' }>;

/** A value that does not meet the schema; the message is upstream's, the path is put before it on the way up. */
export class TypedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TypedError';
  }
}

/** The path element of a list's item. Throws TypedError for an item that cannot be told apart. */
export function itemElement(schema: ListSchema, item: unknown): string {
  return schema.kind === 'set' ? setElement(item) : associativeElement(schema, item);
}

function setElement(item: unknown): string {
  if (isJsonObject(item)) throw new TypedError("associative list without keys has an element that's a map type");
  if (Array.isArray(item)) throw new TypedError('not supported: associative list with lists as elements');
  if (item === null || item === undefined)
    throw new TypedError("associative list without keys has an element that's an explicit null");
  return valueElement(item);
}

function associativeElement(schema: Extract<ListSchema, { kind: 'associative' }>, item: unknown): string {
  if (item === null || item === undefined)
    throw new TypedError('associative list with keys may not have a null element');
  if (!isJsonObject(item)) throw new TypedError('associative list with keys may not have non-map elements');
  return keyElement(schema.keys, (key) => keyOf(schema, item, key));
}

function keyOf({ defaults }: Extract<ListSchema, { kind: 'associative' }>, item: JsonObject, key: string): unknown {
  const value = getOwn(item, key) ?? defaults[key];
  if (value !== undefined) return value;
  const text = `associative list with keys has an element that omits key field ${JSON.stringify(key)}`;
  throw new TypedError(`${text} (and doesn't have default value)`);
}

/** Items by their elements, in the order of the list. Throws TypedError. */
export function itemsByElement(schema: ListSchema, list: readonly unknown[]): Map<string, unknown[]> {
  const items = new Map<string, unknown[]>();
  for (const [index, item] of list.entries()) {
    const element = elementAt(schema, item, index);
    const same = items.get(element);
    if (same) same.push(item);
    else items.set(element, [item]);
  }
  return items;
}

/** As `itemElement`; the message says which item it was. */
export function elementAt(schema: ListSchema, item: unknown, index: number): string {
  try {
    return itemElement(schema, item);
  } catch (error) {
    if (error instanceof TypedError) throw new TypedError(`element ${index}: ${error.message}`);
    throw error;
  }
}

/** Schema of a list's items. */
export function itemSchema(schema: ListSchema): ApplySchema {
  return schema.kind === 'set' ? SCALAR : schema.items;
}

const SCALAR: ApplySchema = { kind: 'atomic' };

/** A field of an object: its path element, and the schema of what is there. */
export interface Field {
  element: string;
  schema: ApplySchema;
}

/** Of structs, by name and by element: made once, so that all sets share the same text. */
const FIELDS = new WeakMap<ApplySchema, Map<string, Field>>();

function fieldsOfStruct(schema: ApplySchema): Map<string, Field> {
  let known = FIELDS.get(schema);
  if (!known) {
    known = new Map();
    FIELDS.set(schema, known);
  }
  return known;
}

/** What is under a key of an object; `undefined` for a field that is not known. */
export function fieldOf(schema: ApplySchema, name: string): Field | undefined {
  if (schema.kind !== 'struct') {
    return { element: fieldElement(name), schema: schema.kind === 'map' ? schema.values : schema };
  }
  const known = fieldsOfStruct(schema);
  const found = known.get(name);
  if (found) return found;
  const inner = schema.field(name);
  if (!inner) return undefined;
  // Only fields there are: what clients make up shall not fill the memory.
  const field = { element: fieldElement(name), schema: inner };
  known.set(name, field);
  known.set(field.element, field);
  return field;
}

/** Schema of what stands below a path element; `undefined` where nothing can. */
export function schemaBelow(schema: ApplySchema, element: string): ApplySchema | undefined {
  const isField = element.startsWith('f:');
  switch (schema.kind) {
    case 'struct':
      return isField ? ofStruct(schema, element) : undefined;
    case 'map':
      return isField ? schema.values : undefined;
    case 'deduced':
      return isField ? schema : undefined;
    case 'associative':
      return isField ? undefined : schema.items;
    default:
      return undefined;
  }
}

function ofStruct(schema: Extract<ApplySchema, { kind: 'struct' }>, element: string): ApplySchema | undefined {
  const field = fieldsOfStruct(schema).get(element) ?? fieldOf(schema, element.slice('f:'.length));
  return field?.schema;
}

/** Schema of what is under a key of an object; `undefined` for a field that is not known. */
export function fieldSchema(schema: ApplySchema, name: string): ApplySchema | undefined {
  switch (schema.kind) {
    case 'struct':
      return schema.field(name);
    case 'map':
      return schema.values;
    default:
      return schema;
  }
}

/** Whether a value with this schema is divided by fields, by items, or not at all. */
export function divisionOf(schema: ApplySchema, value: unknown): 'fields' | 'items' | 'none' {
  switch (schema.kind) {
    case 'atomic':
      return 'none';
    case 'deduced':
      return isJsonObject(value) ? 'fields' : 'none';
    case 'struct':
    case 'map':
      return 'fields';
    default:
      return 'items';
  }
}
