/** Who owns whom, as far as the informers' copies show it. */
import type { Informer } from '../../client/informer.ts';
import type { V1OwnerReference } from '../../openapi/generated/types.ts';
import { apiVersionOf, type KubeObject, keyOf, type ResourceRef } from '../../openapi/object.ts';
import type { InformerFactory } from '../runtime/informers.ts';

/** The finalizer that makes an owner wait until its dependents are gone. */
export const FOREGROUND = 'foregroundDeletion';
/** The finalizer that makes an owner wait until its dependents have been told that they have none. */
export const ORPHAN = 'orphan';

const BY_OWNER = 'byOwner';

/** An object together with the resource it belongs to. */
export interface Item {
  ref: ResourceRef;
  object: KubeObject;
}

interface Watched {
  ref: ResourceRef;
  informer: Informer<KubeObject>;
}

export interface GraphHandler {
  changed(item: Item, old: KubeObject | undefined): void;
  deleted(item: Item): void;
}

export class OwnerGraph {
  readonly #informers: InformerFactory;
  readonly #handler: GraphHandler;
  readonly #watched = new Map<string, Watched>();

  constructor(informers: InformerFactory, handler: GraphHandler) {
    this.#informers = informers;
    this.#handler = handler;
  }

  /** Follows exactly these resources from now on; forgets others. */
  follow(resources: readonly ResourceRef[]): void {
    const wanted = new Map(resources.map((ref) => [kindOf(ref), ref]));
    for (const [kind, { ref }] of this.#watched) {
      if (wanted.has(kind)) continue;
      this.#watched.delete(kind);
      this.#informers.drop(ref);
    }
    for (const [kind, ref] of wanted) if (!this.#watched.has(kind)) this.#add(kind, ref);
  }

  /** `leases` are followed in the namespace of node leases only, where the other controllers follow them, too. */
  #add(kind: string, ref: ResourceRef): void {
    const informers = this.#informers;
    const informer =
      ref.resource === 'leases' ? (informers.nodeLeases as Informer<KubeObject>) : informers.of<KubeObject>(ref);
    informer.addIndex(BY_OWNER, (object) => (object.metadata?.ownerReferences ?? []).map(({ uid }) => uid));
    this.#watched.set(kind, { ref, informer });
    const handler = this.#handler;
    informer.addHandler({
      added: (object) => handler.changed({ ref, object }, undefined),
      updated: (object, old) => handler.changed({ ref, object }, old),
      deleted: (object) => handler.deleted({ ref, object }),
    });
  }

  synced(): Promise<void>[] {
    return [...this.#watched.values()].map(({ informer }) => informer.synced());
  }

  /** A name for an item that fits in a queue: `v1/Pod default/web`. */
  keyOf({ ref, object }: Item): string {
    return `${kindOf(ref)} ${keyOf(object)}`;
  }

  find(key: string): Item | undefined {
    const space = key.indexOf(' ');
    const watched = this.#watched.get(key.slice(0, space));
    const object = watched?.informer.get(key.slice(space + 1));
    return watched && object ? { ref: watched.ref, object } : undefined;
  }

  /** The owner a reference names, if it is of a kind that is followed and the copy has it with this uid. */
  owner(reference: V1OwnerReference, namespace: string | undefined): Item | undefined {
    const watched = this.#watched.get(`${reference.apiVersion}/${reference.kind}`);
    if (!watched) return undefined;
    const key = watched.ref.namespaced ? `${namespace}/${reference.name}` : reference.name;
    const object = watched.informer.get(key);
    return object?.metadata?.uid === reference.uid ? { ref: watched.ref, object } : undefined;
  }

  /** The resource of a kind, if it is followed. */
  resourceOf(apiVersion: string, kind: string): ResourceRef | undefined {
    return this.#watched.get(`${apiVersion}/${kind}`)?.ref;
  }

  /** Everything that names `owner` among its owners. An owner in a namespace has dependents only there. */
  dependents({ ref, object }: Item): Item[] {
    const { uid = '', namespace } = object.metadata ?? {};
    const found: Item[] = [];
    for (const watched of this.#watched.values()) {
      for (const dependent of watched.informer.byIndex(BY_OWNER, uid)) {
        if (ref.namespaced && dependent.metadata?.namespace !== namespace) continue;
        found.push({ ref: watched.ref, object: dependent });
      }
    }
    return found;
  }
}

function kindOf(ref: ResourceRef): string {
  return `${apiVersionOf(ref)}/${ref.kind}`;
}

export function isDeleting(object: KubeObject): boolean {
  return object.metadata?.deletionTimestamp !== undefined;
}

export function hasFinalizer(object: KubeObject, finalizer: string): boolean {
  return object.metadata?.finalizers?.includes(finalizer) === true;
}

/** Being deleted, but only after its dependents. */
export function awaitsDependents(object: KubeObject): boolean {
  return isDeleting(object) && hasFinalizer(object, FOREGROUND);
}
