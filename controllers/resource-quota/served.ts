/** Which resource a name in a quota, such as `deployments.apps`, means on this server. */
import type { Clock } from '../../base/clock.ts';
import type { Client } from '../../client/client.ts';
import * as resources from '../../client/resources.ts';
import type { ResourceRef } from '../../openapi/object.ts';
import { discover } from '../runtime/discovery.ts';

/** Discovery is believed for this long, as upstream. */
export const DISCOVERY_MS = 30_000;

export class ServedResources {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #known = new Map<string, ResourceRef>(Object.values(resources).map((ref) => [nameOf(ref), ref]));
  #discovered: { atMs: number; refs: Promise<Map<string, ResourceRef>> } | undefined;

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** `undefined` when the server has no such resource, or nobody could follow it. */
  async find(name: string): Promise<ResourceRef | undefined> {
    return this.#known.get(name) ?? (await this.#discover()).get(name);
  }

  #discover(): Promise<Map<string, ResourceRef>> {
    const nowMs = this.#clock.monotonic();
    if (this.#discovered && nowMs - this.#discovered.atMs < DISCOVERY_MS) return this.#discovered.refs;
    const entry = { atMs: nowMs, refs: this.#read() };
    this.#discovered = entry;
    entry.refs.catch(() => {
      if (this.#discovered === entry) this.#discovered = undefined;
    });
    return entry.refs;
  }

  async #read(): Promise<Map<string, ResourceRef>> {
    const found = new Map<string, ResourceRef>();
    for (const { verbs, ...ref } of (await discover(this.#client.transport)).resources) {
      const countable = ['create', 'list', 'watch', 'delete'].every((verb) => verbs.includes(verb));
      if (ref.namespaced && countable) found.set(nameOf(ref), ref);
    }
    return found;
  }
}

function nameOf({ resource, group }: ResourceRef): string {
  return group === '' ? resource : `${resource}.${group}`;
}
