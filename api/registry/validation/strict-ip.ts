/** Addresses and ranges as strictly as they are read since 1.36: what others might read differently is refused. */
import type { FieldError } from '../../../openapi/status.ts';
import { invalidValue, quote } from './errors.ts';
import { familyOf, ipToNumber, numberToIp, parseCidr } from './ip.ts';

const NO_IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const NO_CIDR = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
/** `::ffff:0:0/96` */
const MAPPED = 0xffffn;

/** Go's sloppy parser takes decimal octets with leading zeros; ours takes none, so they go. */
function withoutLeadingZeros(ip: string): string {
  return /^\d+(\.\d+){3}$/.test(ip) ? ip.replace(/\b0+(?=\d)/g, '') : ip;
}

function isMapped(ip: string): boolean {
  return familyOf(ip) === 'IPv6' && (ipToNumber(ip) ?? 0n) >> 32n === MAPPED;
}

function canonicalIp(ip: string): string {
  return numberToIp(ipToNumber(ip) ?? 0n, familyOf(ip));
}

/** An address in a field that is older than canonical form. `existing`: what an update may keep. */
export function validateLegacyIp(ip: string, field: string, existing: readonly string[] = []): FieldError[] {
  if (existing.includes(ip)) return [];
  const sloppy = withoutLeadingZeros(ip);
  if (ip.includes('%') || ipToNumber(sloppy) === undefined) return [invalidValue(field, ip, NO_IP)];
  if (sloppy !== ip) return [invalidValue(field, ip, 'must not have leading 0s')];
  return isMapped(ip) ? [invalidValue(field, ip, 'must not be an IPv4-mapped IPv6 address')] : [];
}

/** An address in a newer field: in canonical form. Returns messages, for `Strategy.validateName` too. */
export function isValidIp(ip: string): string[] {
  const legacy = validateLegacyIp(ip, '').map(({ message }) => message.replace(`Invalid value: ${quote(ip)}: `, ''));
  if (legacy.length > 0) return legacy;
  const canonical = canonicalIp(ip);
  return canonical === ip ? [] : [`must be in canonical form (${quote(canonical)})`];
}

/** A range in a field that is older than canonical form. */
export function validateLegacyCidr(text: string, field: string, existing: readonly string[] = []): FieldError[] {
  if (existing.includes(text)) return [];
  const [ip = '', prefix = ''] = text.split('/');
  const sloppy = `${withoutLeadingZeros(ip)}/${prefix.replace(/^0+(?=\d)/, '')}`;
  const cidr = text.includes('/') && !text.includes('%') ? parseCidr(sloppy) : undefined;
  if (!cidr) return [invalidValue(field, text, NO_CIDR)];
  if (sloppy !== text) return [invalidValue(field, text, 'must not have leading 0s in IP or prefix length')];
  if (isMapped(ip)) return [invalidValue(field, text, 'must not have an IPv4-mapped IPv6 address')];
  if (ipToNumber(ip) === cidr.base) return [];
  return [invalidValue(field, text, 'must not have bits set beyond the prefix length')];
}

/** A range in a newer field: in canonical form. */
export function validateCidr(text: string, field: string): FieldError[] {
  const errors = validateLegacyCidr(text, field);
  if (errors.length > 0) return errors;
  const [ip = '', prefix = ''] = text.split('/');
  const canonical = `${canonicalIp(ip)}/${prefix}`;
  return canonical === text ? [] : [invalidValue(field, text, `must be in canonical form (${quote(canonical)})`)];
}
