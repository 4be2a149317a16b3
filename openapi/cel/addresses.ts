/** IP addresses and ranges as CEL's network functions see them. */
import { isIP, isIPv4 } from 'node:net';

/** An address, as a number of 32 or 128 bits. */
export class IpAddress {
  readonly family: 4 | 6;
  readonly number: bigint;

  constructor(family: 4 | 6, number: bigint) {
    this.family = family;
    this.number = number;
  }

  /** `undefined` for what is none; addresses with zones and IPv4 in IPv6 are none to upstream. */
  static parse(text: string): IpAddress | undefined {
    const family = isIP(text);
    if (family === 0 || text.includes('%')) return undefined;
    if (family === 4) return new IpAddress(4, ipv4Number(text));
    const number = ipv6Number(text);
    return number >> 32n === 0xffffn ? undefined : new IpAddress(6, number);
  }

  get bits(): number {
    return this.family === 4 ? 32 : 128;
  }

  isIn(range: string): boolean {
    const cidr = Cidr.parse(range);
    return cidr?.contains(this) ?? false;
  }

  toString(): string {
    if (this.family === 4) return [24n, 16n, 8n, 0n].map((shift) => (this.number >> shift) & 0xffn).join('.');
    const hex = this.number.toString(16).padStart(32, '0').match(/.{4}/g) ?? [];
    // A URL's host is written in canonical form.
    return new URL(`http://[${hex.join(':')}]`).hostname.slice(1, -1);
  }
}

export class Cidr {
  readonly address: IpAddress;
  readonly prefixLength: number;

  constructor(address: IpAddress, prefixLength: number) {
    this.address = address;
    this.prefixLength = prefixLength;
  }

  static parse(text: string): Cidr | undefined {
    const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
    const address = IpAddress.parse(match?.[1] ?? '');
    const length = Number(match?.[2]);
    return address && length <= address.bits ? new Cidr(address, length) : undefined;
  }

  /** The network's own address. */
  masked(): Cidr {
    const host = BigInt(this.address.bits - this.prefixLength);
    return new Cidr(new IpAddress(this.address.family, (this.address.number >> host) << host), this.prefixLength);
  }

  contains(address: IpAddress): boolean {
    if (address.family !== this.address.family) return false;
    const host = BigInt(this.address.bits - this.prefixLength);
    return address.number >> host === this.address.number >> host;
  }

  containsRange(other: Cidr): boolean {
    return other.prefixLength >= this.prefixLength && this.contains(other.address);
  }

  toString(): string {
    return `${this.address}/${this.prefixLength}`;
  }
}

function ipv4Number(text: string): bigint {
  return text.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function ipv6Number(text: string): bigint {
  const [head = '', tail] = text.split('::');
  const left = groups(head);
  const right = groups(tail ?? '');
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - left.length - right.length }, () => 0n);
  return [...left, ...zeros, ...right].reduce((sum, group) => (sum << 16n) | group, 0n);
}

function groups(text: string): bigint[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!isIPv4(part)) return [BigInt(`0x${part}`)];
    const number = ipv4Number(part);
    return [number >> 16n, number & 0xffffn];
  });
}
