/**
 * Asks the server itself which claims pods use. A list of all pods of a namespace is dear: all who ask while one is
 * under way wait for the next, and share it. The one under way began before they asked, so it may not know all.
 */
import type { V1PersistentVolumeClaim, V1Pod } from '../../openapi/generated/types.ts';
import { uses } from './protection.ts';

type List = (namespace: string) => Promise<{ items: V1Pod[] }>;
type Pods = Promise<readonly V1Pod[]>;

export class LiveUses {
  readonly #list: List;
  readonly #running = new Map<string, Pods>();
  readonly #next = new Map<string, Pods>();

  constructor(list: List) {
    this.#list = list;
  }

  async isUsed(claim: V1PersistentVolumeClaim): Promise<boolean> {
    const pods = await this.#podsWithVolumes(claim.metadata?.namespace ?? '');
    return pods.some((pod) => uses(pod, claim));
  }

  #podsWithVolumes(namespace: string): Pods {
    const running = this.#running.get(namespace);
    if (!running) return this.#begin(namespace);
    const planned = this.#next.get(namespace);
    if (planned) return planned;
    const begin = () => {
      this.#next.delete(namespace);
      return this.#begin(namespace);
    };
    const next = running.then(begin, begin);
    this.#next.set(namespace, next);
    return next;
  }

  #begin(namespace: string): Pods {
    const pods = this.#list(namespace)
      .then(({ items }) => items.filter(({ spec }) => spec?.volumes?.some(isClaimed)))
      .finally(() => this.#running.delete(namespace));
    this.#running.set(namespace, pods);
    return pods;
  }
}

function isClaimed(volume: NonNullable<NonNullable<V1Pod['spec']>['volumes']>[number]): boolean {
  return volume.persistentVolumeClaim !== undefined || volume.ephemeral !== undefined;
}
