/** Cluster IPs of one family, kept in memory and seeded from the stored services. */
import type { Random } from '../../../base/random.ts';
import { type Cidr, type IpFamily, ipAt, ipToNumber, parseCidr } from '../validation/ip.ts';
import { AllocatedError, AllocationError, RangeFullError } from './errors.ts';
import { OwnedRange } from './range.ts';

/** Upstream looks at no more of an IPv6 range than this. */
const ADDRESSES_MAX = 1n << 20n;

export interface IpAllocator {
  readonly family: IpFamily;
  readonly cidr: string;
  /** Gives `ip` to `owner`, again if it has it already. Throws `AllocationError`. */
  allocate(ip: string, owner: string): void;
  /** Gives a free address. Throws `RangeFullError`. */
  allocateNext(owner: string): string;
  /** `owner` gives up what it has except `kept`, for good when it does so twice: its write may yet fail. */
  retain(owner: string, kept: readonly string[]): void;
  /** Takes back everything `owner` has. */
  release(owner: string): void;
  /** Marks as used what is stored; an address that two have, or that is out of range, is left alone. */
  seed(entries: Iterable<{ ip: string; owner: string }>): void;
}

/** An allocator for `cidr`, for example `10.96.0.0/12`. Throws when it is no range or holds no address. */
export function ipAllocator(cidr: string, random: Random): IpAllocator {
  const range = parseCidr(cidr);
  if (!range) throw new Error(`invalid CIDR address: ${cidr}`);
  const size = usableSize(range);
  if (size < 1) throw new Error(`${cidr} is too small to hold service addresses`);
  const addresses = new OwnedRange(size, reservedBand(size), random);
  return new MemoryIpAllocator(cidr, range, size, addresses);
}

/** Without the network's address, and with IPv4 without the broadcast address. */
function usableSize(range: Cidr): number {
  const size = range.size < ADDRESSES_MAX ? range.size : ADDRESSES_MAX;
  return Number(size) - (range.family === 'IPv4' ? 2 : 1);
}

/** Upstream's split: a sixteenth, at least 16 and at most 256 addresses, none of a tiny range. */
function reservedBand(size: number): number {
  const wanted = Math.min(Math.max(16, Math.floor(size / 16)), 256);
  return wanted > size ? 0 : wanted;
}

class MemoryIpAllocator implements IpAllocator {
  readonly cidr: string;
  readonly family: IpFamily;
  readonly #range: Cidr;
  readonly #size: number;
  readonly #addresses: OwnedRange;

  constructor(cidr: string, range: Cidr, size: number, addresses: OwnedRange) {
    this.cidr = cidr;
    this.family = range.family;
    this.#range = range;
    this.#size = size;
    this.#addresses = addresses;
  }

  allocate(ip: string, owner: string): void {
    const index = this.#indexOf(ip);
    if (index === undefined) {
      throw new AllocationError(
        `the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${this.cidr}`,
      );
    }
    if (!this.#addresses.take(index, owner)) throw new AllocatedError('provided IP is already allocated');
  }

  allocateNext(owner: string): string {
    const index = this.#addresses.takeNext(owner);
    if (index === undefined) throw new RangeFullError();
    return ipAt(this.#range, index + 1);
  }

  retain(owner: string, kept: readonly string[]): void {
    this.#addresses.retain(owner, new Set(kept.flatMap((ip) => this.#indexOf(ip) ?? [])));
  }

  release(owner: string): void {
    this.#addresses.release(owner);
  }

  seed(entries: Iterable<{ ip: string; owner: string }>): void {
    for (const { ip, owner } of entries) {
      const index = this.#indexOf(ip);
      if (index !== undefined) this.#addresses.take(index, owner);
    }
  }

  #indexOf(ip: string): number | undefined {
    const number = ipToNumber(ip);
    if (number === undefined) return undefined;
    const index = number - this.#range.base - 1n;
    return index >= 0n && index < BigInt(this.#size) ? Number(index) : undefined;
  }
}
