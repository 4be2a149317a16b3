/** IP addresses and ranges. */
import { isIP, isIPv6 } from 'node:net';
import type { FieldError } from '../../../openapi/status.ts';
import { invalidValue } from './errors.ts';

export type IpFamily = 'IPv4' | 'IPv6';

/** A range of addresses of one family. */
export interface Cidr {
  family: IpFamily;
  /** The network's own address. */
  base: bigint;
  prefixLength: number;
  /** Number of addresses. */
  size: bigint;
}

/** The family of a valid address. */
export function familyOf(ip: string): IpFamily {
  return isIPv6(ip) ? 'IPv6' : 'IPv4';
}

/** The address as a number; `undefined` when `ip` is no address. */
export function ipToNumber(ip: string): bigint | undefined {
  switch (isIP(ip)) {
    case 4:
      return ip.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
    case 6:
      return ipv6ToNumber(ip);
    default:
      return undefined;
  }
}

function ipv6ToNumber(ip: string): bigint {
  const [head = '', tail] = ip.replace(/%.*$/, '').split('::');
  const left = groups(head);
  const right = groups(tail ?? '');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const all = [...left, ...Array.from({ length: zeros }, () => 0n), ...right];
  return all.reduce((sum, group) => (sum << 16n) | group, 0n);
}

function groups(text: string): bigint[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [BigInt(`0x${part}`)];
    const number = ipToNumber(part) ?? 0n;
    return [number >> 16n, number & 0xffffn];
  });
}

/** The other way round, in canonical form. */
export function numberToIp(number: bigint, family: IpFamily): string {
  if (family === 'IPv4') return [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 0xffn).join('.');
  const parts = Array.from({ length: 8 }, (_, i) => ((number >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  return compress(parts);
}

function compress(parts: string[]): string {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < parts.length; start++) {
    let length = 0;
    while (parts[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return parts.join(':');
  return `${parts.slice(0, best.start).join(':')}::${parts.slice(best.start + best.length).join(':')}`;
}

/** Reads `10.96.0.0/12`; `undefined` when it is no range. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const address = ipToNumber(match?.[1] ?? '');
  if (!match || address === undefined) return undefined;
  const family = familyOf(match[1] ?? '');
  const bits = family === 'IPv4' ? 32 : 128;
  const prefixLength = Number(match[2]);
  if (prefixLength > bits) return undefined;
  const size = 1n << BigInt(bits - prefixLength);
  return { family, base: address - (address % size), prefixLength, size };
}

/** The `index`th address of a range, the network's own address being the 0th. */
export function ipAt(cidr: Cidr, index: number): string {
  return numberToIp(cidr.base + BigInt(index), cidr.family);
}

function within(ip: string, ...ranges: string[]): boolean {
  const number = ipToNumber(ip);
  return ranges.some((text) => {
    const range = parseCidr(text);
    if (!range || number === undefined || range.family !== familyOf(ip)) return false;
    return number >= range.base && number < range.base + range.size;
  });
}

/** Refuses addresses that never lead to another machine. */
export function validateNonSpecialIp(ip: string, field: string): FieldError[] {
  if (isIP(ip) === 0) return [invalidValue(field, ip, 'must be a valid IP address')];
  const errors: FieldError[] = [];
  if (ipToNumber(ip) === 0n) errors.push(invalidValue(field, ip, 'may not be unspecified (0.0.0.0 or ::)'));
  if (within(ip, '127.0.0.0/8', '::1/128')) {
    errors.push(invalidValue(field, ip, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'));
  }
  if (within(ip, '169.254.0.0/16', 'fe80::/10')) {
    errors.push(invalidValue(field, ip, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'));
  }
  if (within(ip, '224.0.0.0/24', 'ff02::/16')) {
    errors.push(invalidValue(field, ip, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'));
  }
  return errors;
}
