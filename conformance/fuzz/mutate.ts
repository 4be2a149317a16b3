/** Values made wrong without knowing what they are: a little, in one place or in several. */
import type { Dice } from './dice.ts';
import { type Json, type JsonObject, withProperty } from './json.ts';
import { tameValues } from './tame-fields.ts';
import { wildValue } from './wrong.ts';

const KEYS = [
  '__proto__',
  'constructor',
  'toString',
  '',
  ' ',
  'metadata',
  'spec',
  'status',
  'name',
  '$patch',
  '$retainKeys',
  '$deleteFromPrimitiveList/finalizers',
  '$setElementOrder/containers',
  'unheard',
];

/** A copy of `value` with one thing changed somewhere inside it. */
export function mutateJson(value: Json, dice: Dice, key = ''): Json {
  const tame = tameValues(key);
  if (tame) return dice.pick(tame);
  if (Array.isArray(value)) return mutateArray(value, dice);
  if (typeof value === 'object' && value !== null) return mutateObject(value, dice);
  return wildValue(dice);
}

function mutateArray(value: Json[], dice: Dice): Json {
  const copy = [...value];
  const index = dice.below(Math.max(1, copy.length));
  switch (dice.below(5)) {
    case 0:
      copy.splice(index, 1);
      return copy;
    case 1:
      return [...copy, wildValue(dice)];
    case 2:
      return [...copy, ...copy];
    case 3:
      return wildValue(dice);
    default: {
      const item = copy[index];
      if (item !== undefined) copy[index] = mutateJson(item, dice);
      return copy;
    }
  }
}

function mutateObject(value: JsonObject, dice: Dice): Json {
  const keys = Object.keys(value);
  const key = keys.length > 0 ? dice.pick(keys) : '';
  // Going down is the most likely, so that changes reach the leaves.
  if (key !== '' && dice.chance(0.7)) return withProperty(value, key, mutateJson(value[key] ?? null, dice, key));
  switch (dice.below(4)) {
    case 0: {
      const { [key]: removed, ...rest } = value;
      return removed === undefined || tameValues(key) ? value : rest;
    }
    case 1:
      return withProperty(value, dice.pick(KEYS), wildValue(dice));
    case 2:
      return withProperty(value, `${key}x`, value[key] ?? null);
    default:
      return dice.chance(0.3) ? wildValue(dice) : value;
  }
}
