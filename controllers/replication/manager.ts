/**
 * Keeps as many pods as an owner asks for. Level-triggered: each look counts the pods that are its own and makes or
 * deletes the difference, unless what it did last has not shown yet.
 */
import type { EventRecorder } from '../../client/events.ts';
import type { Informer } from '../../client/informer.ts';
import type { WorkQueue } from '../../client/work-queue.ts';
import type { V1Pod } from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import { matchesLabels, type Requirement } from '../../openapi/selectors.ts';
import { isStatus } from '../../openapi/status.ts';
import { claimObjects } from '../runtime/claim.ts';
import { type ControllerContext, typed } from '../runtime/context.ts';
import type { ReconcileResult } from '../runtime/controller.ts';
import { Expectations } from '../runtime/expectations.ts';
import { BY_CONTROLLER, BY_NAMESPACE, orphansOf } from '../runtime/informers.ts';
import { createPod, deletePod, isNamespaceTerminating } from '../runtime/pod-control.ts';
import { podsToDelete } from '../runtime/pod-ranking.ts';
import { controllerOfObject, isActive, isFinished, nextAvailableMs, sameMap } from '../runtime/pods.ts';
import { slowStart } from '../runtime/slow-start.ts';
import { type ReplicaKind, type Replicated, replicasOf } from './kinds.ts';
import { batchMsOf, type OwnPods, sameStatus, statusOf } from './status.ts';

/** Pods made or deleted at most in one look. */
export const BURST_REPLICAS = 500;

export class ReplicaManager<T extends Replicated> {
  readonly #context: ControllerContext;
  readonly #kind: ReplicaKind<T>;
  readonly #owners: Informer<T>;
  readonly #queue: WorkQueue;
  readonly #recorder: EventRecorder;
  readonly #expectations: Expectations;
  /** The selectors of owners, read once a version. */
  readonly #requirements = new WeakMap<T, readonly Requirement[]>();

  constructor(context: ControllerContext, kind: ReplicaKind<T>, queue: WorkQueue) {
    this.#context = context;
    this.#kind = kind;
    this.#owners = context.informers.of<T>(kind.ref);
    this.#queue = queue;
    this.#recorder = context.recorder(kind.component);
    this.#expectations = new Expectations(context.clock);
  }

  watch(): void {
    this.#owners.addHandler({
      added: (owner) => this.#queue.add(keyOf(owner)),
      updated: (owner, old) => {
        // Most changes of an owner are those of its status, made here.
        if (owner.metadata?.generation === old.metadata?.generation) this.#hint(owner);
        else this.#queue.add(keyOf(owner));
      },
      deleted: (owner) => {
        this.#expectations.forget(keyOf(owner));
        this.#queue.add(keyOf(owner));
      },
    });
    this.#context.informers.pods.addHandler({
      added: (pod) => this.#podAdded(pod),
      updated: (pod, old) => this.#podUpdated(pod, old),
      deleted: (pod) => this.#podDeleted(pod),
    });
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const cached = this.#owners.get(key);
    if (!cached) {
      this.#expectations.forget(key);
      return undefined;
    }
    const { ref } = this.#kind;
    const owner = typed<T>(ref, cached);
    const settled = this.#expectations.satisfied(key);
    const pods = await this.#claim(owner, this.#selectorOf(cached));
    let failure: unknown;
    if (settled && owner.metadata?.deletionTimestamp === undefined) {
      failure = await this.#manage(key, owner, pods.active);
    }
    // One moment for both: a pod that became available in between would not be looked at again.
    const nowMs = this.#context.clock.now();
    await this.#updateStatus(owner, pods, failure, nowMs);
    if (failure !== undefined) throw failure;
    const requeueAfterMs = nextAvailableMs(pods.active, owner.spec?.minReadySeconds ?? 0, nowMs);
    return requeueAfterMs === undefined ? undefined : { requeueAfterMs };
  }

  async #claim(owner: T, requirements: readonly Requirement[]): Promise<OwnPods> {
    const { client, informers } = this.#context;
    const { name = '', namespace = '', uid = '' } = owner.metadata ?? {};
    const matches = (pod: V1Pod) => requirements.length > 0 && matchesLabels(requirements, pod.metadata?.labels);
    const owned = informers.pods.byIndex(BY_CONTROLLER, uid);
    const orphans = informers.pods.byIndex(BY_CONTROLLER, orphansOf(namespace));
    const active = await claimObjects({
      resource: client.pods,
      owner,
      objects: [...owned.filter(isActive), ...orphans.filter(isActive)],
      matches,
      fetchOwner: () => client.resource<T>(this.#kind.ref).get(name, namespace),
    });
    if (!this.#kind.countsTerminating) return { active };
    return { active, terminating: owned.filter((pod) => isTerminating(pod) && matches(pod)).length };
  }

  /** Makes or deletes the difference; resolves with why it could not, if so. */
  #manage(key: string, owner: T, pods: readonly V1Pod[]): Promise<unknown> {
    const difference = pods.length - replicasOf(owner);
    if (difference < 0) return this.#create(key, owner, Math.min(-difference, BURST_REPLICAS));
    if (difference > 0) return this.#delete(key, owner, pods, Math.min(difference, BURST_REPLICAS));
    return Promise.resolve(undefined);
  }

  async #create(key: string, owner: T, count: number): Promise<unknown> {
    this.#expectations.expectCreations(key, count);
    const { successes, error } = await slowStart(count, async () => {
      try {
        await createPod(this.#context.client, this.#recorder, owner.spec?.template, owner);
      } catch (failure) {
        // Every further attempt would fail, too, and nobody is waiting for it.
        if (!isNamespaceTerminating(failure)) throw failure;
      }
    });
    for (let missing = count - successes; missing > 0; missing--) this.#expectations.creationObserved(key);
    return error;
  }

  async #delete(key: string, owner: T, pods: readonly V1Pod[], count: number): Promise<unknown> {
    const kin = count < pods.length ? this.#kinOnNodes(owner) : new Map<string, number>();
    const victims = podsToDelete(pods, count, this.#context.clock.now(), kin);
    this.#expectations.expectDeletions(key, victims.map(identityOf));
    const results = await Promise.allSettled(
      victims.map(async (pod) => {
        try {
          await deletePod(this.#context.client, this.#recorder, pod, owner);
        } catch (error) {
          this.#expectations.deletionObserved(key, identityOf(pod));
          if (!isStatus(error, 'NotFound')) throw error;
        }
      }),
    );
    return results.find((result) => result.status === 'rejected')?.reason;
  }

  /** How many active pods of the owner and of the others that its own owner has (a Deployment) are on each node. */
  #kinOnNodes(owner: T): ReadonlyMap<string, number> {
    const kin = new Map<string, number>();
    const parent = controllerOfObject(owner);
    if (!parent) return kin;
    for (const sibling of this.#owners.byIndex(BY_CONTROLLER, parent.uid)) {
      for (const pod of this.#context.informers.pods.byIndex(BY_CONTROLLER, sibling.metadata?.uid ?? '')) {
        const node = pod.spec?.nodeName ?? '';
        if (isActive(pod)) kin.set(node, (kin.get(node) ?? 0) + 1);
      }
    }
    return kin;
  }

  /** Writes the status if it changed, trying once more on the latest version when ours was not. */
  async #updateStatus(owner: T, pods: OwnPods, failure: unknown, nowMs: number): Promise<void> {
    const status = statusOf(owner, pods, failure, nowMs);
    if (sameStatus(owner.status, status)) return;
    const resource = this.#context.client.resource<T>(this.#kind.ref);
    try {
      await resource.updateStatus({ ...owner, status } as T);
    } catch (error) {
      if (!isStatus(error, 'Conflict')) throw error;
      const latest = await resource.get(owner.metadata?.name ?? '', owner.metadata?.namespace);
      if (latest.metadata?.uid !== owner.metadata?.uid) throw error;
      await resource.updateStatus({ ...latest, status } as T);
    }
  }

  #podAdded(pod: V1Pod): void {
    if (pod.metadata?.deletionTimestamp !== undefined) {
      this.#podDeleted(pod);
      return;
    }
    const owner = this.#ownerOf(pod);
    if (owner) {
      this.#observe(owner, (key) => this.#expectations.creationObserved(key));
    } else if (!controllerOfObject(pod)) this.#enqueueSelecting(pod);
  }

  #podUpdated(pod: V1Pod, old: V1Pod): void {
    if (pod.metadata?.deletionTimestamp !== undefined) {
      this.#podDeleted(pod);
      return;
    }
    const before = controllerOfObject(old);
    const now = controllerOfObject(pod);
    if (before && before.uid !== now?.uid) this.#hintOwnerOf(old);
    if (now) this.#hintOwnerOf(pod);
    else if (before || !sameMap(old.metadata?.labels, pod.metadata?.labels)) this.#enqueueSelecting(pod);
  }

  #podDeleted(pod: V1Pod): void {
    const owner = this.#ownerOf(pod);
    if (!owner) return;
    this.#observe(owner, (key) => this.#expectations.deletionObserved(key, identityOf(pod)));
  }

  /** Notes what was expected. The last of it is what the owner's next step waits for. */
  #observe(owner: T, note: (key: string) => void): void {
    const key = keyOf(owner);
    const waited = !this.#expectations.satisfied(key);
    note(key);
    if (waited && this.#expectations.satisfied(key)) this.#queue.add(key);
    else this.#hint(owner);
  }

  #hintOwnerOf(pod: V1Pod): void {
    const owner = this.#ownerOf(pod);
    if (owner) this.#hint(owner);
  }

  /** Has the owner looked at: at once, or with what else happens to its many pods. */
  #hint(owner: T): void {
    this.#queue.addAfter(keyOf(owner), batchMsOf(owner));
  }

  #enqueueSelecting(pod: V1Pod): void {
    for (const owner of this.#owners.byIndex(BY_NAMESPACE, pod.metadata?.namespace ?? '')) {
      const requirements = this.#selectorOf(owner);
      if (requirements.length > 0 && matchesLabels(requirements, pod.metadata?.labels)) this.#queue.add(keyOf(owner));
    }
  }

  #selectorOf(owner: T): readonly Requirement[] {
    let requirements = this.#requirements.get(owner);
    if (!requirements) {
      requirements = this.#kind.requirementsOf(owner);
      this.#requirements.set(owner, requirements);
    }
    return requirements;
  }

  #ownerOf(pod: V1Pod): T | undefined {
    const reference = controllerOfObject(pod);
    if (reference?.kind !== this.#kind.ref.kind) return undefined;
    const owner = this.#owners.get(`${pod.metadata?.namespace}/${reference.name}`);
    return owner?.metadata?.uid === reference.uid ? owner : undefined;
  }
}

/** On its way out, and still running as far as one knows. */
function isTerminating(pod: V1Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined && !isFinished(pod);
}

/** What an expected deletion is known by. The uid keeps a pod from being taken for a later one of its name. */
function identityOf(pod: V1Pod): string {
  return `${keyOf(pod)}/${pod.metadata?.uid}`;
}
