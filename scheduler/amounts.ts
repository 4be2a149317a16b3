/** Sums of resources with fast access to the few that every pod has. */
import type { Resources } from './resources.ts';

export class Amounts {
  /** Millicores. */
  cpu = 0;
  /** Bytes. */
  memory = 0;
  /** Bytes. */
  ephemeralStorage = 0;
  /** Everything else in whole units; `undefined` when there is nothing else. */
  scalars: Map<string, number> | undefined;

  static of(resources: Resources): Amounts {
    const amounts = new Amounts();
    for (const [name, amount] of resources) amounts.#set(name, amount);
    return amounts;
  }

  get(resource: string): number {
    switch (resource) {
      case 'cpu':
        return this.cpu;
      case 'memory':
        return this.memory;
      case 'ephemeral-storage':
        return this.ephemeralStorage;
      default:
        return this.scalars?.get(resource) ?? 0;
    }
  }

  equals(other: Amounts): boolean {
    if (this.cpu !== other.cpu || this.memory !== other.memory) return false;
    if (this.ephemeralStorage !== other.ephemeralStorage) return false;
    for (const name of [...(this.scalars?.keys() ?? []), ...(other.scalars?.keys() ?? [])]) {
      if (this.get(name) !== other.get(name)) return false;
    }
    return true;
  }

  /** Adds `other`, times `sign`, in place. */
  add(other: Amounts, sign: 1 | -1): void {
    this.cpu += sign * other.cpu;
    this.memory += sign * other.memory;
    this.ephemeralStorage += sign * other.ephemeralStorage;
    if (!other.scalars) return;
    this.scalars ??= new Map();
    for (const [name, amount] of other.scalars) this.scalars.set(name, (this.scalars.get(name) ?? 0) + sign * amount);
  }

  #set(resource: string, amount: number): void {
    if (resource === 'cpu') this.cpu = amount;
    else if (resource === 'memory') this.memory = amount;
    else if (resource === 'ephemeral-storage') this.ephemeralStorage = amount;
    else {
      this.scalars ??= new Map();
      this.scalars.set(resource, amount);
    }
  }
}
