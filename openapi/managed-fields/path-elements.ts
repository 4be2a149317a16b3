/**
 * Path elements in the form FieldsV1 has them: `f:` and a field's name, `k:` and the keys of a list's item as JSON, `v:` and
 * the value of a set's item as JSON, `i:` and an index. `.` stands for the place itself.
 */

export const SELF = '.';

/** The element of a field. */
export function fieldElement(name: string): string {
  return `f:${name}`;
}

/** The element of a list's item that is told apart by fields of these names. */
export function keyElement(names: readonly string[], valueFor: (name: string) => unknown): string {
  const [first = ''] = names;
  if (names.length === 1) return `k:{${goJson(first)}:${goJson(valueFor(first))}}`;
  const parts = [...names].sort(compareStrings).map((name) => `${goJson(name)}:${goJson(valueFor(name))}`);
  return `k:{${parts.join(',')}}`;
}

/** The element of a set's item. */
export function valueElement(value: unknown): string {
  return `v:${goJson(value)}`;
}

const ESCAPED = /[<>&\u2028\u2029]/g;

/** Strings that are the same in JSON, but for the quotes. */
const PLAIN = /^[\w ./:-]*$/;

/** JSON as Go writes it, fit for HTML. */
function goJson(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string' && PLAIN.test(value)) return `"${value}"`;
  const text = JSON.stringify(value);
  return text.replace(ESCAPED, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Elements of a kind nobody knows are ignored, as they may come from the future. */
export type Parsed =
  | { kind: 'self' | 'unknown' }
  | { kind: 'field'; name: string }
  | { kind: 'key'; keys: [name: string, value: unknown][] }
  | { kind: 'value'; value: unknown }
  | { kind: 'index'; index: number };

/** Takes an element apart. Throws an Error for what none can be. */
export function parseElement(element: string): Parsed {
  if (element === SELF) return { kind: 'self' };
  if (element.length < 2) throw new Error('key must be 2 characters long:');
  if (element[1] !== ':') throw new Error(`missing colon: ${element}`);
  const text = element.slice(2);
  switch (element[0]) {
    case 'f':
      return { kind: 'field', name: text };
    case 'v':
      return { kind: 'value', value: JSON.parse(text) };
    case 'k':
      return { kind: 'key', keys: sortedKeys(JSON.parse(text)) };
    case 'i':
      if (!/^[+-]?\d+$/.test(text)) throw new Error(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
      return { kind: 'index', index: Number(text) };
    default:
      return { kind: 'unknown' };
  }
}

function sortedKeys(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('expected an object');
  return Object.entries(value).sort(([a], [b]) => compareStrings(a, b));
}

/** The one spelling of an element; `undefined` for one of an unknown kind. Throws as `parseElement`. */
export function canonicalElement(element: string): string | undefined {
  const parsed = parseElement(element);
  switch (parsed.kind) {
    case 'unknown':
      return undefined;
    case 'key': {
      const values = new Map(parsed.keys);
      return keyElement([...values.keys()], (name) => values.get(name));
    }
    case 'value':
      return valueElement(parsed.value);
    case 'index':
      return `i:${parsed.index}`;
    default:
      return element;
  }
}

/** An element as messages show it: `.spec`, `[name="web"]`, `[="a"]`, `[0]`. */
export function printElement(element: string): string {
  const parsed = parseElement(element);
  switch (parsed.kind) {
    case 'field':
      return `.${parsed.name}`;
    case 'key':
      return `[${parsed.keys.map(([name, value]) => `${name}=${printValue(value)}`).join(',')}]`;
    case 'value':
      return `[=${printValue(parsed.value)}]`;
    case 'index':
      return `[${parsed.index}]`;
    default:
      return '';
  }
}

function printValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printValue).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return Object.entries(value)
    .map(([key, inner]) => `${key}=${printValue(inner)}`)
    .join('');
}

const RANKS: Record<string, number> = { '.': 0, f: 1, k: 2, v: 3, i: 4 };

/** Upstream's order: the place itself, fields by name, items by keys, items by value, items by index. */
export function compareElements(a: string, b: string): number {
  if (a.startsWith('f:') && b.startsWith('f:')) return compareStrings(a, b);
  const rank = RANKS[a[0] ?? ''] ?? 5;
  const order = rank - (RANKS[b[0] ?? ''] ?? 5);
  if (order !== 0 || a === b) return order;
  return rank < 2 ? compareStrings(a, b) : compareParsed(parseElement(a), parseElement(b));
}

function compareParsed(a: Parsed, b: Parsed): number {
  if (a.kind === 'key' && b.kind === 'key') return compareKeys(a.keys, b.keys);
  if (a.kind === 'value' && b.kind === 'value') return compareValues(a.value, b.value);
  return a.kind === 'index' && b.kind === 'index' ? a.index - b.index : 0;
}

function compareKeys(a: readonly [string, unknown][], b: readonly [string, unknown][]): number {
  for (const [index, [name, value]] of a.entries()) {
    const other = b[index];
    if (!other) return 1;
    const order = compareStrings(name, other[0]) || compareValues(value, other[1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

const TYPE_RANKS: Record<string, number> = { number: 0, string: 1, boolean: 2, object: 3 };

function compareValues(a: unknown, b: unknown): number {
  const order = (TYPE_RANKS[typeof a] ?? 4) - (TYPE_RANKS[typeof b] ?? 4);
  if (order !== 0) return order;
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  if (typeof a === 'object') return compareStrings(JSON.stringify(a), JSON.stringify(b));
  return Number(a) - Number(b);
}

/** As Go compares strings: by their bytes in UTF-8, where what JavaScript has as surrogates comes last. */
export function compareStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
