/** What upstream's converter of maps to structs says, where its JSON decoder would say something else. */

const MISMATCH = /^json: cannot unmarshal (\S+)(?: (\S+))? into Go (?:struct field \S+|value) of type (.+)$/;
/** Kinds of Go that JSON's kinds become. */
const KINDS: Record<string, string> = {
  array: 'slice',
  object: 'map',
  number: 'int64',
  bool: 'bool',
  string: 'string',
};
const SCALARS = /^(string|bool|u?int\d*|float\d+)$/;

/** The decoder's message in the converter's words: `cannot restore slice from string`. Others come back as they are. */
export function converterMessage(message: string): string {
  const [, kind = '', number, type = ''] = MISMATCH.exec(message) ?? [];
  if (kind === '') return message;
  const from = number !== undefined && !/^-?\d+$/.test(number) ? 'float64' : (KINDS[kind] ?? kind);
  if (type.startsWith('[]')) return `cannot restore slice from ${from}`;
  if (type.startsWith('map[')) return `cannot restore map from ${from}`;
  const isScalar = SCALARS.test(type);
  if (!isScalar) return `cannot restore struct from: ${from}`;
  // Go converts numbers to one another and to strings; the rest it does not know at all.
  const isNumber = from === 'int64' || from === 'float64';
  const convertible = isNumber && (/^(u?int|float)/.test(type) || (type === 'string' && from === 'int64'));
  return convertible ? `cannot convert ${from} to ${type}` : `unrecognized type: ${type}`;
}
