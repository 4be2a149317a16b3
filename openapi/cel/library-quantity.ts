/** Kubernetes' functions on quantities and on semantic versions. */
import type { Environment } from '@marcbachmann/cel-js';
import { parseQuantity } from '../../base/quantity.ts';

const NANO = 1_000_000_000n;
const MAX_INT = 2n ** 63n - 1n;

/** A quantity, in billionths. */
class Quantity {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }

  static parse(text: string): Quantity | undefined {
    const nanos = parseQuantity(text);
    return nanos === undefined ? undefined : new Quantity(nanos);
  }

  get isInteger(): boolean {
    return this.nanos % NANO === 0n && this.nanos / NANO <= MAX_INT && this.nanos / NANO >= -MAX_INT - 1n;
  }
}

export function registerQuantity(environment: Environment): void {
  const compare = (a: Quantity, b: Quantity) => (a.nanos < b.nanos ? -1n : a.nanos > b.nanos ? 1n : 0n);
  const whole = (quantity: Quantity) =>
    quantity.isInteger ? quantity.nanos / NANO : refuse('cannot convert value to integer');
  environment
    .registerType('kubernetes.Quantity', { ctor: Quantity, fields: {} })
    .registerFunction(
      'quantity(string): kubernetes.Quantity',
      (text: string) => Quantity.parse(text) ?? refuse(`invalid quantity ${JSON.stringify(text)}`),
    )
    .registerFunction('isQuantity(string): bool', (text: string) => Quantity.parse(text) !== undefined)
    .registerFunction('kubernetes.Quantity.sign(): int', (one: Quantity) => compare(one, new Quantity(0n)))
    .registerFunction('kubernetes.Quantity.isInteger(): bool', (one: Quantity) => one.isInteger)
    .registerFunction('kubernetes.Quantity.asInteger(): int', whole)
    .registerFunction('kubernetes.Quantity.asApproximateFloat(): double', (one: Quantity) => Number(one.nanos) / 1e9)
    .registerFunction(
      'kubernetes.Quantity.add(kubernetes.Quantity): kubernetes.Quantity',
      (a: Quantity, b: Quantity) => new Quantity(a.nanos + b.nanos),
    )
    .registerFunction(
      'kubernetes.Quantity.add(int): kubernetes.Quantity',
      (a: Quantity, b: bigint) => new Quantity(a.nanos + b * NANO),
    )
    .registerFunction(
      'kubernetes.Quantity.sub(kubernetes.Quantity): kubernetes.Quantity',
      (a: Quantity, b: Quantity) => new Quantity(a.nanos - b.nanos),
    )
    .registerFunction(
      'kubernetes.Quantity.sub(int): kubernetes.Quantity',
      (a: Quantity, b: bigint) => new Quantity(a.nanos - b * NANO),
    )
    .registerFunction(
      'kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool',
      (a: Quantity, b: Quantity) => a.nanos > b.nanos,
    )
    .registerFunction(
      'kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool',
      (a: Quantity, b: Quantity) => a.nanos < b.nanos,
    )
    .registerFunction('kubernetes.Quantity.compareTo(kubernetes.Quantity): int', compare)
    .registerOperator('kubernetes.Quantity == kubernetes.Quantity', (a: Quantity, b: Quantity) => a.nanos === b.nanos);
}

class Version {
  readonly numbers: readonly bigint[];
  readonly prerelease: readonly string[];

  constructor(numbers: readonly bigint[], prerelease: readonly string[]) {
    this.numbers = numbers;
    this.prerelease = prerelease;
  }

  static parse(text: string, normalize = false): Version | undefined {
    const match = VERSION.exec(normalize ? normalized(text) : text);
    if (!match) return undefined;
    const [, major = '0', minor = '0', patch = '0', prerelease = ''] = match;
    return new Version([major, minor, patch].map(BigInt), prerelease === '' ? [] : prerelease.split('.'));
  }

  compare(other: Version): bigint {
    for (const [i, number] of this.numbers.entries()) {
      const theirs = other.numbers[i] ?? 0n;
      if (number !== theirs) return number < theirs ? -1n : 1n;
    }
    if (this.prerelease.length === 0 || other.prerelease.length === 0)
      return BigInt(Number(this.prerelease.length === 0) - Number(other.prerelease.length === 0));
    return comparePrerelease(this.prerelease, other.prerelease);
  }
}

const VERSION =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$/;

/** `v1.2` becomes `1.2.0`, `01.1.0` becomes `1.1.0`. */
function normalized(text: string): string {
  const match = /^v?(\d+(?:\.\d+){0,2})(.*)$/.exec(text);
  if (!match) return text;
  const numbers = (match[1] ?? '').split('.').map((number) => String(BigInt(number)));
  while (numbers.length < 3) numbers.push('0');
  return `${numbers.join('.')}${match[2]}`;
}

function comparePrerelease(mine: readonly string[], theirs: readonly string[]): bigint {
  for (let i = 0; i < Math.min(mine.length, theirs.length); i++) {
    const [a = '', b = ''] = [mine[i], theirs[i]];
    if (a === b) continue;
    const [aNumber, bNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
    if (aNumber && bNumber) return BigInt(a) < BigInt(b) ? -1n : 1n;
    if (aNumber !== bNumber) return aNumber ? -1n : 1n;
    return a < b ? -1n : 1n;
  }
  return BigInt(Math.sign(mine.length - theirs.length));
}

export function registerSemver(environment: Environment): void {
  const read = (text: string, normalize = false) =>
    Version.parse(text, normalize) ?? refuse(`Invalid Semantic Version: ${JSON.stringify(text)}`);
  environment
    .registerType('kubernetes.Semver', { ctor: Version, fields: {} })
    .registerFunction('semver(string): kubernetes.Semver', (text: string) => read(text))
    .registerFunction('semver(string, bool): kubernetes.Semver', read)
    .registerFunction('isSemver(string): bool', (text: string) => Version.parse(text) !== undefined)
    .registerFunction(
      'isSemver(string, bool): bool',
      (text: string, normalize: boolean) => Version.parse(text, normalize) !== undefined,
    )
    .registerFunction('kubernetes.Semver.major(): int', (one: Version) => one.numbers[0])
    .registerFunction('kubernetes.Semver.minor(): int', (one: Version) => one.numbers[1])
    .registerFunction('kubernetes.Semver.patch(): int', (one: Version) => one.numbers[2])
    .registerFunction(
      'kubernetes.Semver.isGreaterThan(kubernetes.Semver): bool',
      (a: Version, b: Version) => a.compare(b) > 0n,
    )
    .registerFunction(
      'kubernetes.Semver.isLessThan(kubernetes.Semver): bool',
      (a: Version, b: Version) => a.compare(b) < 0n,
    )
    .registerFunction('kubernetes.Semver.compareTo(kubernetes.Semver): int', (a: Version, b: Version) => a.compare(b))
    .registerOperator('kubernetes.Semver == kubernetes.Semver', (a: Version, b: Version) => a.compare(b) === 0n);
}

function refuse(message: string): never {
  throw new Error(message);
}
