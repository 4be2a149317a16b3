/**
 * What objects hold beside their bytes, such as cluster IPs, where several servers share a storage: each address is a
 * key there, made before the object that is to hold it. So no two servers can hand out the same one, whatever each
 * believes is free. A server that dies in between leaves a claim without an object; whoever meets it later takes it.
 */
import type { Clock } from '../../../base/clock.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { type Storage, StorageError } from '../../storage/interface.ts';
import { encodeStored, type WatchCache } from '../../storage/watch-cache.ts';

export interface ClaimsOptions {
  storage: Storage;
  cache: WatchCache;
  clock: Clock;
  /** Names what an object holds, for example `ips/10.96.0.1`. */
  claimsOf(object: KubeObject): string[];
  /** Where an object is stored. */
  keyOf(object: KubeObject): string;
}

/** A claim as it is stored. */
interface Claim extends KubeObject {
  /** Uid of the object. */
  owner?: string;
  /** The object's key. */
  holder?: string;
  /** When it was made, in ms since the epoch. */
  at?: number;
}

/** Beside the resources, where no server takes it for one. */
const PREFIX = '/registry/kubets/claims/';
/** The object that a claim was made for is written within this time, or never. */
const ABANDONED_MS = 60_000;

export class Claims {
  readonly #options: ClaimsOptions;

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** Claims what `object` holds and `old` does not; all of it, or none: then it says what another has. */
  async take(object: KubeObject, old: KubeObject | undefined): Promise<string | undefined> {
    const held = new Set(old ? this.#options.claimsOf(old) : []);
    const made: string[] = [];
    for (const name of this.#options.claimsOf(object)) {
      if (held.has(name)) continue;
      if (!(await this.#claim(name, object))) {
        await this.#release(made, object);
        return name;
      }
      made.push(name);
    }
    return undefined;
  }

  /** Gives back what `object` holds and `kept` does not. */
  async release(object: KubeObject, kept?: KubeObject): Promise<void> {
    const { claimsOf } = this.#options;
    const held = new Set(kept ? claimsOf(kept) : []);
    await this.#release(
      claimsOf(object).filter((name) => !held.has(name)),
      object,
    );
  }

  async #claim(name: string, object: KubeObject): Promise<boolean> {
    const { storage, clock, keyOf } = this.#options;
    const owner = object.metadata?.uid ?? '';
    const metadata = { name: name.replaceAll('/', '.') };
    const claim: Claim = {
      kind: 'Claim',
      apiVersion: 'kubets/v1',
      metadata,
      owner,
      holder: keyOf(object),
      at: clock.now(),
    };
    const value = encodeStored(claim);
    try {
      await storage.create(PREFIX + name, value);
      return true;
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'Exists') throw error;
    }
    const { item } = await storage.get(PREFIX + name);
    // Given back this very moment: the next attempt may have it.
    if (!item) return false;
    const present = JSON.parse(item.value.toString()) as Claim;
    if (present.owner === owner) return true;
    if (!(await this.#isAbandoned(name, present))) return false;
    return succeeds(storage.update(PREFIX + name, value, item.modRevision));
  }

  async #isAbandoned(name: string, { owner, holder = '', at = 0 }: Claim): Promise<boolean> {
    const { cache, clock, claimsOf } = this.#options;
    if (clock.now() - at < ABANDONED_MS) return false;
    await cache.caughtUp();
    const object = cache.get(holder)?.object;
    return object?.metadata?.uid !== owner || !claimsOf(object ?? {}).includes(name);
  }

  async #release(names: readonly string[], object: KubeObject): Promise<void> {
    if (names.length === 0) return;
    const { storage, cache, claimsOf, keyOf } = this.#options;
    // Another server may have given the object the very same, with more luck: then the claim is the object's.
    await cache.caughtUp();
    const stored = cache.get(keyOf(object))?.object;
    const held = new Set(stored && stored.metadata?.uid === object.metadata?.uid ? claimsOf(stored) : []);
    for (const name of names) {
      if (held.has(name)) continue;
      const { item } = await storage.get(PREFIX + name);
      if (!item) continue;
      const { owner } = JSON.parse(item.value.toString()) as Claim;
      if (owner === object.metadata?.uid) await succeeds(storage.delete(PREFIX + name, item.modRevision));
    }
  }
}

/** Whether no other write came first. */
async function succeeds(write: Promise<number>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof StorageError && (error.code === 'Conflict' || error.code === 'NotFound')) return false;
    throw error;
  }
}
