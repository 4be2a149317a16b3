/** The deployment controller: which Deployments to look at when, and which ReplicaSets are theirs. */
import type { Informer } from '../../client/informer.ts';
import { DEPLOYMENTS, REPLICA_SETS } from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1Deployment, V1Pod, V1ReplicaSet } from '../../openapi/generated/types.ts';
import { selectorRequirements } from '../../openapi/label-selector.ts';
import { type KubeObject, keyOf } from '../../openapi/object.ts';
import { matchesLabels } from '../../openapi/selectors.ts';
import { claimObjects } from '../runtime/claim.ts';
import { type ControllerContext, typed } from '../runtime/context.ts';
import { type Controller, controllerOf, type ReconcileResult } from '../runtime/controller.ts';
import { BY_CONTROLLER, BY_NAMESPACE, orphansOf } from '../runtime/informers.ts';
import { isNamespaceTerminating } from '../runtime/pod-control.ts';
import { controllerOfObject, isFinished, sameMap } from '../runtime/pods.ts';
import { Revisions } from './revisions.ts';
import { DeploymentSync } from './sync.ts';
import { DeploymentWrites } from './writes.ts';

const WORKERS = 5;

export function deploymentController(context: ControllerContext): Controller {
  const { informers, clock, log } = context;
  const queue = new WorkQueue({ clock });
  const manager = new DeploymentManager(context, queue);
  manager.watch();
  return controllerOf({
    name: 'deployment',
    queue,
    workers: WORKERS,
    reconcile: (key) => manager.reconcile(key),
    synced: [informers.pods.synced(), informers.of(DEPLOYMENTS).synced(), informers.of(REPLICA_SETS).synced()],
    clock,
    log,
  });
}

class DeploymentManager {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  readonly #deployments: Informer<V1Deployment>;
  readonly #sets: Informer<V1ReplicaSet>;
  readonly #writes: DeploymentWrites;
  readonly #sync: DeploymentSync;

  constructor(context: ControllerContext, queue: WorkQueue) {
    this.#context = context;
    this.#queue = queue;
    this.#deployments = context.informers.of<V1Deployment>(DEPLOYMENTS);
    this.#sets = context.informers.of<V1ReplicaSet>(REPLICA_SETS);
    const writes = new DeploymentWrites(context);
    this.#writes = writes;
    const revisions = new Revisions(context, writes, this.#sets);
    const hasRunningPods = (set: V1ReplicaSet) => this.#hasRunningPods(set);
    this.#sync = new DeploymentSync({ context, writes, revisions, hasRunningPods });
  }

  watch(): void {
    this.#deployments.addHandler({
      added: (deployment) => this.#queue.add(keyOf(deployment)),
      updated: (deployment) => this.#queue.add(keyOf(deployment)),
    });
    this.#sets.addHandler({
      added: (set) => this.#setSeen(set),
      updated: (set, old) => this.#setUpdated(set, old),
      deleted: (set) => this.#enqueueOwnerOf(set),
    });
    this.#context.informers.pods.addHandler({ deleted: (pod) => this.#podDeleted(pod) });
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const cached = this.#deployments.get(key);
    if (!cached) return undefined;
    const deployment = typed(DEPLOYMENTS, cached);
    if (Object.keys(deployment.spec?.selector ?? {}).length === 0) {
      await this.#refuseSelectingAll(deployment);
      return undefined;
    }
    try {
      return await this.#sync.sync(deployment, await this.#claim(deployment));
    } catch (error) {
      // There is nothing to be made any more.
      if (isNamespaceTerminating(error)) return undefined;
      throw error;
    }
  }

  async #refuseSelectingAll(deployment: V1Deployment): Promise<void> {
    const message = 'This deployment is selecting all pods. A non-empty selector is required.';
    this.#writes.event(deployment, 'Warning', 'SelectingAll', message);
    const generation = deployment.metadata?.generation ?? 0;
    if ((deployment.status?.observedGeneration ?? 0) >= generation) return;
    await this.#writes.updateStatus(deployment, { ...deployment.status, observedGeneration: generation });
  }

  #claim(deployment: V1Deployment): Promise<V1ReplicaSet[]> {
    const { client } = this.#context;
    const { name = '', namespace = '', uid = '' } = deployment.metadata ?? {};
    return claimObjects({
      resource: client.resource<V1ReplicaSet>(REPLICA_SETS),
      owner: deployment,
      objects: [...this.#sets.byIndex(BY_CONTROLLER, uid), ...this.#sets.byIndex(BY_CONTROLLER, orphansOf(namespace))],
      matches: (set) => selects(deployment, set),
      fetchOwner: () => client.resource<V1Deployment>(DEPLOYMENTS).get(name, namespace),
    });
  }

  #hasRunningPods(set: V1ReplicaSet): boolean {
    const pods = this.#context.informers.pods.byIndex(BY_CONTROLLER, set.metadata?.uid ?? '');
    return pods.some((pod) => !isFinished(pod));
  }

  #setSeen(set: V1ReplicaSet): void {
    if (controllerOfObject(set)) this.#enqueueOwnerOf(set);
    else if (set.metadata?.deletionTimestamp === undefined) this.#enqueueSelecting(set);
  }

  #setUpdated(set: V1ReplicaSet, old: V1ReplicaSet): void {
    const before = controllerOfObject(old);
    const now = controllerOfObject(set);
    if (before && before.uid !== now?.uid) this.#enqueueOwnerOf(old);
    if (now) this.#enqueueOwnerOf(set);
    else if (before || !sameMap(old.metadata?.labels, set.metadata?.labels)) this.#enqueueSelecting(set);
  }

  /** With the last pod gone, a Deployment that recreates can go on. */
  #podDeleted(pod: V1Pod): void {
    const set = resolve(this.#sets, REPLICA_SETS.kind, pod);
    const deployment = set && resolve(this.#deployments, DEPLOYMENTS.kind, set);
    if (deployment?.spec?.strategy?.type !== 'Recreate') return;
    const sets = this.#sets.byIndex(BY_CONTROLLER, deployment.metadata?.uid ?? '');
    const isEmpty = sets.every(
      ({ metadata }) => this.#context.informers.pods.countByIndex(BY_CONTROLLER, metadata?.uid ?? '') === 0,
    );
    if (isEmpty) this.#queue.add(keyOf(deployment));
  }

  #enqueueOwnerOf(set: V1ReplicaSet): void {
    const deployment = resolve(this.#deployments, DEPLOYMENTS.kind, set);
    if (deployment) this.#queue.add(keyOf(deployment));
  }

  #enqueueSelecting(set: V1ReplicaSet): void {
    for (const deployment of this.#deployments.byIndex(BY_NAMESPACE, set.metadata?.namespace ?? '')) {
      if (selects(deployment, set)) this.#queue.add(keyOf(deployment));
    }
  }
}

function selects(deployment: V1Deployment, set: V1ReplicaSet): boolean {
  const requirements = selectorRequirements(deployment.spec?.selector) ?? [];
  return requirements.length > 0 && matchesLabels(requirements, set.metadata?.labels);
}

/** The controller of an object, if it is of this kind and there. */
function resolve<T extends KubeObject>(informer: Informer<T>, kind: string, object: KubeObject): T | undefined {
  const reference = controllerOfObject(object);
  if (reference?.kind !== kind) return undefined;
  const owner = informer.get(`${object.metadata?.namespace}/${reference.name}`);
  return owner?.metadata?.uid === reference.uid ? owner : undefined;
}
