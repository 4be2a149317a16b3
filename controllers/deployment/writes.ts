/** What the deployment controller writes: ReplicaSets made, sized and removed, statuses, and the events about it. */
import type { EventRecorder } from '../../client/events.ts';
import { DEPLOYMENTS, REPLICA_SETS } from '../../client/resources.ts';
import type { V1Deployment, V1DeploymentStatus, V1ReplicaSet } from '../../openapi/generated/types.ts';
import { isStatus } from '../../openapi/status.ts';
import { type ControllerContext, typed } from '../runtime/context.ts';
import { carriesReplicas, replicasAnnotations } from './annotations.ts';
import { byRevision, type ReplicaSets, sizeOf } from './replica-sets.ts';
import type { Scaling } from './scaling.ts';
import { NO_LIMIT } from './status.ts';

export class DeploymentWrites {
  readonly #context: ControllerContext;
  readonly #recorder: EventRecorder;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#recorder = context.recorder('deployment-controller');
  }

  event(deployment: V1Deployment, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#recorder.event(deployment, type, reason, message);
  }

  createSet(set: V1ReplicaSet): Promise<V1ReplicaSet> {
    return this.#context.client.resource<V1ReplicaSet>(REPLICA_SETS).create(set);
  }

  updateSet(set: V1ReplicaSet): Promise<V1ReplicaSet> {
    return this.#context.client.resource<V1ReplicaSet>(REPLICA_SETS).update(set);
  }

  /** Sizes ReplicaSets one after the other, and tells so. Resolves with the ReplicaSets as they then are. */
  async scale(
    deployment: V1Deployment,
    sets: ReplicaSets,
    scalings: readonly Scaling[],
  ): Promise<{ sets: ReplicaSets; scaled: boolean }> {
    const updated = new Map<string | undefined, V1ReplicaSet>();
    let scaled = false;
    for (const { set, replicas } of scalings) {
      const size = sizeOf(set);
      if (size === replicas && carriesReplicas(set, deployment)) continue;
      updated.set(set.metadata?.uid, await this.#resize(deployment, set, replicas));
      if (size === replicas) continue;
      scaled = true;
      const direction = size < replicas ? 'up' : 'down';
      const message = `Scaled ${direction} replica set ${set.metadata?.name} from ${size} to ${replicas}`;
      this.event(deployment, 'Normal', 'ScalingReplicaSet', message);
    }
    const latest = (set: V1ReplicaSet) => updated.get(set.metadata?.uid) ?? set;
    const current = sets.current && latest(sets.current);
    return { sets: { current, old: sets.old.map(latest) }, scaled };
  }

  #resize(deployment: V1Deployment, set: V1ReplicaSet, replicas: number): Promise<V1ReplicaSet> {
    const annotations = { ...set.metadata?.annotations, ...replicasAnnotations(deployment) };
    const spec = { selector: {}, ...set.spec, replicas };
    return this.updateSet({ ...set, metadata: { ...set.metadata, annotations }, spec });
  }

  /** Removes old ReplicaSets without pods, the lowest revisions first, until no more are left than shall be kept. */
  async cleanUp(deployment: V1Deployment, old: readonly V1ReplicaSet[]): Promise<void> {
    const limit = deployment.spec?.revisionHistoryLimit;
    if (limit === undefined || limit === NO_LIMIT) return;
    const candidates = old.filter(({ metadata }) => metadata?.deletionTimestamp === undefined).sort(byRevision);
    for (const set of candidates.slice(0, Math.max(0, candidates.length - limit))) {
      if (!isIdle(set)) continue;
      const { name = '', namespace } = set.metadata ?? {};
      try {
        await this.#context.client.resource<V1ReplicaSet>(REPLICA_SETS).delete(name, namespace);
      } catch (error) {
        if (!isStatus(error, 'NotFound')) throw error;
      }
    }
  }

  /** Resolves with the Deployment as it then is. Annotations go with a status, as the server lets them. */
  async updateStatus(deployment: V1Deployment, status: V1DeploymentStatus): Promise<V1Deployment> {
    const resource = this.#context.client.resource<V1Deployment>(DEPLOYMENTS);
    return typed(DEPLOYMENTS, await resource.updateStatus({ ...deployment, status }));
  }

  update(deployment: V1Deployment): Promise<V1Deployment> {
    return this.#context.client.resource<V1Deployment>(DEPLOYMENTS).update(deployment);
  }
}

/** Has no pods, is to have none, and its status is not behind. */
function isIdle({ metadata, spec, status }: V1ReplicaSet): boolean {
  return (
    (status?.replicas ?? 0) === 0 &&
    (spec?.replicas ?? 1) === 0 &&
    (metadata?.generation ?? 0) <= (status?.observedGeneration ?? 0)
  );
}
