/** Who changes what is wanted: creates, scales, rolls, pauses and deletes, as a seed decides. */
import type { Random } from '../../base/random.ts';
import type { Client, PatchType } from '../../client/client.ts';
import {
  CONTROLLER_REVISIONS,
  CRON_JOBS,
  DEPLOYMENTS,
  JOBS,
  NODES,
  PODS,
  REPLICA_SETS,
  SERVICES,
} from '../../client/resources.ts';
import type { V1Pod } from '../../openapi/generated/types.ts';
import type { KubeObject, ResourceRef } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import { eventually } from '../harness.ts';
import { controllerOf } from './objects.ts';
import { KINDS, type Kind, NAMESPACE, replicas, revisionPatch, service } from './workloads.ts';

const MERGE: PatchType = 'application/merge-patch+json';
const STRATEGIC: PatchType = 'application/strategic-merge-patch+json';
const SILENT = 'simulation.kubets.dev/silent';
/** Few names, so that one is often used again while what had it is still going. */
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];

export class User {
  readonly #client: Client;
  readonly #random: Random;
  #revision = 0;
  /** Made anew as soon as the one of before has left its dependents behind: it finds them, and takes them over. */
  #orphaned: { ref: ResourceRef; object: KubeObject }[] = [];
  /** What was done, and how often. */
  readonly done = new Map<string, number>();

  constructor(client: Client, random: Random) {
    this.#client = client;
    this.#random = random;
  }

  /** Does one thing. */
  async act(): Promise<void> {
    const kind = this.#pick(KINDS);
    const acts = [
      () => this.#create(kind),
      () => this.#create(kind),
      () => this.#scale(kind),
      () => this.#roll(kind),
      () => this.#toggle(DEPLOYMENTS, 'paused'),
      () => this.#toggle(JOBS, 'suspend'),
      () => this.#toggle(NODES, 'unschedulable'),
      () => this.#delete(kind),
      () => this.#orphan(kind),
      () => this.#deletePod(),
      () => this.#readopt(),
    ];
    await allowing(async () => {
      const what = await this.#pick(acts)();
      if (what) this.done.set(what, (this.done.get(what) ?? 0) + 1);
    });
  }

  async silenceNode(name: string, silent: boolean): Promise<void> {
    const annotations = { [SILENT]: silent ? 'true' : null };
    await this.#client.nodes.patch(name, undefined, { metadata: { annotations } }, MERGE);
  }

  async deleteNode(name: string): Promise<void> {
    await this.#client.resource(NODES).delete(name);
  }

  /** The last wishes: nothing stays held up, and nothing begins by itself any more. */
  async finish(): Promise<void> {
    await eventually('what left orphans is there again', async () => {
      await this.#readopt();
      return this.#orphaned.length === 0;
    });
    await this.#setAll(DEPLOYMENTS, 'paused', false);
    await this.#setAll(CRON_JOBS, 'suspend', true);
    await this.#setAll(JOBS, 'suspend', false);
    await this.#setAll(NODES, 'unschedulable', false);
  }

  async #create({ ref, make, max }: Kind): Promise<string | undefined> {
    if ((await this.#all(ref)).length >= max) return undefined;
    const name = this.#pick(NAMES);
    await this.#client.resource(ref).create(make(name, this.#random));
    if (ref.group === 'apps' && this.#random.next() < 0.5) {
      // One of an earlier namesake does as well.
      await this.#client.resource(SERVICES).create(service(name, ref.kind));
    }
    return `create ${ref.kind}`;
  }

  async #scale({ ref, scales }: Kind): Promise<string | undefined> {
    const name = scales ? await this.#anyOf(ref) : undefined;
    if (!name) return undefined;
    await this.#change(ref, name, { spec: { replicas: replicas(this.#random) } });
    return `scale ${ref.kind}`;
  }

  async #roll({ ref, rolls }: Kind): Promise<string | undefined> {
    const name = rolls ? await this.#anyOf(ref) : undefined;
    if (!name) return undefined;
    // Now and then back to what there was before.
    const isBack = this.#random.next() < 0.3;
    const revision = isBack ? Math.max(0, this.#revision - 1) : ++this.#revision;
    await this.#change(ref, name, revisionPatch(revision), STRATEGIC);
    return `roll ${ref.kind}`;
  }

  async #toggle(ref: ResourceRef, field: string): Promise<string | undefined> {
    const name = await this.#anyOf(ref);
    if (!name) return undefined;
    const value = this.#random.next() < 0.4;
    await this.#change(ref, name, { spec: { [field]: value } });
    return `${field} ${value}`;
  }

  async #setAll(ref: ResourceRef, field: string, value: boolean): Promise<void> {
    const patch = { spec: { [field]: value } };
    for (const { metadata } of await this.#all(ref)) await allowing(() => this.#change(ref, metadata?.name, patch));
  }

  async #delete({ ref, max }: Kind): Promise<string | undefined> {
    // So that there is something to delete, most of the time.
    if ((await this.#all(ref)).length < max / 2) return undefined;
    const name = await this.#anyOf(ref);
    if (!name || (await this.#mayAdopt(ref.kind, name))) return undefined;
    const propagationPolicy = this.#pick(['Background', 'Background', 'Foreground']);
    await this.#client.resource(ref).delete(name, NAMESPACE, { propagationPolicy });
    return `delete ${ref.kind} ${propagationPolicy}`;
  }

  async #orphan({ ref, rolls }: Kind): Promise<string | undefined> {
    const all = rolls ? await this.#all<KubeObject & { spec?: object }>(ref) : [];
    if (all.length === 0) return undefined;
    const { metadata, spec } = this.#pick(all);
    const { name = '', namespace = '', labels = {} } = metadata ?? {};
    if (await this.#mayAdopt(ref.kind, name)) return undefined;
    await this.#client.resource(ref).delete(name, namespace, { propagationPolicy: 'Orphan' });
    const object: KubeObject & { spec?: object } = { metadata: { name, namespace, labels }, spec };
    this.#orphaned.push({ ref, object });
    return `orphan what a ${ref.kind} has`;
  }

  /** Whether there is something to be adopted by it: who deletes it before, has it left to nobody, and rightly so. */
  async #mayAdopt(kind: string, name: string): Promise<boolean> {
    const options = { namespace: NAMESPACE, labelSelector: `app=${name},kind=${kind}` };
    const lists = await Promise.all(
      [PODS, REPLICA_SETS, CONTROLLER_REVISIONS].map((ref) => this.#client.resource(ref).list(options)),
    );
    return lists.some(({ items }) => items.some((item) => controllerOf(item) === undefined && item.kind !== kind));
  }

  /** Makes again what has gone; somebody else's of that name does as well, once it is not the one that goes. */
  async #readopt(): Promise<string | undefined> {
    const [first, ...others] = this.#orphaned;
    if (!first) return undefined;
    const resource = this.#client.resource(first.ref);
    try {
      await resource.create(first.object);
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists')) throw error;
      const { metadata } = await resource.get(first.object.metadata?.name ?? '', NAMESPACE);
      if (metadata?.deletionTimestamp !== undefined) return undefined;
    }
    this.#orphaned = others;
    return `make a ${first.ref.kind} again`;
  }

  async #deletePod(): Promise<string | undefined> {
    const name = await this.#anyOf(PODS);
    if (!name) return undefined;
    await this.#client.pods.delete(name, NAMESPACE);
    return 'delete Pod';
  }

  async #all<T extends KubeObject = V1Pod>(ref: ResourceRef): Promise<T[]> {
    const { items } = await this.#client.resource<T>(ref).list(ref.namespaced ? { namespace: NAMESPACE } : {});
    return items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
  }

  async #anyOf(ref: ResourceRef): Promise<string | undefined> {
    const all = await this.#all(ref);
    return all.length === 0 ? undefined : this.#pick(all).metadata?.name;
  }

  async #change(ref: ResourceRef, name = '', patch: object, type = MERGE): Promise<void> {
    await this.#client.resource(ref).patch(name, ref.namespaced ? NAMESPACE : undefined, patch, type);
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random.next() * choices.length)] as T;
  }
}

/** What an act is about may be gone, or be there already; anything else that fails is told. */
async function allowing(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const isOrdinary = isStatus(error) && ['NotFound', 'AlreadyExists', 'Conflict'].includes(error.reason);
    if (!isOrdinary) throw error;
  }
}
