/** Texts and bytes as broken clients and wires leave them. */
import type { Dice } from './dice.ts';

/** Damages a body somewhere. */
export function damage(body: string | Buffer, dice: Dice): Buffer {
  const bytes = Buffer.from(body as string);
  const at = dice.below(Math.max(1, bytes.length));
  switch (dice.below(6)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      if (bytes.length > 0) bytes[at] = dice.below(256);
      return bytes;
    case 2:
      return insert(bytes, at, dice.bytes(1 + dice.below(8)));
    case 3:
      return Buffer.concat([bytes, bytes.subarray(at)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + dice.below(10)))]);
    default:
      return dice.bytes(dice.below(64));
  }
}

function insert(bytes: Buffer, at: number, more: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
}

/** What is no UTF-8: a lone byte, an overlong one, a surrogate, beyond Unicode, cut off. */
const NO_UTF8 = ['ff', 'c080', 'eda080', 'f4908080', 'e282', '80'];

/** Puts bytes that are no UTF-8 into one of a JSON text's strings. */
export function breakUtf8(text: string, dice: Dice): Buffer {
  const bytes = Buffer.from(text);
  const quotes: number[] = [];
  for (let at = bytes.indexOf(0x22); at >= 0; at = bytes.indexOf(0x22, at + 1)) quotes.push(at);
  const at = quotes.length > 0 ? dice.pick(quotes) + 1 : 0;
  return insert(bytes, at, Buffer.from(dice.pick(NO_UTF8), 'hex'));
}

/** Gives a JSON text one of its keys twice. */
export function repeatKey(text: string, dice: Dice): string {
  const keys = [...text.matchAll(/"(?:[^"\\]|\\.)*":/g)];
  if (keys.length === 0) return text;
  const { index, 0: key } = dice.pick(keys);
  return `${text.slice(0, index)}${key}${dice.pick(['null', '"again"', '{}', '[]', '1'])},${text.slice(index)}`;
}

/** Lengths and tags that no message has: endless, beyond the end, of groups, of field 0, of the largest field. */
const NO_MESSAGE = [
  'ffffffffffffffffff01',
  'ffffffffffffffffff7f',
  '8080808008',
  'ffffffff07',
  '0b',
  '0c',
  '00',
  'faffffff0f01',
  '0e',
  '80',
];

/** Damages a protobuf message. */
export function damageProtobuf(bytes: Buffer, dice: Dice): Buffer {
  if (dice.chance(0.5)) return damage(bytes, dice);
  const at = dice.below(Math.max(1, bytes.length));
  const odd = Buffer.from(dice.pick(NO_MESSAGE), 'hex');
  if (dice.chance(0.5)) return insert(bytes, at, odd);
  return Buffer.concat([bytes.subarray(0, at), odd, bytes.subarray(Math.min(bytes.length, at + odd.length))]);
}

const YAML_ODDITIES = [
  '\t',
  '- ',
  '&a ',
  '*a ',
  '!!binary ',
  '!!set ',
  '<<: ',
  '? ',
  '%YAML 1.1\n---\n',
  '---\n',
  '...\n',
  ' | \n',
  '"',
  '{',
  ': ',
  'yes ',
  '0o17 ',
  '1_000 ',
  '.inf ',
  '.nan ',
  '2026-01-01 ',
  '~ ',
  '# ',
];

/** Puts something that means a lot to YAML where it need not. */
export function damageYaml(text: string, dice: Dice): Buffer {
  if (dice.chance(0.3)) return damage(text, dice);
  const starts = [...text.matchAll(/^|: /gm)];
  const { index = 0, 0: match = '' } = starts.length > 0 ? dice.pick(starts) : {};
  const at = index + match.length;
  return Buffer.from(text.slice(0, at) + dice.pick(YAML_ODDITIES) + text.slice(at));
}
