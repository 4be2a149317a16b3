/**
 * An informer's objects with what we have written and not heard back yet. Without it the next look would see the state
 * before our own write, and do it again, perhaps with another volume.
 */
import type { Informer } from '../../client/informer.ts';
import { type KubeObject, keyOf } from '../../openapi/object.ts';

export class Latest<T extends KubeObject> {
  readonly #informer: Informer<T>;
  readonly #written = new Map<string, T>();

  constructor(informer: Informer<T>) {
    this.#informer = informer;
    informer.addHandler({
      updated: (object) => this.#seen(object),
      deleted: (object) => this.#written.delete(keyOf(object)),
    });
  }

  get(key: string): T | undefined {
    return this.#written.get(key) ?? this.#informer.get(key);
  }

  byIndex(name: string, value: string): T[] {
    return this.#informer.byIndex(name, value).map((object) => this.#written.get(keyOf(object)) ?? object);
  }

  /** What has been written and not been seen yet. */
  written(): Iterable<T> {
    return this.#written.values();
  }

  /** Remembers the state that a write resulted in, unless the informer is past it. */
  store(object: T): T {
    const key = keyOf(object);
    const seen = this.#informer.get(key);
    // What is not there has been deleted since; what has another uid has been made anew.
    if (seen && seen.metadata?.uid === object.metadata?.uid && isNewer(object, seen)) this.#written.set(key, object);
    return object;
  }

  #seen(object: T): void {
    const key = keyOf(object);
    const written = this.#written.get(key);
    if (written && !isNewer(written, object)) this.#written.delete(key);
  }
}

/** Versions of one server are numbers that grow. */
function isNewer({ metadata: a }: KubeObject, { metadata: b }: KubeObject): boolean {
  return BigInt(a?.resourceVersion ?? 0) > BigInt(b?.resourceVersion ?? 0);
}
