/**
 * What a controller has done but not yet seen in its copy. Until it sees all of it, counting what the copy shows would
 * make it do the same again.
 */
import type { Clock } from '../../base/clock.ts';

/** After this long the watch has surely lost something, and the controller had better look again. 5 minutes. */
const EXPIRY_MS = 300_000;

interface Expected {
  creations: number;
  /** Keys of objects whose deletion is expected, so that one seen twice counts once. */
  deletions: Set<string>;
  atMs: number;
}

export class Expectations {
  readonly #clock: Clock;
  readonly #expected = new Map<string, Expected>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  expectCreations(key: string, count: number): void {
    this.#expected.set(key, { creations: count, deletions: new Set(), atMs: this.#clock.monotonic() });
  }

  expectDeletions(key: string, objects: readonly string[]): void {
    this.#expected.set(key, { creations: 0, deletions: new Set(objects), atMs: this.#clock.monotonic() });
  }

  /** One more creation, beside what is outstanding already. */
  creationBegun(key: string): void {
    this.#renewed(key).creations++;
  }

  /** One more deletion, beside what is outstanding already. */
  deletionBegun(key: string, object: string): void {
    this.#renewed(key).deletions.add(object);
  }

  /** What is outstanding; `undefined` when that is nothing, or has been for too long. */
  outstanding(key: string): { readonly creations: number; readonly deletions: ReadonlySet<string> } | undefined {
    return this.satisfied(key) ? undefined : this.#expected.get(key);
  }

  /** A creation was seen, or will never be. */
  creationObserved(key: string): void {
    const expected = this.#expected.get(key);
    if (expected && expected.creations > 0) expected.creations--;
  }

  /** A deletion was seen, or will never be. */
  deletionObserved(key: string, object: string): void {
    this.#expected.get(key)?.deletions.delete(object);
  }

  /** Whether nothing is outstanding, or what is has been for too long. */
  satisfied(key: string): boolean {
    const expected = this.#expected.get(key);
    if (!expected) return true;
    if (expected.creations <= 0 && expected.deletions.size === 0) return true;
    return this.#clock.monotonic() - expected.atMs > EXPIRY_MS;
  }

  forget(key: string): void {
    this.#expected.delete(key);
  }

  #renewed(key: string): Expected {
    const atMs = this.#clock.monotonic();
    const before = this.satisfied(key) ? undefined : this.#expected.get(key);
    const expected = before ? { ...before, atMs } : { creations: 0, deletions: new Set<string>(), atMs };
    this.#expected.set(key, expected);
    return expected;
  }
}
