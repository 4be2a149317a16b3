/** What objects hold beside their bytes, such as cluster IPs: taken before a write, and put right after it. */
import { cloneJson } from '../../../openapi/json.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { isStatus } from '../../../openapi/status.ts';
import type { Strategy, StrategyContext } from '../declaration.ts';
import type { Claims } from './claims.ts';
import { Turns } from './turns.ts';

export class Allocations {
  readonly #strategy: Strategy<KubeObject>;
  readonly #claims: Claims | undefined;
  readonly #inTurn: boolean;
  readonly #turns = new Turns();

  /** `shared`: other servers write to the same storage; `claims`: what keeps them from handing out the same. */
  constructor(strategy: Strategy<KubeObject>, { shared = false, claims }: { shared?: boolean; claims?: Claims } = {}) {
    this.#strategy = strategy;
    this.#claims = claims;
    this.#inTurn = shared || strategy.allocate !== undefined;
  }

  /**
   * Lets changes of one object that holds something follow each other: two at once would undo each other's. Where
   * storage is shared, changes of any object: all but one of those made at once would be in vain, at a request each.
   */
  inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    return this.#inTurn ? this.#turns.take(key, work) : work();
  }

  /** Takes what `object` is to hold, as `#take`, and claims it where others could take it too. */
  take(object: KubeObject, old: KubeObject | undefined, context: StrategyContext): Promise<void> | undefined {
    if (this.#claims && this.#strategy.claims && !context.dryRun)
      return this.#claim(this.#claims, object, old, context);
    this.#take(object, old, context);
    return undefined;
  }

  /** What others turn out to have is kept aside until something is found that they have not. */
  async #claim(
    claims: Claims,
    object: KubeObject,
    old: KubeObject | undefined,
    context: StrategyContext,
  ): Promise<void> {
    const aside = `elsewhere:${object.metadata?.uid}`;
    try {
      for (;;) {
        const candidate = structuredClone(object);
        this.#take(candidate, old, context);
        const taken = await claims.take(candidate, old).catch((error) => {
          this.#putBack(candidate, old, context);
          throw error;
        });
        if (taken === undefined) {
          Object.assign(object, candidate);
          return;
        }
        this.#putBack(candidate, old, context);
        this.#strategy.occupy?.(taken, aside);
      }
    } finally {
      this.#strategy.release?.({ metadata: { uid: aside } });
    }
  }

  #putBack(object: KubeObject, old: KubeObject | undefined, context: StrategyContext): void {
    this.release(object);
    if (old) this.settle(old, context);
  }

  /** Gives back the claims that `object` has and `kept` has not, after the write that says so. */
  async disclaim(object: KubeObject, kept?: KubeObject): Promise<void> {
    if (this.#strategy.claims) await this.#claims?.release(object, kept);
  }

  /** Takes what `object` is to hold, and fills it in. Throws the refusal when it cannot be had; then nothing changes. */
  #take(object: KubeObject, old: KubeObject | undefined, context: StrategyContext): void {
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
      this.#take(copy, copy, context);
    } catch (error) {
      // What is stored can no longer be refused; the strategy has kept of it what it could.
      if (!isStatus(error)) throw error;
    }
  }
}
