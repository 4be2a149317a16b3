/** Values at the edge of what a field's type allows, and beyond. */
import type { WireType } from '../../openapi/wire-schema.ts';
import type { Dice } from './dice.ts';
import { type Json, nested, raw } from './json.ts';

export const STRINGS: readonly string[] = [
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
  'a\udc00b',
  '🙂',
  '\u202e',
  '__proto__',
  'constructor',
  'null',
  '0',
  '-1',
  '1e999',
  'v1',
  'Pod',
  '\n',
  'a: b\n- c',
  '2026-01-01T00:00:00Z',
  'x'.repeat(63),
  'x'.repeat(64),
  'x'.repeat(253),
  'x'.repeat(254),
  'y'.repeat(5000),
  'é'.repeat(300),
];

const NUMBERS: readonly Json[] = [
  0,
  1,
  -1,
  1.5,
  65_536,
  2_147_483_647,
  2_147_483_648,
  -2_147_483_648,
  -2_147_483_649,
  4_294_967_296,
  9_007_199_254_740_992,
  raw('9007199254740993'),
  raw('9223372036854775807'),
  raw('9223372036854775808'),
  raw('-9223372036854775808'),
  raw('-9223372036854775809'),
  raw('18446744073709551616'),
  raw('1.0'),
  raw('1e3'),
  raw('1E+2'),
  raw('-0'),
  raw('-0.0'),
  raw('1e-400'),
  raw('1e400'),
  raw('0.1e1'),
  raw('01'),
  raw('+1'),
  raw('.5'),
  raw('1.'),
  raw('0x10'),
  raw('Infinity'),
  raw(`1${'0'.repeat(400)}`),
  1e21,
  1e308,
];

const QUANTITIES: readonly Json[] = [
  '',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775809',
  '8Ei',
  '9Ei',
  '1E',
  '1e',
  '1n',
  '0.1n',
  '1u',
  '-1',
  '-0',
  '+5',
  '.5',
  '5.',
  '.',
  '1kk',
  '1 Gi',
  '１',
  'NaN',
  'Inf',
  `1${'0'.repeat(500)}`,
  `0.${'0'.repeat(500)}1`,
  5,
  1.5,
  -5,
  1e21,
  raw('9223372036854775808'),
  null,
  true,
  {},
];

const TIMES: readonly Json[] = [
  '',
  '0001-01-01T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
  '9999-12-31T23:59:59.999999999Z',
  '9999-12-31T23:59:59-23:59',
  '10000-01-01T00:00:00Z',
  '-0001-01-01T00:00:00Z',
  '2026-02-29T00:00:00Z',
  '2024-02-29T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-01-01T23:59:60Z',
  '2026-01-01T00:00:00',
  '2026-01-01',
  '2026-01-01 00:00:00Z',
  '2026-01-01t00:00:00z',
  '2026-01-01T00:00:00.Z',
  '2026-01-01T00:00:00,5Z',
  '2026-01-01T00:00:00.123456789123Z',
  '2026-01-01T00:00:00+24:00',
  '2026-01-01T00:00:00+00:60',
  '2026-01-01T0:0:0Z',
  'yesterday',
  0,
  1e12,
  null,
  {},
];

const INT_OR_STRINGS: readonly Json[] = ['', '101%', '-1%', '1.5%', '%', '5', 'x'.repeat(16), 'UPPER', -1, 0, 65_536];
const BASE64S: readonly Json[] = [
  '*',
  'a',
  'ab',
  'ab=',
  'ab==',
  'abc=',
  'a b=',
  'ab==\n',
  '-_-_',
  '====',
  5,
  [],
  [1, 2],
];

/** A value that the type hardly allows, or does not. */
export function wrongValue(dice: Dice, type: WireType, known: readonly string[] | undefined): Json {
  if (dice.chance(0.3)) return wildValue(dice);
  switch (type.kind) {
    case 'string':
      return known && dice.chance(0.6) ? misspelt(dice, dice.pick(known)) : dice.pick(STRINGS);
    case 'int32':
    case 'int64':
    case 'number':
      return dice.pick(NUMBERS);
    case 'quantity':
      return dice.pick(QUANTITIES);
    case 'intOrString':
      return dice.pick(dice.chance(0.5) ? INT_OR_STRINGS : NUMBERS);
    case 'time':
    case 'microTime':
      return dice.pick(TIMES);
    case 'byte':
      return dice.pick(BASE64S);
    case 'boolean':
      return dice.pick<Json>(['true', 'false', 0, 1, null, '', []]);
    case 'array':
      return dice.pick<Json>([null, [null], {}, [[]], 'x', ['a', 'a'], [{}], [{}, {}], Array<Json>(300).fill({})]);
    case 'map':
      return dice.pick<Json>([null, [], { '': '' }, { ' ': null }, { a: {} }, { A: 1 }, manyKeys(dice)]);
    default:
      return wildValue(dice);
  }
}

/** An enum's value, off by a letter. */
function misspelt(dice: Dice, word: string): string {
  const at = dice.below(Math.max(1, word.length));
  return dice.pick([
    word.toLowerCase(),
    word.toUpperCase(),
    `${word} `,
    word.slice(0, at) + word.slice(at + 1),
    `${word}x`,
  ]);
}

/** Up to a thousand labels, rarely: they are dear to check. */
function manyKeys(dice: Dice): Json {
  const count = dice.chance(0.1) ? 1000 : 20;
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`key-${i}`, dice.pick(['x', 'y'])]));
}

/** Any value at all. */
export function wildValue(dice: Dice): Json {
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
      return nested(dice.chance(0.05) ? 2000 : 5, () => dice.chance(0.5));
    default:
      return dice.pick(STRINGS);
  }
}
