/** Addresses for simulated sandboxes. */
import { formatAddress, parseCidr } from '../cidr.ts';

/** Hands out the addresses of a network in order, round and round, so that a freed one rests before it returns. */
export class AddressPool {
  readonly #base: number;
  readonly #last: number;
  readonly #taken = new Set<string>();
  #next = FIRST;

  constructor(podCidr: string) {
    const { base, size } = parseCidr(podCidr);
    this.#base = base;
    this.#last = size - 2; // the one after is the broadcast address
  }

  /** Throws when all are taken. */
  take(): string {
    for (let tries = FIRST; tries <= this.#last; tries++) {
      const address = formatAddress(this.#base + this.#next);
      this.#next = this.#next >= this.#last ? FIRST : this.#next + 1;
      if (this.#taken.has(address)) continue;
      this.#taken.add(address);
      return address;
    }
    throw new Error(`no addresses available: all ${this.#taken.size} of the pod CIDR are in use`);
  }

  /** Takes a certain address, of a pod that has it already. */
  claim(address: string): void {
    this.#taken.add(address);
  }

  release(address: string): void {
    this.#taken.delete(address);
  }
}

/** 0 is the network's own, 1 the gateway's. */
const FIRST = 2;
