/** Who changes what is wanted: creates, scales, rolls, pauses and deletes, as a seed decides. */
import type { Random } from '../../base/random.ts';
import type { Client, PatchType } from '../../client/client.ts';
import { CRON_JOBS, DEPLOYMENTS, NODES, PODS, SERVICES } from '../../client/resources.ts';
import type { V1Deployment, V1Pod } from '../../openapi/generated/types.ts';
import type { KubeObject, ResourceRef } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
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
  /** What was done, and how often. */
  readonly done = new Map<string, number>();

  constructor(client: Client, random: Random) {
    this.#client = client;
    this.#random = random;
  }

  /** Does one thing. What it is about may be gone, or be there already; anything else that fails is told. */
  async act(): Promise<void> {
    const kind = this.#pick(KINDS);
    const acts = [
      () => this.#create(kind),
      () => this.#create(kind),
      () => this.#scale(kind),
      () => this.#roll(kind),
      () => this.#pause(),
      () => this.#delete(kind),
      () => this.#deletePod(),
    ];
    try {
      const what = await this.#pick(acts)();
      if (what) this.done.set(what, (this.done.get(what) ?? 0) + 1);
    } catch (error) {
      const isOrdinary = isStatus(error) && ['NotFound', 'AlreadyExists', 'Conflict'].includes(error.reason);
      if (!isOrdinary) throw error;
    }
  }

  async silenceNode(name: string, silent: boolean): Promise<void> {
    const annotations = { [SILENT]: silent ? 'true' : null };
    await this.#client.nodes.patch(name, undefined, { metadata: { annotations } }, MERGE);
  }

  async deleteNode(name: string): Promise<void> {
    await this.#client.resource(NODES).delete(name);
  }

  /** The last wishes: nothing stays paused, and nothing begins by itself any more. */
  async finish(): Promise<void> {
    for (const { metadata } of await this.#all<V1Deployment>(DEPLOYMENTS))
      await this.#change(DEPLOYMENTS, metadata?.name, { spec: { paused: false } });
    for (const { metadata } of await this.#all(CRON_JOBS))
      await this.#change(CRON_JOBS, metadata?.name, { spec: { suspend: true } });
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

  async #pause(): Promise<string | undefined> {
    const name = await this.#anyOf(DEPLOYMENTS);
    if (!name) return undefined;
    const paused = this.#random.next() < 0.5;
    await this.#change(DEPLOYMENTS, name, { spec: { paused } });
    return paused ? 'pause' : 'resume';
  }

  async #delete({ ref, max }: Kind): Promise<string | undefined> {
    // So that there is something to delete, most of the time.
    if ((await this.#all(ref)).length < max / 2) return undefined;
    const name = await this.#anyOf(ref);
    if (!name) return undefined;
    const propagationPolicy = this.#pick(['Background', 'Background', 'Foreground']);
    await this.#client.resource(ref).delete(name, NAMESPACE, { propagationPolicy });
    return `delete ${ref.kind} ${propagationPolicy}`;
  }

  async #deletePod(): Promise<string | undefined> {
    const name = await this.#anyOf(PODS);
    if (!name) return undefined;
    await this.#client.pods.delete(name, NAMESPACE);
    return 'delete Pod';
  }

  async #all<T extends KubeObject = V1Pod>(ref: ResourceRef): Promise<T[]> {
    const { items } = await this.#client.resource<T>(ref).list({ namespace: NAMESPACE });
    return items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
  }

  async #anyOf(ref: ResourceRef): Promise<string | undefined> {
    const all = await this.#all(ref);
    return all.length === 0 ? undefined : this.#pick(all).metadata?.name;
  }

  async #change(ref: ResourceRef, name = '', patch: object, type = MERGE): Promise<void> {
    await this.#client.resource(ref).patch(name, NAMESPACE, patch, type);
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random.next() * choices.length)] as T;
  }
}
