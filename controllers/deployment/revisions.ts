/** Finds the ReplicaSet of a Deployment's template, makes it if need be, and keeps revisions in step. */
import { messageOf } from '../../base/errors.ts';
import type { Informer } from '../../client/informer.ts';
import type { V1Deployment, V1ReplicaSet } from '../../openapi/generated/types.ts';
import { isStatus } from '../../openapi/status.ts';
import { controllerReference } from '../runtime/claim.ts';
import type { ControllerContext } from '../runtime/context.ts';
import { isNamespaceTerminating } from '../runtime/pod-control.ts';
import { controllerOfObject } from '../runtime/pods.ts';
import { maxRevision, newSetAnnotations, REVISION, replicasAnnotations } from './annotations.ts';
import { conditionOf, newCondition, REASONS, withCondition } from './conditions.ts';
import { type ReplicaSets, sizeOf, splitReplicaSets, sum } from './replica-sets.ts';
import { newSetSize } from './scaling.ts';
import { progressDeadlineOf } from './status.ts';
import { equalIgnoringHash, HASH_LABEL, replicaSetName, templateHash } from './template.ts';
import type { DeploymentWrites } from './writes.ts';

/** A Deployment and its ReplicaSets as they are in the middle of a look, after what was written in it. */
export interface Rollout {
  deployment: V1Deployment;
  sets: ReplicaSets;
}

/** A Rollout whose new ReplicaSet is there. */
export interface StartedRollout extends Rollout {
  sets: ReplicaSets & { current: V1ReplicaSet };
}

/** The ReplicaSet for the Deployment's template, as the next revision, of the size it begins with. */
export function newReplicaSetOf(deployment: V1Deployment, old: readonly V1ReplicaSet[]): V1ReplicaSet {
  const { metadata, spec, status } = deployment;
  const hash = templateHash(spec?.template ?? {}, status?.collisionCount);
  const template = { ...spec?.template };
  template.metadata = { ...template.metadata, labels: { ...template.metadata?.labels, [HASH_LABEL]: hash } };
  return {
    metadata: {
      name: replicaSetName(deployment, hash),
      namespace: metadata?.namespace ?? '',
      labels: template.metadata.labels ?? {},
      annotations: {
        ...newSetAnnotations(deployment, undefined, maxRevision(old) + 1n),
        ...replicasAnnotations(deployment),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: newSetSize(deployment, 0, sum(old, sizeOf)),
      ...(spec?.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
      selector: { ...spec?.selector, matchLabels: { ...spec?.selector?.matchLabels, [HASH_LABEL]: hash } },
      template,
    },
  };
}

export class Revisions {
  readonly #context: ControllerContext;
  readonly #writes: DeploymentWrites;
  readonly #sets: Informer<V1ReplicaSet>;

  constructor(context: ControllerContext, writes: DeploymentWrites, sets: Informer<V1ReplicaSet>) {
    this.#context = context;
    this.#writes = writes;
    this.#sets = sets;
  }

  /** Tells the new ReplicaSet from the old ones; the new one, if it is there, becomes the latest revision. */
  async find(deployment: V1Deployment, owned: readonly V1ReplicaSet[]): Promise<Rollout> {
    const sets = splitReplicaSets(deployment, owned);
    const { current, old } = sets;
    if (!current) return { deployment, sets };
    const annotations = newSetAnnotations(deployment, current.metadata?.annotations, maxRevision(old) + 1n);
    const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
    if (annotations || (current.spec?.minReadySeconds ?? 0) !== minReadySeconds) {
      const metadata = { ...current.metadata, ...(annotations ? { annotations } : {}) };
      const spec = { selector: {}, ...current.spec, minReadySeconds };
      return { deployment, sets: { old, current: await this.#writes.updateSet({ ...current, metadata, spec }) } };
    }
    const { reason, text } = { reason: REASONS.foundNewReplicaSet, text: 'Found new replica set' };
    const isNoted = conditionOf(deployment.status, 'Progressing') !== undefined;
    return {
      deployment: await this.#note(deployment, current, isNoted ? undefined : { reason, text }),
      sets,
    };
  }

  /** Makes the new ReplicaSet if it is not there. */
  async start({ deployment, sets }: Rollout): Promise<StartedRollout> {
    const { old, current } = sets;
    if (current) return { deployment, sets: { old, current } };
    const wanted = newReplicaSetOf(deployment, old);
    let created: V1ReplicaSet;
    try {
      created = await this.#writes.createSet(wanted);
    } catch (error) {
      const found = await this.#afterRefusal(deployment, wanted, error);
      return { deployment: await this.#note(deployment, found), sets: { old, current: found } };
    }
    if (sizeOf(created) > 0) {
      const message = `Scaled up replica set ${created.metadata?.name} from 0 to ${sizeOf(created)}`;
      this.#writes.event(deployment, 'Normal', 'ScalingReplicaSet', message);
    }
    const told = { reason: REASONS.newReplicaSet, text: 'Created new replica set' };
    return { deployment: await this.#note(deployment, created, told), sets: { old, current: created } };
  }

  /** The ReplicaSet that was there already, if it is the wanted one; else throws what the server said. */
  async #afterRefusal(deployment: V1Deployment, wanted: V1ReplicaSet, error: unknown): Promise<V1ReplicaSet> {
    if (isStatus(error, 'AlreadyExists')) {
      const { namespace, name } = wanted.metadata ?? {};
      const there = this.#sets.get(`${namespace}/${name}`);
      if (!there) throw error;
      const isOurs = controllerOfObject(there)?.uid === deployment.metadata?.uid;
      if (isOurs && equalIgnoringHash(deployment.spec?.template, there.spec?.template)) return there;
      // Another template has the name: the next look tries another one.
      const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
      await this.#writes.updateStatus(deployment, { ...deployment.status, collisionCount });
      throw error;
    }
    if (!isNamespaceTerminating(error)) await this.#tellFailure(deployment, wanted, error);
    throw error;
  }

  async #tellFailure(deployment: V1Deployment, wanted: V1ReplicaSet, error: unknown): Promise<void> {
    const message = `Failed to create new replica set "${wanted.metadata?.name}": ${messageOf(error)}`;
    this.#writes.event(deployment, 'Warning', REASONS.failedCreate, message);
    if (progressDeadlineOf(deployment) === undefined) return;
    const now = this.#context.clock.now();
    const condition = newCondition('Progressing', 'False', REASONS.failedCreate, message, now);
    const conditions = withCondition(deployment.status?.conditions, condition);
    // What the caller has to report is worse than a status that could not be written.
    await this.#writes.updateStatus(deployment, { ...deployment.status, conditions }).catch((failure: unknown) => {
      this.#context.log.debug({ error: messageOf(failure) }, 'deployment: status could not be written');
    });
  }

  /** Writes the revision of its new ReplicaSet into the Deployment, and what became of it into its conditions. */
  async #note(
    deployment: V1Deployment,
    set: V1ReplicaSet,
    told?: { reason: string; text: string },
  ): Promise<V1Deployment> {
    const revision = set.metadata?.annotations?.[REVISION] ?? '';
    const isRevisionKnown = deployment.metadata?.annotations?.[REVISION] === revision;
    const isTold = told === undefined || progressDeadlineOf(deployment) === undefined;
    if (isRevisionKnown && isTold) return deployment;
    const annotations = { ...deployment.metadata?.annotations, [REVISION]: revision };
    const status = { ...deployment.status };
    if (!isTold) {
      const message = `${told.text} "${set.metadata?.name}"`;
      const condition = newCondition('Progressing', 'True', told.reason, message, this.#context.clock.now());
      status.conditions = withCondition(status.conditions, condition);
    }
    const metadata = { ...deployment.metadata, annotations };
    return this.#writes.updateStatus({ ...deployment, metadata }, status);
  }
}
