/** Whether history and the objects tell the same story. */
import type { Change } from '../backend.ts';
import type { KeyValue } from '../interface.ts';

/** Told of every object, then of every change in order; then asked. */
export class Consistency {
  readonly #objects = new Map<string, number>();
  /** What each key that was written stands at, by history: `undefined` where it was deleted. */
  readonly #written = new Map<string, number | undefined>();
  #wrong: string | undefined;

  onObject = ({ key, modRevision }: KeyValue): void => {
    this.#objects.set(key, modRevision);
  };

  onChange = ({ type, key, revision, previous }: Change): void => {
    if (this.#written.has(key) && this.#written.get(key) !== previous?.modRevision) {
      this.#wrong ??= `revision ${revision} of ${key} says that it replaced another one than it did`;
    }
    this.#written.set(key, type === 'put' ? revision : undefined);
  };

  /** The first thing that does not fit, if there is one. `compacted`: history goes back to there. */
  wrong(compacted: number): string | undefined {
    for (const [key, revision] of this.#written) {
      if (this.#objects.get(key) !== revision) this.#wrong ??= `${key} is not what was written to it last`;
    }
    for (const [key, revision] of this.#objects) {
      if (revision > compacted && !this.#written.has(key)) this.#wrong ??= `history does not know of ${key}`;
    }
    return this.#wrong;
  }
}
