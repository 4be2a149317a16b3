/**
 * Kubernetes quantities: `250m`, `1.5Gi`, `1e3`. Kept exact as a BigInt of billionths, as upstream keeps at most nanos.
 */

const PATTERN = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?$/;
const NANO = 1_000_000_000n;
const DECIMAL: Record<string, number> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: Record<string, bigint> = {
  Ki: 1n << 10n,
  Mi: 1n << 20n,
  Gi: 1n << 30n,
  Ti: 1n << 40n,
  Pi: 1n << 50n,
  Ei: 1n << 60n,
};

/** Upstream's words for a quantity it cannot read. */
export const QUANTITY_ERROR =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/** Billionths of a unit; `undefined` when `text` is no quantity. Rounds up, as upstream does. */
export function parseQuantity(text: string | number): bigint | undefined {
  const match = PATTERN.exec(String(text));
  if (!match) return undefined;
  const [, digits = '', exponent, suffix] = match;
  const negative = digits.startsWith('-');
  const [whole = '', fraction = ''] = digits.replace(/^[+-]/, '').split('.');
  let value = BigInt(`${whole}${fraction}` || '0');
  const scale = 9 - fraction.length + (exponent ? Number(exponent.slice(1)) : suffix ? (DECIMAL[suffix] ?? 0) : 0);
  if (Math.abs(scale) > 100) return undefined;
  if (suffix && BINARY[suffix]) value *= BINARY[suffix];
  value = scale >= 0 ? value * 10n ** BigInt(scale) : divideUp(value, 10n ** BigInt(-scale));
  return negative ? -value : value;
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
  return value === undefined ? 0 : Number(divideUp(value, 1_000_000n));
}
