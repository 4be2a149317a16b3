/** Addresses for nodes, and for each node a network for its pods: none is given twice within a simulation. */
import { formatAddress, parseCidr } from '../runtime/cidr.ts';

/** Room for the network's own address, a gateway and the broadcast address. */
const RESERVED_ADDRESSES = 3;
const PODS_ROOM_MIN = 256;

export interface NodeNetwork {
  podCidr: string;
  address: string;
}

export class NetworkPlan {
  readonly #base: number;
  readonly #perNode: number;
  readonly #count: number;
  readonly #nodeBase: number;
  readonly #taken = new Set<number>();
  #next = 0;

  /** `podCidr` is shared out in networks that hold `podsPerNode` each; `nodeCidr` holds the nodes themselves. */
  constructor(options: { podCidr: string; nodeCidr: string; podsPerNode: number }) {
    const pods = parseCidr(options.podCidr);
    const nodes = parseCidr(options.nodeCidr);
    const room = Math.max(PODS_ROOM_MIN, options.podsPerNode + RESERVED_ADDRESSES);
    this.#perNode = 2 ** Math.ceil(Math.log2(room));
    this.#base = pods.base;
    this.#nodeBase = nodes.base;
    this.#count = Math.min(Math.floor(pods.size / this.#perNode), nodes.size - RESERVED_ADDRESSES);
  }

  /** How many nodes there is room for. */
  get size(): number {
    return this.#count;
  }

  /** Throws when all are taken. */
  take(): NodeNetwork {
    for (let tries = 0; tries < this.#count; tries++) {
      const index = this.#next;
      this.#next = (this.#next + 1) % this.#count;
      if (this.#taken.has(index)) continue;
      this.#taken.add(index);
      return { podCidr: this.#cidrOf(index), address: this.#addressOf(index) };
    }
    throw new Error(`no pod CIDR is left: there is room for ${this.#count} simulated nodes; give a larger one`);
  }

  /** The network of a node that has one already; an address only where the CIDR is one of this plan. */
  claim(podCidr: string): { podCidr: string; address?: string } {
    const index = this.#indexOf(podCidr);
    if (index === undefined) return { podCidr };
    this.#taken.add(index);
    return { podCidr, address: this.#addressOf(index) };
  }

  release(podCidr: string): void {
    const index = this.#indexOf(podCidr);
    if (index !== undefined) this.#taken.delete(index);
  }

  #indexOf(podCidr: string): number | undefined {
    const index = (parseCidr(podCidr).base - this.#base) / this.#perNode;
    return Number.isInteger(index) && index >= 0 && index < this.#count ? index : undefined;
  }

  #cidrOf(index: number): string {
    return `${formatAddress(this.#base + index * this.#perNode)}/${32 - Math.log2(this.#perNode)}`;
  }

  #addressOf(index: number): string {
    return formatAddress(this.#nodeBase + 1 + index);
  }
}
