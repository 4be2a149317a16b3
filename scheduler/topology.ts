/** Topology domains as small numbers, so that counts by domain are arrays: the value `a` of the label `zone` is one. */

/** A node label that divides the cluster into domains. */
export class TopologyKey {
  readonly label: string;
  /** Among all keys. */
  readonly index: number;
  readonly #ids = new Map<string, number>();

  constructor(label: string, index: number) {
    this.label = label;
    this.index = index;
  }

  /** The number of the domain with this value; the same for ever. */
  domain(value: string): number {
    let id = this.#ids.get(value);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(value, id);
    }
    return id;
  }
}

export class Topology {
  readonly #keys = new Map<string, TopologyKey>();

  key(label: string): TopologyKey {
    let key = this.#keys.get(label);
    if (!key) {
      key = new TopologyKey(label, this.#keys.size);
      this.#keys.set(label, key);
    }
    return key;
  }
}

/** A number for each domain of one key; 0 where none was set. */
export class DomainCounts {
  #counts = new Int32Array(8);

  get(domain: number): number {
    return domain < this.#counts.length ? (this.#counts[domain] as number) : 0;
  }

  /** Adds, and gives back the new count. */
  add(domain: number, by: number): number {
    if (domain >= this.#counts.length) {
      const larger = new Int32Array(Math.max(domain + 1, 2 * this.#counts.length));
      larger.set(this.#counts);
      this.#counts = larger;
    }
    const count = (this.#counts[domain] as number) + by;
    this.#counts[domain] = count;
    return count;
  }
}
