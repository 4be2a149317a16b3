/** Node ports, kept in memory and seeded from the stored services. */
import type { Random } from '../../../base/random.ts';
import { AllocatedError, AllocationError, RangeFullError } from './errors.ts';
import { OwnedRange } from './range.ts';

export interface PortAllocator {
  /** Gives `port` to `owner`, again if it has it already. Throws `AllocationError`. */
  allocate(port: number, owner: string): void;
  /** Gives a free port. Throws `RangeFullError`. */
  allocateNext(owner: string): number;
  /** `owner` gives up what it has except `kept`, for good when it does so twice: its write may yet fail. */
  retain(owner: string, kept: readonly number[]): void;
  /** Takes back everything `owner` has. */
  release(owner: string): void;
  /** Marks as used what is stored. */
  seed(entries: Iterable<{ port: number; owner: string }>): void;
}

/** An allocator for a range as upstream's flag writes it, both ends included: `30000-32767`. */
export function portAllocator(range: string, random: Random): PortAllocator {
  const match = /^(\d+)-(\d+)$/.exec(range);
  const low = Number(match?.[1]);
  const size = Number(match?.[2]) - low + 1;
  if (!match || size < 1 || low < 1 || low + size > 65536) throw new Error(`invalid port range: ${range}`);
  return new MemoryPortAllocator(range, low, size, random);
}

/** Upstream's split: a thirty-second, at least 16 and at most 128 ports, none of a tiny range. */
function reservedBand(size: number): number {
  if (size < 16) return 0;
  return Math.min(Math.max(16, Math.floor(size / 32)), 128);
}

class MemoryPortAllocator implements PortAllocator {
  readonly #range: string;
  readonly #low: number;
  readonly #size: number;
  readonly #ports: OwnedRange;

  constructor(range: string, low: number, size: number, random: Random) {
    this.#range = range;
    this.#low = low;
    this.#size = size;
    this.#ports = new OwnedRange(size, reservedBand(size), random);
  }

  allocate(port: number, owner: string): void {
    if (port < this.#low || port >= this.#low + this.#size) {
      throw new AllocationError(`provided port is not in the valid range. The range of valid ports is ${this.#range}`);
    }
    if (!this.#ports.take(port - this.#low, owner)) throw new AllocatedError('provided port is already allocated');
  }

  allocateNext(owner: string): number {
    const index = this.#ports.takeNext(owner);
    if (index === undefined) throw new RangeFullError();
    return this.#low + index;
  }

  retain(owner: string, kept: readonly number[]): void {
    this.#ports.retain(owner, new Set(kept.map((port) => port - this.#low)));
  }

  release(owner: string): void {
    this.#ports.release(owner);
  }

  seed(entries: Iterable<{ port: number; owner: string }>): void {
    for (const { port, owner } of entries) {
      if (port >= this.#low && port < this.#low + this.#size) this.#ports.take(port - this.#low, owner);
    }
  }
}
