/**
 * Keeps as many pods as a ReplicationController asks for. Level-triggered: each look counts the pods it owns and makes
 * or deletes the difference, unless what it did last has not shown yet.
 */
import type { EventRecorder } from '../../client/events.ts';
import { REPLICATION_CONTROLLERS } from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1Pod, V1ReplicationController } from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import { claimObjects } from '../runtime/claim.ts';
import { type ControllerContext, typed } from '../runtime/context.ts';
import { type Controller, controllerOf, type ReconcileResult } from '../runtime/controller.ts';
import { Expectations } from '../runtime/expectations.ts';
import { BY_CONTROLLER, BY_NAMESPACE, orphansOf } from '../runtime/informers.ts';
import { createPod, deletePod, isNamespaceTerminating } from '../runtime/pod-control.ts';
import { podsToDelete } from '../runtime/pod-ranking.ts';
import { carries, controllerOfObject, isActive, isReady, sameMap } from '../runtime/pods.ts';
import { slowStart } from '../runtime/slow-start.ts';
import { replicasOf, sameStatus, statusOf } from './status.ts';

/** Pods made or deleted at most in one look. */
export const BURST_REPLICAS = 500;
const WORKERS = 5;

export function replicationController(context: ControllerContext): Controller {
  const { informers, clock, log } = context;
  const queue = new WorkQueue({ clock });
  const replication = new ReplicationManager(context, queue);
  replication.watch();
  return controllerOf({
    name: 'replication',
    queue,
    workers: WORKERS,
    reconcile: (key) => replication.reconcile(key),
    synced: [informers.pods.synced(), informers.replicationControllers.synced()],
    clock,
    log,
  });
}

class ReplicationManager {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  readonly #recorder: EventRecorder;
  readonly #expectations: Expectations;

  constructor(context: ControllerContext, queue: WorkQueue) {
    this.#context = context;
    this.#queue = queue;
    this.#recorder = context.recorder('replication-controller');
    this.#expectations = new Expectations(context.clock);
  }

  watch(): void {
    const { informers } = this.#context;
    informers.replicationControllers.addHandler({
      added: (rc) => this.#queue.add(keyOf(rc)),
      updated: (rc) => this.#queue.add(keyOf(rc)),
      deleted: (rc) => {
        this.#expectations.forget(keyOf(rc));
        this.#queue.add(keyOf(rc));
      },
    });
    informers.pods.addHandler({
      added: (pod) => this.#podAdded(pod),
      updated: (pod, old) => this.#podUpdated(pod, old),
      deleted: (pod) => this.#podDeleted(pod),
    });
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const cached = this.#context.informers.replicationControllers.get(key);
    if (!cached) {
      this.#expectations.forget(key);
      return undefined;
    }
    const rc = typed(REPLICATION_CONTROLLERS, cached);
    const settled = this.#expectations.satisfied(key);
    const pods = await this.#claim(rc);
    let failure: unknown;
    if (settled && rc.metadata?.deletionTimestamp === undefined) failure = await this.#manage(key, rc, pods);
    const updated = await this.#updateStatus(rc, pods, failure);
    if (failure !== undefined) throw failure;
    return recheckOf(updated);
  }

  #claim(rc: V1ReplicationController): Promise<V1Pod[]> {
    const { client, informers } = this.#context;
    const { name = '', namespace = '', uid = '' } = rc.metadata ?? {};
    const candidates = [
      ...informers.pods.byIndex(BY_CONTROLLER, uid),
      ...informers.pods.byIndex(BY_CONTROLLER, orphansOf(namespace)),
    ];
    return claimObjects({
      resource: client.pods,
      owner: rc,
      objects: candidates.filter((pod) => pod.metadata?.namespace === namespace && isActive(pod)),
      matches: (pod) => selects(rc, pod),
      fetchOwner: () => client.replicationControllers.get(name, namespace),
    });
  }

  /** Makes or deletes the difference; resolves with why it could not, if so. */
  #manage(key: string, rc: V1ReplicationController, pods: readonly V1Pod[]): Promise<unknown> {
    const difference = pods.length - replicasOf(rc);
    if (difference < 0) return this.#create(key, rc, Math.min(-difference, BURST_REPLICAS));
    if (difference > 0) return this.#delete(key, rc, pods, Math.min(difference, BURST_REPLICAS));
    return Promise.resolve(undefined);
  }

  async #create(key: string, rc: V1ReplicationController, count: number): Promise<unknown> {
    this.#expectations.expectCreations(key, count);
    const { successes, error } = await slowStart(count, async () => {
      try {
        await createPod(this.#context.client, this.#recorder, rc.spec?.template, rc);
      } catch (failure) {
        // Every further attempt would fail, too, and nobody is waiting for it.
        if (!isNamespaceTerminating(failure)) throw failure;
      }
    });
    for (let missing = count - successes; missing > 0; missing--) this.#expectations.creationObserved(key);
    return error;
  }

  async #delete(key: string, rc: V1ReplicationController, pods: readonly V1Pod[], count: number): Promise<unknown> {
    const victims = podsToDelete(pods, count, this.#context.clock.now());
    this.#expectations.expectDeletions(key, victims.map(identityOf));
    const results = await Promise.allSettled(
      victims.map(async (pod) => {
        try {
          await deletePod(this.#context.client, this.#recorder, pod, rc);
        } catch (error) {
          this.#expectations.deletionObserved(key, identityOf(pod));
          if (!isStatus(error, 'NotFound')) throw error;
        }
      }),
    );
    return results.find((result) => result.status === 'rejected')?.reason;
  }

  /** Writes the status if it changed, trying once more on the latest version when ours was not. */
  async #updateStatus(rc: V1ReplicationController, pods: readonly V1Pod[], failure: unknown) {
    const { client, clock } = this.#context;
    const status = statusOf(rc, pods, failure, clock.now());
    if (sameStatus(rc.status, status)) return rc;
    try {
      return await client.replicationControllers.updateStatus({ ...rc, status });
    } catch (error) {
      if (!isStatus(error, 'Conflict')) throw error;
      const latest = await client.replicationControllers.get(rc.metadata?.name ?? '', rc.metadata?.namespace);
      if (latest.metadata?.uid !== rc.metadata?.uid) throw error;
      return client.replicationControllers.updateStatus({ ...latest, status });
    }
  }

  #podAdded(pod: V1Pod): void {
    if (pod.metadata?.deletionTimestamp !== undefined) {
      this.#podDeleted(pod);
      return;
    }
    const owner = this.#ownerOf(pod);
    if (owner) {
      this.#expectations.creationObserved(keyOf(owner));
      this.#queue.add(keyOf(owner));
    } else if (!controllerOfObject(pod)) this.#enqueueSelecting(pod);
  }

  #podUpdated(pod: V1Pod, old: V1Pod): void {
    if (pod.metadata?.deletionTimestamp !== undefined) {
      this.#podDeleted(pod);
      return;
    }
    const before = controllerOfObject(old);
    const now = controllerOfObject(pod);
    if (before && before.uid !== now?.uid) this.#enqueueOwnerOf(old);
    if (now) {
      const owner = this.#ownerOf(pod);
      if (!owner) return;
      this.#queue.add(keyOf(owner));
      const minReadySeconds = owner.spec?.minReadySeconds ?? 0;
      // A second more: timestamps are cut to seconds.
      if (minReadySeconds > 0 && !isReady(old) && isReady(pod)) {
        this.#queue.addAfter(keyOf(owner), (minReadySeconds + 1) * 1000);
      }
    } else if (before || !sameMap(old.metadata?.labels, pod.metadata?.labels)) this.#enqueueSelecting(pod);
  }

  #podDeleted(pod: V1Pod): void {
    const owner = this.#ownerOf(pod);
    if (!owner) return;
    this.#expectations.deletionObserved(keyOf(owner), identityOf(pod));
    this.#queue.add(keyOf(owner));
  }

  #enqueueOwnerOf(pod: V1Pod): void {
    const owner = this.#ownerOf(pod);
    if (owner) this.#queue.add(keyOf(owner));
  }

  #enqueueSelecting(pod: V1Pod): void {
    const inNamespace = this.#context.informers.replicationControllers.byIndex(
      BY_NAMESPACE,
      pod.metadata?.namespace ?? '',
    );
    for (const rc of inNamespace) if (selects(rc, pod)) this.#queue.add(keyOf(rc));
  }

  #ownerOf(pod: V1Pod): V1ReplicationController | undefined {
    const reference = controllerOfObject(pod);
    if (reference?.kind !== REPLICATION_CONTROLLERS.kind) return undefined;
    const rc = this.#context.informers.replicationControllers.get(`${pod.metadata?.namespace}/${reference.name}`);
    return rc?.metadata?.uid === reference.uid ? rc : undefined;
  }
}

function selects(rc: V1ReplicationController, pod: V1Pod): boolean {
  const selector = rc.spec?.selector ?? {};
  return Object.keys(selector).length > 0 && carries(pod.metadata?.labels, selector);
}

/** What an expected deletion is known by. The uid keeps a pod from being taken for a later one of its name. */
function identityOf(pod: V1Pod): string {
  return `${keyOf(pod)}/${pod.metadata?.uid}`;
}

/** Pods that are ready but not yet available become so without anybody telling us. */
function recheckOf(rc: V1ReplicationController): ReconcileResult {
  const minReadySeconds = rc.spec?.minReadySeconds ?? 0;
  const waiting = rc.status?.readyReplicas === replicasOf(rc) && (rc.status?.availableReplicas ?? 0) !== replicasOf(rc);
  return minReadySeconds > 0 && waiting ? { requeueAfterMs: minReadySeconds * 1000 } : undefined;
}
