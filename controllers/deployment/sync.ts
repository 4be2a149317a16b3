/** One look at one Deployment: what it is at decides which of a few ways it takes, each a step towards what is asked. */
import type { V1Deployment, V1ReplicaSet } from '../../openapi/generated/types.ts';
import type { ControllerContext } from '../runtime/context.ts';
import type { ReconcileResult } from '../runtime/controller.ts';
import { desiredReplicas } from './bounds.ts';
import { conditionOf, newCondition, REASONS, withCondition } from './conditions.ts';
import { activeOf, allOf, type ReplicaSets } from './replica-sets.ts';
import type { Revisions, Rollout, StartedRollout } from './revisions.ts';
import { rollBack, rollbackTarget } from './rollback.ts';
import { isScaled, maxScaledDown, nextNewSetSize, oldScaleDown, scaledSets, unhealthyScaleDown } from './scaling.ts';
import { isComplete, progressCheckMs, progressDeadlineOf, rolloutStatusOf, sameStatus, statusOf } from './status.ts';
import type { DeploymentWrites } from './writes.ts';

export interface SyncOptions {
  context: ControllerContext;
  writes: DeploymentWrites;
  revisions: Revisions;
  /** Whether a ReplicaSet has pods that may still run. */
  hasRunningPods(set: V1ReplicaSet): boolean;
}

export class DeploymentSync {
  readonly #options: SyncOptions;

  constructor(options: SyncOptions) {
    this.#options = options;
  }

  /** `owned` are the Deployment's own ReplicaSets. Throws when the next look should come soon. */
  async sync(deployment: V1Deployment, owned: readonly V1ReplicaSet[]): Promise<ReconcileResult> {
    const { revisions } = this.#options;
    if (deployment.metadata?.deletionTimestamp !== undefined) {
      const { deployment: found, sets } = await revisions.find(deployment, owned);
      return this.#writeStatus(found, sets);
    }
    const rollout = await revisions.find(await this.#notePause(deployment), owned);
    if (rollout.deployment.spec?.paused) return this.#scale(rollout);
    const target = rollbackTarget(rollout.deployment);
    if (target !== undefined) return this.#rollBack(rollout, target);
    if (isScaled(rollout.deployment, rollout.sets)) return this.#scale(rollout);
    const type = rollout.deployment.spec?.strategy?.type;
    if (type === 'Recreate') return this.#recreate(rollout);
    if (type === 'RollingUpdate') return this.#roll(rollout);
    throw new Error(`unexpected deployment strategy type: ${type}`);
  }

  /** That it is paused or goes on again is said in a condition, so that the time in between does not count as none. */
  async #notePause(deployment: V1Deployment): Promise<V1Deployment> {
    const { context, writes } = this.#options;
    const reason = conditionOf(deployment.status, 'Progressing')?.reason;
    if (progressDeadlineOf(deployment) === undefined || reason === REASONS.timedOut) return deployment;
    const isPaused = deployment.spec?.paused === true;
    if (isPaused === (reason === REASONS.paused)) return deployment;
    const now = context.clock.now();
    const condition = isPaused
      ? newCondition('Progressing', 'Unknown', REASONS.paused, 'Deployment is paused', now)
      : newCondition('Progressing', 'Unknown', REASONS.resumed, 'Deployment is resumed', now);
    const conditions = withCondition(deployment.status?.conditions, condition);
    return writes.updateStatus(deployment, { ...deployment.status, conditions });
  }

  async #scale({ deployment, sets: before }: Rollout): Promise<ReconcileResult> {
    const { writes } = this.#options;
    const { sets } = await writes.scale(deployment, before, scaledSets(deployment, before));
    if (deployment.spec?.paused && rollbackTarget(deployment) === undefined) {
      await writes.cleanUp(deployment, sets.old);
    }
    return this.#writeStatus(deployment, sets);
  }

  async #rollBack(rollout: Rollout, target: bigint): Promise<ReconcileResult> {
    const { writes, revisions } = this.#options;
    const { deployment, sets } = await revisions.start(rollout);
    const { deployment: wanted, event } = rollBack(deployment, allOf(sets), target);
    await writes.update(wanted);
    writes.event(deployment, event.type, event.reason, event.message);
    return undefined;
  }

  async #roll(rollout: Rollout): Promise<ReconcileResult> {
    const { writes, revisions } = this.#options;
    const started = await revisions.start(rollout);
    const { deployment, sets } = started;
    const { current } = sets;
    const up = [{ set: current, replicas: nextNewSetSize(deployment, current, allOf(sets)) }].filter(
      ({ set, replicas }) => set.spec?.replicas !== replicas,
    );
    const grown = await writes.scale(deployment, sets, up);
    if (grown.scaled) return this.#writeRolloutStatus(deployment, grown.sets);
    const shrunk = await this.#scaleDownOld(started);
    if (shrunk.scaled) return this.#writeRolloutStatus(deployment, shrunk.sets);
    if (isComplete(deployment, deployment.status)) await writes.cleanUp(deployment, sets.old);
    return this.#writeRolloutStatus(deployment, sets);
  }

  async #scaleDownOld({ deployment, sets }: StartedRollout): Promise<{ sets: ReplicaSets; scaled: boolean }> {
    const { writes } = this.#options;
    const unchanged = { sets, scaled: false };
    if (activeOf(sets.old).length === 0) return unchanged;
    const most = maxScaledDown(deployment, sets.current, allOf(sets));
    if (most <= 0) return unchanged;
    const unhealthy = unhealthyScaleDown(sets.old, most);
    if (!unhealthy) return unchanged;
    const cleaned = await writes.scale(deployment, sets, unhealthy);
    const down = oldScaleDown(deployment, sets.current, cleaned.sets.old);
    const shrunk = await writes.scale(deployment, cleaned.sets, down);
    return { sets: shrunk.sets, scaled: cleaned.scaled || shrunk.scaled };
  }

  /** All old pods have to be gone before the first new one is made. */
  async #recreate(rollout: Rollout): Promise<ReconcileResult> {
    const { writes, revisions } = this.#options;
    const { deployment, sets } = rollout;
    const down = activeOf(sets.old).map((set) => ({ set, replicas: 0 }));
    const emptied = await writes.scale(deployment, sets, down);
    if (emptied.scaled || this.#hasOldPods(sets)) return this.#writeRolloutStatus(deployment, emptied.sets);
    const started = await revisions.start(rollout);
    const up = [{ set: started.sets.current, replicas: desiredReplicas(deployment) }].filter(
      ({ set, replicas }) => set.spec?.replicas !== replicas,
    );
    const grown = await writes.scale(started.deployment, started.sets, up);
    if (isComplete(started.deployment, started.deployment.status)) {
      await writes.cleanUp(started.deployment, grown.sets.old);
    }
    return this.#writeRolloutStatus(started.deployment, grown.sets);
  }

  #hasOldPods({ old }: ReplicaSets): boolean {
    return old.some((set) => (set.status?.replicas ?? 0) > 0 || this.#options.hasRunningPods(set));
  }

  async #writeStatus(deployment: V1Deployment, sets: ReplicaSets): Promise<ReconcileResult> {
    const status = statusOf(deployment, sets, this.#options.context.clock.now());
    if (!sameStatus(deployment.status, status)) await this.#options.writes.updateStatus(deployment, status);
    return undefined;
  }

  async #writeRolloutStatus(deployment: V1Deployment, sets: ReplicaSets): Promise<ReconcileResult> {
    const { clock } = this.#options.context;
    const status = rolloutStatusOf(deployment, sets, clock.now());
    if (!sameStatus(deployment.status, status)) {
      await this.#options.writes.updateStatus(deployment, status);
      return undefined;
    }
    const requeueAfterMs = progressCheckMs(deployment, status, clock.now());
    return requeueAfterMs === undefined ? undefined : { requeueAfterMs };
  }
}
