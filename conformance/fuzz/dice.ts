/** Draws from a seeded source: the same seed and index give the same request, in whatever order requests are sent. */
import { type Random, seededRandom } from '../../base/random.ts';

export class Dice {
  readonly #random: Random;

  private constructor(random: Random) {
    this.#random = random;
  }

  /** The dice of one request. */
  static of(seed: number, index: number): Dice {
    const dice = new Dice(seededRandom((Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0));
    // Neighbouring indices start alike; a few draws drive them apart.
    for (let i = 0; i < 3; i++) dice.#random.next();
    return dice;
  }

  /** An integer in [0, below). */
  below(below: number): number {
    return Math.floor(this.#random.next() * below);
  }

  chance(probability: number): boolean {
    return this.#random.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('bug: nothing to pick from');
    return item;
  }

  bytes(count: number): Buffer {
    return this.#random.bytes(count);
  }
}
