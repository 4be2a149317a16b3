/** What the collector does with one object: delete it, release it, or let it stay. */
import type { Client } from '../../client/client.ts';
import { RecentMap } from '../../client/recent-map.ts';
import type { V1OwnerReference } from '../../openapi/generated/types.ts';
import { apiVersionOf, type KubeObject, type ResourceRef } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import type { ReconcileResult } from '../runtime/controller.ts';
import { discover } from '../runtime/discovery.ts';
import { awaitsDependents, FOREGROUND, hasFinalizer, type Item, isDeleting, ORPHAN, type OwnerGraph } from './graph.ts';

/** The owners of an object, sorted by what they mean for it. */
export interface Owners {
  /** There, and staying. */
  solid: V1OwnerReference[];
  /** Gone. */
  dangling: V1OwnerReference[];
  /** Being deleted, waiting for this object to go first. */
  waiting: V1OwnerReference[];
}

export type Verdict =
  | { action: 'keep' }
  | { action: 'unlink'; uids: string[] }
  | { action: 'delete'; policy: 'Background' | 'Foreground' | 'Orphan' };

/** `hasDependents`: whether anything names the object as its owner in turn. */
export function verdictOn(object: KubeObject, owners: Owners, hasDependents: boolean): Verdict {
  const { solid, dangling, waiting } = owners;
  if (solid.length > 0) {
    const uids = [...dangling, ...waiting].map(({ uid }) => uid);
    return uids.length > 0 ? { action: 'unlink', uids } : { action: 'keep' };
  }
  if (waiting.length > 0 && hasDependents) return { action: 'delete', policy: 'Foreground' };
  if (hasFinalizer(object, ORPHAN)) return { action: 'delete', policy: 'Orphan' };
  if (hasFinalizer(object, FOREGROUND)) return { action: 'delete', policy: 'Foreground' };
  return { action: 'delete', policy: 'Background' };
}

/** When to ask again for an owner that is there, and not in the copy. */
const UNSEEN_MS = 10_000;

export class Collector {
  readonly #client: Client;
  readonly #graph: OwnerGraph;
  readonly #enqueue: (item: Item) => void;
  /**
   * References to owners found to be gone: uids do not come back. The whole reference is the key, as one that is wrong
   * in its name must not stand for those that are right.
   */
  readonly #absent = new RecentMap<true>();
  #served = new Map<string, ResourceRef>();

  constructor(client: Client, graph: OwnerGraph, enqueue: (item: Item) => void) {
    this.#client = client;
    this.#graph = graph;
    this.#enqueue = enqueue;
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const item = this.#graph.find(key);
    if (!item) return undefined;
    if (isDeleting(item.object)) {
      if (hasFinalizer(item.object, ORPHAN)) await this.#orphanDependents(item);
      else if (hasFinalizer(item.object, FOREGROUND)) await this.#awaitDependents(item);
      return undefined;
    }
    if (this.#ownersAreHere(item)) return undefined;
    // An owner that the copy never gets to show, as its kind is not followed yet or its watch was down for as long as
    // the owner lived, goes without that anybody is told.
    return (await this.#judge(item)) ? { requeueAfterMs: UNSEEN_MS } : undefined;
  }

  /** Whether the copy already shows that every owner is there and stays. */
  #ownersAreHere({ object }: Item): boolean {
    return (object.metadata?.ownerReferences ?? []).every((reference) => {
      const owner = this.#graph.owner(reference, object.metadata?.namespace);
      return owner !== undefined && !awaitsDependents(owner.object);
    });
  }

  /** Whether it stays, although not all of its owners are in the copy. */
  async #judge(item: Item): Promise<boolean> {
    const latest = await this.#fetch(item.ref, item.object.metadata?.name ?? '', item.object.metadata?.namespace);
    if (!latest || latest.metadata?.uid !== item.object.metadata?.uid || isDeleting(latest)) return false;
    const references = latest.metadata?.ownerReferences ?? [];
    if (references.length === 0) return false;
    const owners = await this.#sort(item, references);
    if (!owners) return false;
    const dependents = this.#graph.dependents(item);
    const verdict = verdictOn(latest, owners, dependents.length > 0);
    if (verdict.action === 'unlink') {
      await this.#unlink({ ref: item.ref, object: latest }, verdict.uids);
    } else if (verdict.action === 'delete') {
      // Two that wait for each other would wait for ever: this one stops blocking its owners.
      const circle = verdict.policy === 'Foreground' && dependents.some(({ object }) => awaitsDependents(object));
      const current = circle ? await this.#unblock({ ref: item.ref, object: latest }) : latest;
      await this.#delete(item.ref, current, verdict.policy);
    }
    return verdict.action === 'keep';
  }

  /** `undefined` for an object of the whole cluster whose owner is in a namespace: no one can tell which. */
  async #sort(item: Item, references: readonly V1OwnerReference[]): Promise<Owners | undefined> {
    const owners: Owners = { solid: [], dangling: [], waiting: [] };
    for (const reference of references) {
      const owner = await this.#resolve(item, reference);
      if (owner === 'unknowable') return undefined;
      if (!owner) owners.dangling.push(reference);
      else if (awaitsDependents(owner)) owners.waiting.push(reference);
      else owners.solid.push(reference);
    }
    return owners;
  }

  /** The owner as the server has it. Throws for a kind that the server does not know: it may yet come. */
  async #resolve(item: Item, reference: V1OwnerReference): Promise<KubeObject | undefined | 'unknowable'> {
    const { namespace } = item.object.metadata ?? {};
    const { apiVersion, kind, name, uid } = reference;
    const coordinates = JSON.stringify([namespace, apiVersion, kind, name, uid]);
    if (this.#absent.get(coordinates)) return undefined;
    const ref = await this.#resourceOf(reference);
    if (ref.namespaced && !namespace) return 'unknowable';
    const owner = await this.#fetch(ref, name, namespace);
    if (owner?.metadata?.uid === uid) return owner;
    this.#absent.set(coordinates, true);
    return undefined;
  }

  async #resourceOf({ apiVersion, kind }: V1OwnerReference): Promise<ResourceRef> {
    const key = `${apiVersion}/${kind}`;
    const known = this.#graph.resourceOf(apiVersion, kind) ?? this.#served.get(key);
    if (known) return known;
    const { resources } = await discover(this.#client.transport);
    this.#served = new Map(resources.map((resource) => [`${apiVersionOf(resource)}/${resource.kind}`, resource]));
    const found = this.#served.get(key);
    if (!found) throw new Error(`no matches for kind "${kind}" in version "${apiVersion}"`);
    return found;
  }

  async #fetch(ref: ResourceRef, name: string, namespace: string | undefined): Promise<KubeObject | undefined> {
    try {
      return await this.#client.resource(ref).get(name, ref.namespaced ? namespace : undefined);
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async #delete(ref: ResourceRef, object: KubeObject, propagationPolicy: string): Promise<void> {
    const { name = '', namespace, uid = '', resourceVersion = '' } = object.metadata ?? {};
    try {
      // The version makes sure that what was judged is what is deleted: an owner may have been added since.
      const preconditions = { uid, resourceVersion };
      await this.#client.resource(ref).delete(name, namespace, { preconditions, propagationPolicy });
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
    }
  }

  /** An owner in the foreground: its dependents go; when none is left that blocks it, it goes itself. */
  async #awaitDependents(item: Item): Promise<void> {
    const uid = item.object.metadata?.uid;
    const dependents = this.#graph.dependents(item);
    const blocks = ({ object }: Item) =>
      object.metadata?.ownerReferences?.some((reference) => reference.uid === uid && reference.blockOwnerDeletion);
    if (!dependents.some(blocks)) {
      await this.#removeFinalizer(item, FOREGROUND);
      return;
    }
    for (const dependent of dependents) if (!isDeleting(dependent.object)) this.#enqueue(dependent);
  }

  async #orphanDependents(item: Item): Promise<void> {
    const uid = item.object.metadata?.uid ?? '';
    await Promise.all(this.#graph.dependents(item).map((dependent) => this.#unlink(dependent, [uid])));
    await this.#removeFinalizer(item, ORPHAN);
  }

  async #removeFinalizer(item: Item, finalizer: string): Promise<void> {
    const { name = '', namespace, uid } = item.object.metadata ?? {};
    const latest = await this.#fetch(item.ref, name, namespace);
    if (latest?.metadata?.uid !== uid || !latest || !hasFinalizer(latest, finalizer)) return;
    const finalizers = latest.metadata?.finalizers?.filter((other) => other !== finalizer);
    await this.#patch({ ref: item.ref, object: latest }, { finalizers });
  }

  async #unlink(item: Item, uids: readonly string[]): Promise<void> {
    const ownerReferences = item.object.metadata?.ownerReferences?.filter(({ uid }) => !uids.includes(uid));
    await this.#patch(item, { ownerReferences });
  }

  async #unblock(item: Item): Promise<KubeObject> {
    const ownerReferences = item.object.metadata?.ownerReferences?.map((reference) => ({
      ...reference,
      blockOwnerDeletion: false,
    }));
    return (await this.#patch(item, { ownerReferences })) ?? item.object;
  }

  /** Whole lists are written, so the version must be the one they were made from: a Conflict means look again. */
  async #patch({ ref, object }: Item, metadata: object): Promise<KubeObject | undefined> {
    const { name = '', namespace, uid, resourceVersion } = object.metadata ?? {};
    const patch = { metadata: { ...metadata, uid, resourceVersion } };
    try {
      return await this.#client.resource(ref).patch(name, namespace, patch, 'application/merge-patch+json');
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}
