/** What objects hold beside their bytes, such as cluster IPs: taken before a write, and put right after it. */
import { cloneJson } from '../../../openapi/json.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { isStatus } from '../../../openapi/status.ts';
import type { Strategy, StrategyContext } from '../declaration.ts';
import { Turns } from './turns.ts';

export class Allocations {
  readonly #strategy: Strategy<KubeObject>;
  readonly #turns = new Turns();

  constructor(strategy: Strategy<KubeObject>) {
    this.#strategy = strategy;
  }

  /** Lets changes of one object that holds something follow each other: two at once would undo each other's. */
  inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    return this.#strategy.allocate ? this.#turns.take(key, work) : work();
  }

  /** Takes what `object` is to hold, and fills it in. Throws the refusal when it cannot be had; then nothing changes. */
  take(object: KubeObject, old: KubeObject | undefined, context: StrategyContext): void {
    this.#strategy.allocate?.(object, old, context);
  }

  /** Gives everything back: the object is gone, or never came to be. */
  release(object: KubeObject): void {
    this.#strategy.release?.(object);
  }

  /** After an update, made or not: the object holds what is stored of it, no more and no less. */
  settle(stored: KubeObject, context: StrategyContext): void {
    if (!this.#strategy.allocate) return;
    const copy = cloneJson(stored);
    this.release(copy);
    try {
      this.take(copy, copy, context);
    } catch (error) {
      // What is stored can no longer be refused; the strategy has kept of it what it could.
      if (!isStatus(error)) throw error;
    }
  }
}
