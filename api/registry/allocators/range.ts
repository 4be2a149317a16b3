import type { Random } from '../../../base/random.ts';

/**
 * Who holds which number of a range that starts at 0. Like upstream it keeps a lower band for those who ask for a
 * certain number, and hands out from there only when the rest is used up.
 */
export class OwnedRange {
  readonly #size: number;
  readonly #reserved: number;
  readonly #random: Random;
  readonly #owners = new Map<number, string>();
  readonly #held = new Map<string, Set<number>>();
  /** Given up by an update that may still fail: not handed out at random, but free to whoever names them. */
  readonly #waived = new Set<number>();

  constructor(size: number, reserved: number, random: Random) {
    this.#size = size;
    this.#reserved = reserved;
    this.#random = random;
  }

  ownerOf(index: number): string | undefined {
    return this.#owners.get(index);
  }

  /** How many are handed out. */
  get used(): number {
    return this.#owners.size;
  }

  /** Gives `index` to `owner`; false when another has it. Idempotent. */
  take(index: number, owner: string): boolean {
    const holder = this.#owners.get(index);
    if (holder !== undefined && holder !== owner) {
      if (!this.#waived.has(index)) return false;
      this.#give(index, holder);
    }
    this.#waived.delete(index);
    this.#owners.set(index, owner);
    const held = this.#held.get(owner) ?? new Set();
    this.#held.set(owner, held.add(index));
    return true;
  }

  /** A free index, chosen at random; `undefined` when there is none. */
  takeNext(owner: string): number | undefined {
    const index = this.#freeBetween(this.#reserved, this.#size) ?? this.#freeBetween(0, this.#reserved);
    if (index !== undefined) this.take(index, owner);
    return index;
  }

  /**
   * `owner` is about to give up everything except `kept`. What it gives up becomes free when it does so for the second
   * time, because only then it is certain that the write of the first time happened.
   */
  retain(owner: string, kept: ReadonlySet<number>): void {
    for (const index of [...(this.#held.get(owner) ?? [])]) {
      if (kept.has(index)) continue;
      if (this.#waived.has(index)) this.#give(index, owner);
      else this.#waived.add(index);
    }
  }

  /** Takes back everything of `owner`. */
  release(owner: string): void {
    for (const index of [...(this.#held.get(owner) ?? [])]) this.#give(index, owner);
  }

  #give(index: number, owner: string): void {
    this.#owners.delete(index);
    this.#waived.delete(index);
    const held = this.#held.get(owner);
    held?.delete(index);
    if (held?.size === 0) this.#held.delete(owner);
  }

  #freeBetween(low: number, high: number): number | undefined {
    const count = high - low;
    if (count <= 0) return undefined;
    const start = Math.floor(this.#random.next() * count);
    for (let i = 0; i < count; i++) {
      const index = low + ((start + i) % count);
      if (!this.#owners.has(index)) return index;
    }
    return undefined;
  }
}
