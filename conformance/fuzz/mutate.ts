/** Valid objects made wrong: a little, in one place or in several. */
import type { Dice } from './dice.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const STRINGS = [
  '',
  ' ',
  '.',
  '..',
  '/',
  'a/b',
  '%2F',
  'A',
  'a_b',
  '-a',
  'ünïcode',
  '\u0000',
  '\ud800',
  '🙂',
  '__proto__',
  'constructor',
  'null',
  '0',
  '-1',
  '1e999',
  'v1',
  'Pod',
  '2026-01-01T00:00:00Z',
  'x'.repeat(64),
  'x'.repeat(254),
  'y'.repeat(5000),
];
const NUMBERS = [0, 1, -1, 1.5, 65_536, 2_147_483_648, -2_147_483_649, 9_007_199_254_740_992, 1e21, 1e308];
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
  '$setElementOrder/containers',
  'unheard',
];

/** Fields whose wild values would set a complete cluster to work for real: they keep to small ones. */
const TAME = new Map<string, Json[]>(
  Object.entries({
    replicas: [-1, 0, 1, 2, 1.5, 'x', null, '', [], {}, true],
    schedulerName: ['conformance-nobody', 'conformance-nobody-else'],
    nodeName: ['fz-node-1', 'fz-node-2', 5, null],
  }),
);

function wildValue(dice: Dice): Json {
  switch (dice.below(8)) {
    case 0:
      return null;
    case 1:
      return dice.chance(0.5);
    case 2:
      return dice.pick(NUMBERS);
    case 3:
      return [];
    case 4:
      return {};
    case 5:
      return dice.chance(0.05) ? deep(dice, 2000) : deep(dice, 5);
    default:
      return dice.pick(STRINGS);
  }
}

function deep(dice: Dice, depth: number): Json {
  let value: Json = 1;
  for (let i = 0; i < depth; i++) value = dice.chance(0.5) ? [value] : { a: value };
  return value;
}

/** A copy of `value` with one thing changed somewhere inside it. */
export function mutateJson(value: Json, dice: Dice, key = ''): Json {
  const tame = TAME.get(key);
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

function mutateObject(value: { [key: string]: Json }, dice: Dice): Json {
  const keys = Object.keys(value);
  const key = keys.length > 0 ? dice.pick(keys) : '';
  // Going down is the most likely, so that changes reach the leaves.
  if (key !== '' && dice.chance(0.7)) return withProperty(value, key, mutateJson(value[key] ?? null, dice, key));
  switch (dice.below(4)) {
    case 0: {
      const { [key]: removed, ...rest } = value;
      return removed === undefined || TAME.has(key) ? value : rest;
    }
    case 1:
      return withProperty(value, dice.pick(KEYS), wildValue(dice));
    case 2:
      return withProperty(value, `${key}x`, value[key] ?? null);
    default:
      return dice.chance(0.3) ? wildValue(dice) : value;
  }
}

/** A copy with one more property; `__proto__` becomes an ordinary one. */
function withProperty(value: { [key: string]: Json }, key: string, item: Json): { [key: string]: Json } {
  const copy = { ...value };
  Object.defineProperty(copy, key, { value: item, enumerable: true, configurable: true, writable: true });
  return copy;
}

/** Damages a text as a broken client or wire would. */
export function damage(text: string, dice: Dice): Buffer {
  const bytes = Buffer.from(text);
  const at = dice.below(Math.max(1, bytes.length));
  switch (dice.below(6)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      if (bytes.length > 0) bytes[at] = dice.below(256);
      return bytes;
    case 2:
      return Buffer.concat([bytes.subarray(0, at), dice.bytes(1 + dice.below(8)), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([bytes, bytes.subarray(at)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + dice.below(10)))]);
    default:
      return dice.bytes(dice.below(64));
  }
}
