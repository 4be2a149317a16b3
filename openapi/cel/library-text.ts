/** Functions on strings, lists and sets that the library lacks, and regular expressions as Go means them. */
import type { Environment } from '@marcbachmann/cel-js';
import { goRegExp } from '../go-regexp.ts';
import { loadCel } from '../lazy.ts';
import { goFloat, quote } from '../structural/field-error.ts';
import { formatCheck } from '../structural/formats.ts';
import { canonical, isEqual } from './values.ts';

class SetsNamespace {}
class FormatNamespace {}

export function registerText(environment: Environment): void {
  registerStrings(environment);
  registerLists(environment);
  registerSets(environment);
  registerFormats(environment);
}

/** What `matches` is renamed to, so that it is Go's and not JavaScript's. */
export const MATCHES = 'goMatches';

function registerStrings(environment: Environment): void {
  const replace = (text: string, from: string, to: string, times = -1n) => {
    let left = times < 0n ? Number.POSITIVE_INFINITY : Number(times);
    const parts = text.split(from);
    return parts.reduce((result, part) => result + (left-- > 0 ? to : from) + part);
  };
  environment
    .registerFunction(`string.${MATCHES}(string): bool`, (text: string, pattern: string) =>
      goRegExp(pattern).test(text),
    )
    .registerFunction(`${MATCHES}(string, string): bool`, (text: string, pattern: string) =>
      goRegExp(pattern).test(text),
    )
    .registerFunction(
      'string.find(string): string',
      (text: string, pattern: string) => goRegExp(pattern).find(text) ?? '',
    )
    .registerFunction('string.findAll(string): list<string>', (text: string, pattern: string) =>
      goRegExp(pattern).findAll(text, -1),
    )
    .registerFunction('string.findAll(string, int): list<string>', (text: string, pattern: string, limit: bigint) =>
      goRegExp(pattern).findAll(text, Number(limit)),
    )
    .registerFunction('string.charAt(int): string', charAt)
    .registerFunction('string.replace(string, string): string', replace)
    .registerFunction('string.replace(string, string, int): string', replace)
    .registerFunction('string.reverse(): string', (text: string) => [...text].reverse().join(''))
    .registerFunction('string.format(list<dyn>): string', format);
}

function charAt(text: string, index: bigint): string {
  const characters = [...text];
  const at = Number(index);
  if (at < 0 || at > characters.length) throw new Error(`index out of range: ${index}`);
  return characters[at] ?? '';
}

/** `"%s is %d".format(["x", 5])`: the verbs s, d, f, e, b, x, X and o, with a precision. */
function format(text: string, values: readonly unknown[]): string {
  let next = 0;
  return text.replace(/%(?:\.(\d+))?(.)/g, (_all, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%';
    if (next >= values.length) throw new Error(`index ${next} out of range`);
    return formatted(values[next++], verb, precision === undefined ? 6 : Number(precision));
  });
}

function formatted(value: unknown, verb: string, precision: number): string {
  switch (verb) {
    case 's':
      return shown(value);
    case 'd':
      return shown(value);
    case 'f':
      return Number(value).toFixed(precision);
    case 'e':
      return Number(value)
        .toExponential(precision)
        .replace(/e([+-])(\d)$/, 'e$10$2');
    case 'b':
      return typeof value === 'boolean' ? (value ? '1' : '0') : BigInt(value as bigint).toString(2);
    case 'o':
      return BigInt(value as bigint).toString(8);
    case 'x':
    case 'X': {
      const hex = typeof value === 'string' ? Buffer.from(value).toString('hex') : BigInt(value as bigint).toString(16);
      return verb === 'x' ? hex : hex.toUpperCase();
    }
    default:
      throw new Error(`could not parse formatting clause: unrecognized formatting clause ${quote(verb)}`);
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : goFloat(value);
  if (value === null) return 'null';
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
  if (value instanceof Map)
    return `{${[...value]
      .map(([key, inner]) => `${shown(key)}: ${shown(inner)}`)
      .sort()
      .join(', ')}}`;
  return String(value);
}

type Comparable = bigint | number | string | boolean;

const COMPARABLE = ['int', 'double', 'string', 'bool'] as const;

function registerLists(environment: Environment): void {
  const isSorted = (list: readonly Comparable[]) =>
    list.every((item, i) => i === 0 || (list[i - 1] as Comparable) <= item);
  const least = (list: readonly Comparable[]) => chosen(list, 'min', (a, b) => a < b);
  const greatest = (list: readonly Comparable[]) => chosen(list, 'max', (a, b) => a > b);
  for (const type of COMPARABLE) {
    environment
      .registerFunction(`list<${type}>.isSorted(): bool`, isSorted)
      .registerFunction(`list<${type}>.min(): ${type}`, least)
      .registerFunction(`list<${type}>.max(): ${type}`, greatest);
  }
  environment
    .registerFunction('list<int>.sum(): int', (list: readonly bigint[]) => list.reduce((sum, item) => sum + item, 0n))
    .registerFunction('list<double>.sum(): double', (list: readonly number[]) =>
      list.reduce((sum, item) => sum + item, 0),
    )
    .registerFunction('list.indexOf(dyn): int', (list: readonly unknown[], value: unknown) =>
      BigInt(list.findIndex((item) => isEqual(item, value))),
    )
    .registerFunction('list.lastIndexOf(dyn): int', (list: readonly unknown[], value: unknown) =>
      BigInt(list.findLastIndex((item) => isEqual(item, value))),
    );
}

function chosen(
  list: readonly Comparable[],
  name: string,
  better: (a: Comparable, b: Comparable) => boolean,
): Comparable {
  const [first, ...rest] = list;
  if (first === undefined) throw new Error(`${name} called on empty list`);
  return rest.reduce((best, item) => (better(item, best) ? item : best), first);
}

function registerSets(environment: Environment): void {
  const keys = (list: readonly unknown[]) => new Set(list.map(canonical));
  const contains = (list: readonly unknown[], sublist: readonly unknown[]) => {
    const mine = keys(list);
    return [...keys(sublist)].every((key) => mine.has(key));
  };
  environment
    .registerType('SetsNamespace', { ctor: SetsNamespace, fields: {} })
    .registerConstant('sets', 'SetsNamespace', new SetsNamespace())
    .registerFunction('SetsNamespace.contains(list, list): bool', (_: SetsNamespace, a: unknown[], b: unknown[]) =>
      contains(a, b),
    )
    .registerFunction(
      'SetsNamespace.equivalent(list, list): bool',
      (_: SetsNamespace, a: unknown[], b: unknown[]) => contains(a, b) && contains(b, a),
    )
    .registerFunction('SetsNamespace.intersects(list, list): bool', (_: SetsNamespace, a: unknown[], b: unknown[]) => {
      const mine = keys(a);
      return [...keys(b)].some((key) => mine.has(key));
    });
}

/** A named format, with its check. */
class NamedFormat {
  readonly name: string;
  readonly messages: (text: string) => string[];

  constructor(name: string, messages: (text: string) => string[]) {
    this.name = name;
    this.messages = messages;
  }
}

const NAMED_FORMATS: Record<string, (text: string) => boolean> = {
  dns1123Label: (text) => formatCheck('k8s-short-name')?.(text) ?? false,
  dns1123Subdomain: (text) => formatCheck('k8s-long-name')?.(text) ?? false,
  dns1035Label: (text) => text.length <= 63 && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(text),
  qualifiedName: (text) =>
    /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/.test(text),
  labelValue: (text) => text.length <= 63 && /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(text),
  uri: (text) => formatCheck('uri')?.(text) ?? false,
  uuid: (text) => formatCheck('uuid')?.(text) ?? false,
  byte: (text) => formatCheck('byte')?.(text) ?? false,
  date: (text) => formatCheck('date')?.(text) ?? false,
  datetime: (text) => formatCheck('datetime')?.(text) ?? false,
};

function registerFormats(environment: Environment): void {
  const namespace = new FormatNamespace();
  const formats = new Map(
    Object.entries(NAMED_FORMATS).map(([name, check]) => [
      name,
      new NamedFormat(name, (text) => (check(text) ? [] : [`must be a valid ${name}`])),
    ]),
  );
  environment
    .registerType('kubernetes.NamedFormat', { ctor: NamedFormat, fields: {} })
    .registerType('FormatNamespace', { ctor: FormatNamespace, fields: {} })
    .registerConstant('format', 'FormatNamespace', namespace)
    .registerFunction(
      'FormatNamespace.named(string): optional<kubernetes.NamedFormat>',
      (_: FormatNamespace, name: string) => optionalOf(formats.get(name)),
    )
    .registerFunction(
      'kubernetes.NamedFormat.validate(string): optional<list<string>>',
      (one: NamedFormat, text: string) => {
        const messages = one.messages(text);
        return optionalOf(messages.length > 0 ? messages : undefined);
      },
    );
  for (const [name, one] of formats)
    environment.registerFunction(`FormatNamespace.${name}(): kubernetes.NamedFormat`, () => one);
}

function optionalOf(value: unknown): unknown {
  const { Optional } = loadCel();
  return value === undefined ? Optional.none() : Optional.of(value);
}
