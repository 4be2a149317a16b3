/** Objects that follow their schema: grown by fields they have not yet, or spoilt in one place. */
import type { WireType } from '../../openapi/wire-schema.ts';
import type { Dice } from './dice.ts';
import { isObject, type Json, type JsonObject, withProperty } from './json.ts';
import { type Place, rightStruct, rightValue } from './right.ts';
import { enumOf, type Struct, structOf } from './schema.ts';
import { tameValues } from './tame-fields.ts';
import { wrongValue } from './wrong.ts';

/** The object with one more right field, somewhere in it. */
export function grow(dice: Dice, object: JsonObject, id: string, depth = 0): JsonObject {
  const struct = structOf(id);
  if (!struct || depth > 12) return object;
  const down = dice.chance(0.75) ? structField(dice, object, struct) : undefined;
  if (down) return withProperty(object, down, growValue(dice, object[down] ?? null, typeOf(struct, down), depth));
  const field = dice.pick(struct.names);
  const keeps = Object.hasOwn(object, field) || field === 'managedFields' || isMeta(field);
  return keeps ? object : withProperty(object, field, rightValue(dice, typeOf(struct, field), { id, field, depth }));
}

function growValue(dice: Dice, value: Json, type: WireType, depth: number): Json {
  if (type.kind === 'ref') return isObject(value) ? grow(dice, value, type.ref, depth + 1) : value;
  if (type.kind !== 'array' || type.items.kind !== 'ref' || !Array.isArray(value)) return value;
  const id = type.items.ref;
  if (value.length === 0 || dice.chance(0.2)) return [...value, rightStruct(dice, id, depth + 1)];
  const at = dice.below(value.length);
  return value.map((item, i) => (i === at && isObject(item) ? grow(dice, item, id, depth + 1) : item));
}

/** A field of the object that more may be put into. */
function structField(dice: Dice, object: JsonObject, struct: Struct): string | undefined {
  const fields = Object.keys(object).filter((name) => isOpen(struct.fields.get(name)));
  return fields.length > 0 ? dice.pick(fields) : undefined;
}

function isOpen(type: WireType | undefined): boolean {
  return type?.kind === 'ref' || (type?.kind === 'array' && type.items.kind === 'ref');
}

function typeOf(struct: Struct, field: string): WireType {
  return struct.fields.get(field) ?? { kind: 'any', name: '' };
}

/** Fields that say what an object is; to get them wrong is `spoil`'s affair, and rarely. */
function isMeta(field: string): boolean {
  return field === 'kind' || field === 'apiVersion';
}

/** The object with one field wrong, somewhere in it. */
export function spoil(dice: Dice, object: JsonObject, id: string, depth = 0): JsonObject {
  const struct = structOf(id);
  if (!struct) return object;
  const own = Object.keys(object).filter((name) => struct.fields.has(name) && (!isMeta(name) || dice.chance(0.1)));
  const field = own.length > 0 && dice.chance(0.85) ? dice.pick(own) : dice.pick(struct.names);
  if (dice.chance(0.04)) return withProperty(object, `${field}x`, object[field] ?? 1);
  const place: Place = { id, field, depth };
  return withProperty(object, field, spoilValue(dice, object[field], typeOf(struct, field), place));
}

function spoilValue(dice: Dice, value: Json | undefined, type: WireType, place: Place): Json {
  const tame = tameValues(place.field);
  if (tame) return dice.pick(tame);
  // Mostly downwards: leaves are where there is most to get wrong.
  if (value !== undefined && dice.chance(0.85)) {
    if (type.kind === 'ref' && isObject(value)) return spoil(dice, value, type.ref, place.depth + 1);
    if (type.kind === 'array' && Array.isArray(value) && value.length > 0)
      return spoilItem(dice, value, type.items, place);
    if (type.kind === 'map' && isObject(value)) return spoilEntry(dice, value, type.values, place);
  }
  return wrongValue(dice, type, type.kind === 'string' ? enumOf(place.id, place.field) : undefined);
}

function spoilItem(dice: Dice, items: Json[], type: WireType, place: Place): Json {
  const at = dice.below(items.length);
  if (dice.chance(0.1)) return [...items, items[at] ?? null];
  return items.map((item, i) => (i === at ? spoilValue(dice, item, type, place) : item));
}

function spoilEntry(dice: Dice, map: JsonObject, type: WireType, place: Place): Json {
  const keys = Object.keys(map);
  const key =
    keys.length > 0 && dice.chance(0.5)
      ? dice.pick(keys)
      : dice.pick(['', 'a b', '-', 'x'.repeat(64), 'a/b/c', '__proto__', 'É']);
  return withProperty(map, key, dice.chance(0.5) ? (map[key] ?? 'x') : spoilValue(dice, map[key], type, place));
}
