/** Arithmetic on lists of resources (`cpu: 500m`), as upstream's quota code does it. Lists are never changed. */
import { canonicalQuantity, parseQuantity } from '../../base/quantity.ts';

export type ResourceList = Readonly<Record<string, string>>;

const UNIT = 1_000_000_000n;
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** Billionths; what is absent is nothing. */
export function nanosOf(text: string | undefined): bigint {
  return parseQuantity(text ?? '0') ?? 0n;
}

/** The sum, in the format of the first unless that is zero. */
export function addQuantities(a: string, b: string): string {
  const first = nanosOf(a);
  return quantityText(first + nanosOf(b), first === 0n ? b : a);
}

/** `nanos` in the format of `like`: binary when that ends in `Ki`, `Mi` and so on. */
export function quantityText(nanos: bigint, like: string): string {
  const decimal = () => canonicalQuantity(`${nanos}n`) ?? '0';
  const size = nanos < 0n ? -nanos : nanos;
  if (!like.endsWith('i') || size < 1024n * UNIT || size % UNIT !== 0n) return decimal();
  let value = nanos / UNIT;
  let power = 0;
  while (value % 1024n === 0n && power < BINARY_SUFFIXES.length - 1) {
    value /= 1024n;
    power++;
  }
  return `${value}${BINARY_SUFFIXES[power]}`;
}

export function sum(a: ResourceList, b: ResourceList): ResourceList {
  const result: Record<string, string> = { ...a };
  for (const [name, text] of Object.entries(b)) {
    const present = result[name];
    result[name] = present === undefined ? text : addQuantities(present, text);
  }
  return result;
}

/** Of each resource the larger amount. */
export function maximum(a: ResourceList, b: ResourceList): ResourceList {
  const result: Record<string, string> = { ...a };
  for (const [name, text] of Object.entries(b)) {
    const present = result[name];
    if (present === undefined || nanosOf(text) > nanosOf(present)) result[name] = text;
  }
  return result;
}

/** What `a` has more than `b`, at least nothing. */
export function surplus(a: ResourceList, b: ResourceList): ResourceList {
  return mapped(a, (text, name) => {
    const rest = nanosOf(text) - nanosOf(b[name]);
    return rest > 0n ? quantityText(rest, text) : '0';
  });
}

/** Only those of the names given. */
export function mask(list: ResourceList, names: Iterable<string>): ResourceList {
  const wanted = new Set(names);
  return Object.fromEntries(Object.entries(list).filter(([name]) => wanted.has(name)));
}

export function withoutZeros(list: ResourceList): ResourceList {
  return Object.fromEntries(Object.entries(list).filter(([, text]) => nanosOf(text) !== 0n));
}

/** Whether both say the same. */
export function sameAmounts(a: ResourceList, b: ResourceList): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => b[name] !== undefined && nanosOf(a[name]) === nanosOf(b[name]))
  );
}

/** `cpu=1,pods=2`, by name. */
export function amountsText(list: ResourceList): string {
  const names = Object.keys(list).sort();
  return names.map((name) => `${name}=${list[name]}`).join(',');
}

function mapped(list: ResourceList, value: (text: string, name: string) => string): ResourceList {
  return Object.fromEntries(Object.entries(list).map(([name, text]) => [name, value(text, name)]));
}
