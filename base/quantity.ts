/**
 * Kubernetes quantities: `250m`, `1.5Gi`, `1e3`. Kept exact as a BigInt of billionths, as upstream keeps at most nanos.
 */

import { memo } from './memo.ts';

const PATTERN = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE][+-]?\d+)|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?$/;
const NANO = 1_000_000_000n;
const DECIMAL: Record<string, number> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const DECIMAL_SUFFIXES = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY: Record<string, bigint> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
/** Upstream caps binary quantities at the largest int64. */
const MAX_BINARY = (2n ** 63n - 1n) * NANO;
/** Beyond it we refuse to compute: an exponent costs its sender nothing. */
const MAX_EXPONENT = 100;
const MAX_LENGTH = 256;

/** Upstream's words for a quantity it cannot read. */
export const QUANTITY_ERROR =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const SUFFIX_ERROR = "unable to parse quantity's suffix";

interface Parts {
  negative: boolean;
  /** Without leading zeros; `0` where nothing is left. */
  whole: string;
  fraction: string;
  format: 'decimal' | 'exponent' | 'binary';
  /** Power of ten, or of two for `binary`. */
  exponent: number;
}

function split(text: string): Parts | undefined {
  const match = text.length <= MAX_LENGTH ? PATTERN.exec(text) : null;
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', exponent, suffix] = match;
  if (whole === '' && fraction === '') return undefined;
  const common = { negative: sign === '-', whole: whole.replace(/^0+/, '') || '0', fraction };
  if (exponent) return { ...common, format: 'exponent', exponent: Number(exponent.slice(1)) };
  const power = suffix ? BINARY[suffix] : undefined;
  if (power !== undefined) return { ...common, format: 'binary', exponent: Number(power) };
  return { ...common, format: 'decimal', exponent: suffix ? (DECIMAL[suffix] ?? 0) : 0 };
}

/** Billionths, away from zero where they do not suffice. */
function nanosOf(parts: Parts): bigint | undefined {
  const ten = 9 - parts.fraction.length + (parts.format === 'binary' ? 0 : parts.exponent);
  if (Math.abs(parts.exponent) > MAX_EXPONENT) return undefined;
  let value = BigInt(`${parts.whole}${parts.fraction}`);
  if (parts.format === 'binary') value <<= BigInt(parts.exponent);
  value = ten >= 0 ? value * 10n ** BigInt(ten) : divideUp(value, 10n ** BigInt(-ten));
  if (parts.format === 'binary' && value > MAX_BINARY) value = MAX_BINARY;
  return parts.negative ? -value : value;
}

/** Clusters know few quantities, and meet them again with each pod. */
const REMEMBERED = 1_000;

const nanosOfText = memo(REMEMBERED, (text) => {
  const parts = split(text);
  return parts && nanosOf(parts);
});

/** Billionths of a unit; `undefined` when `text` is no quantity. Rounds away from zero, as upstream does. */
export function parseQuantity(text: string | number): bigint | undefined {
  return nanosOfText(String(text));
}

/** Upstream's message for a text that is no quantity; `undefined` when it is one. */
export function quantityError(text: string): string | undefined {
  if (parseQuantity(text) !== undefined) return undefined;
  const shape = /^[+-]?(?:\d+\.?\d*|\.\d*)([eEinumkKMGTP]*[-+]?\d*)$/.exec(text);
  return shape && shape[1] !== '' ? SUFFIX_ERROR : QUANTITY_ERROR;
}

/**
 * The text the server writes for a quantity it was given: `1000m` → `1`, `0.5` → `500m`, `1024Mi` → `1Gi`. As upstream,
 * a text that is in canonical form up to leading zeros or a sign is kept as it is. `undefined` when it is no quantity.
 */
export function canonicalQuantity(text: string | number): string | undefined {
  return canonicalText(String(text));
}

const canonicalText = memo(REMEMBERED, (text) => {
  const source = text.trim();
  const parts = split(source);
  const nanos = parts && nanosOf(parts);
  if (!parts || nanos === undefined) return undefined;
  if (source === '0' || nanos === 0n) return '0';
  if (isKept(parts)) return source;
  return parts.format === 'binary' ? binaryText(nanos) : decimalText(nanos, parts.format);
});

/** Whether upstream reuses the text: its fast path found it to be canonical. */
function isKept(parts: Parts): boolean {
  const digits = parts.whole.length + parts.fraction.length;
  const shifted = `${parts.whole}${parts.fraction}`;
  if (parts.format === 'binary') {
    const precision = 15 - parts.whole.length - Math.trunc((parts.exponent * 3) / 10) - 1;
    return precision >= 0 && parts.fraction === '' && (BigInt(shifted) & 7n) !== 0n;
  }
  const scale = parts.exponent - parts.fraction.length;
  const isFast = 18 - digits >= 0 && scale >= -9;
  return isFast && scale % 3 === 0 && !shifted.endsWith('000') && !shifted.startsWith('0');
}

/** Below 1024, and where a fraction would be lost, upstream writes binary quantities in decimal. */
function binaryText(nanos: bigint): string {
  const limit = 1024n * NANO;
  if ((nanos > -limit && nanos < limit) || nanos % NANO !== 0n) return decimalText(nanos, 'decimal');
  let value = nanos / NANO;
  let power = 0;
  while (value % 1024n === 0n && power < BINARY_SUFFIXES.length - 1) {
    value /= 1024n;
    power++;
  }
  return `${value}${BINARY_SUFFIXES[power]}`;
}

function decimalText(nanos: bigint, format: 'decimal' | 'exponent'): string {
  let value = nanos;
  let step = 0;
  const isLast = () => format === 'decimal' && step === DECIMAL_SUFFIXES.length - 1;
  while (value % 1000n === 0n && !isLast()) {
    value /= 1000n;
    step++;
  }
  const exponent = step * 3 - 9;
  if (format === 'exponent') return exponent === 0 ? `${value}` : `${value}e${exponent}`;
  return `${value}${DECIMAL_SUFFIXES[step]}`;
}

function divideUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}

/** Whole units, rounded up: bytes of memory, number of pods. 0 when `text` is absent or no quantity. */
export function quantityUnits(text: string | number | undefined): number {
  const value = text === undefined ? undefined : parseQuantity(text);
  return value === undefined ? 0 : Number(value >= 0n ? divideUp(value, NANO) : value / NANO);
}

/** Thousandths, rounded up: millicores of CPU. 0 when `text` is absent or no quantity. */
export function quantityMillis(text: string | number | undefined): number {
  const value = text === undefined ? undefined : parseQuantity(text);
  if (value === undefined) return 0;
  return Number(value >= 0n ? divideUp(value, 1_000_000n) : value / 1_000_000n);
}
