/** Lists of resources (`cpu: 500m`): their canonical form and their validation. */
import { parseQuantity } from '../../../base/quantity.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { invalidEach, invalidValue } from './errors.ts';
import { NOT_NEGATIVE } from './fields.ts';
import { isQualifiedName } from './names.ts';

export type ResourceList = Record<string, string>;

const NANO = 1_000_000_000n;
const MILLI = 1_000_000n;
const DECIMAL_SUFFIXES = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const STANDARD_RESOURCES = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'storage',
  'requests.storage',
  'services.nodeports',
  'services.loadbalancers',
  'count/pods',
]);
const CONTAINER_RESOURCES = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** A quantity as upstream writes it back: `0.5` becomes `500m`, `1024Mi` `1Gi`; `undefined` when it is none. */
export function canonicalQuantity(text: string | number): string | undefined {
  const value = parseQuantity(text);
  if (value === undefined) return undefined;
  const suffix = /[a-zA-Z].*$/.exec(String(text))?.[0] ?? '';
  const sign = value < 0n ? '-' : '';
  const size = value < 0n ? -value : value;
  if (size === 0n) return '0';
  // A binary quantity with a fraction of a unit is shown in decimal.
  if (suffix.endsWith('i') && size % NANO === 0n && size >= 1024n * NANO) return sign + binary(size / NANO);
  if (/^[eE][+-]?\d/.test(suffix)) return sign + exponential(size);
  return sign + decimal(size);
}

function binary(units: bigint): string {
  let index = 0;
  let rest = units;
  while (rest % 1024n === 0n && index < BINARY_SUFFIXES.length - 1) {
    rest /= 1024n;
    index++;
  }
  return `${rest}${BINARY_SUFFIXES[index]}`;
}

/** The largest suffix that leaves no fraction. */
function decimal(nanos: bigint): string {
  const [digits, thousands] = withoutThousands(nanos, DECIMAL_SUFFIXES.length - 1);
  return `${digits}${DECIMAL_SUFFIXES[thousands]}`;
}

function exponential(nanos: bigint): string {
  const [digits, thousands] = withoutThousands(nanos, 99);
  const exponent = thousands * 3 - 9;
  return exponent === 0 ? `${digits}` : `${digits}e${exponent}`;
}

function withoutThousands(nanos: bigint, maximum: number): [digits: bigint, thousands: number] {
  let rest = nanos;
  let thousands = 0;
  while (rest % 1000n === 0n && thousands < maximum) {
    rest /= 1000n;
    thousands++;
  }
  return [rest, thousands];
}

/** Rewrites each quantity in place in canonical form, rounded up to thousandths as upstream does on every decode. */
export function canonicalizeResources(list: ResourceList | undefined): void {
  if (!list) return;
  for (const [name, text] of Object.entries(list)) {
    const value = parseQuantity(text);
    if (value === undefined) continue;
    const fraction = value % MILLI;
    const canonical = fraction === 0n ? canonicalQuantity(text) : decimal(value - fraction + MILLI);
    if (canonical !== undefined) list[name] = canonical;
  }
}

/** -1, 0 or 1; what is no quantity counts as 0. */
export function compareQuantities(a: string | undefined, b: string | undefined): number {
  const left = parseQuantity(a ?? '0') ?? 0n;
  const right = parseQuantity(b ?? '0') ?? 0n;
  return left === right ? 0 : left < right ? -1 : 1;
}

/** Whether requests may exceed what is there. */
export function isOvercommitAllowed(resource: string): boolean {
  const native = !resource.includes('/') || resource.split('/')[0]?.endsWith('kubernetes.io') === true;
  return native && !resource.startsWith('hugepages-');
}

function isExtended(resource: string): boolean {
  const prefix = resource.split('/')[0] ?? '';
  if (prefix.endsWith('kubernetes.io') || resource.startsWith('requests.')) return false;
  return isQualifiedName(`requests.${resource}`).length === 0;
}

/** The name of a resource that a container asks for, `cpu` or `example.com/gpu`. */
export function validateContainerResourceName(name: string, field: string): FieldError[] {
  const errors = invalidEach(field, name, isQualifiedName(name));
  const hugePages = name.startsWith('hugepages-');
  if (!name.includes('/')) {
    if (errors.length === 0 && !STANDARD_RESOURCES.has(name) && !hugePages) {
      errors.push(invalidValue(field, name, 'must be a standard resource type or fully qualified'));
    }
    if (!CONTAINER_RESOURCES.has(name) && !hugePages) {
      errors.push(invalidValue(field, name, 'must be a standard resource for containers'));
    }
  } else if (!isNative(name) && !isExtended(name)) {
    errors.push(invalidValue(field, name, "doesn't follow extended resource name standard"));
  }
  return errors;
}

function isNative(name: string): boolean {
  return !name.includes('/') || name.split('/')[0]?.endsWith('kubernetes.io') === true;
}

/** Not negative, and whole where the resource cannot be divided. */
export function validateQuantityValue(name: string, text: string, field: string): FieldError[] {
  const value = parseQuantity(text);
  if (value === undefined) return [];
  const errors = value < 0n ? [invalidValue(field, canonicalQuantity(text), NOT_NEGATIVE)] : [];
  const whole = STANDARD_RESOURCES.has(name) ? name === 'pods' : isExtended(name) && name.includes('/');
  if (whole && value % NANO !== 0n) errors.push(invalidValue(field, canonicalQuantity(text), 'must be an integer'));
  return errors;
}
