/** Carries out the steps of a plan, telling of each in upstream's words. */
import { messageOf } from '../../base/errors.ts';
import type { ResourceClient } from '../../client/client.ts';
import type { EventRecorder } from '../../client/events.ts';
import type { Informer } from '../../client/informer.ts';
import { PERSISTENT_VOLUME_CLAIMS } from '../../client/resources.ts';
import type {
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodTemplateSpec,
  V1StatefulSet,
} from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import type { ControllerContext } from '../runtime/context.ts';
import type { Expectations } from '../runtime/expectations.ts';
import { claimNamesOf, claimsOf, type FindClaim, hasForeignController, ownersOf } from './claims.ts';
import { corrected, identityMatches, newPod, ordinalOf, storageMatches } from './identity.ts';
import type { Step } from './plan.ts';

/** Where the pods of a set come from. */
export interface Source {
  /** Must carry its kind. */
  set: V1StatefulSet;
  current: { name: string; template: V1PodTemplateSpec | undefined };
  update: { name: string; template: V1PodTemplateSpec | undefined };
}

export class StatefulPodControl {
  readonly #context: ControllerContext;
  readonly #recorder: EventRecorder;
  readonly #expectations: Expectations;
  readonly #claims: ResourceClient<V1PersistentVolumeClaim>;
  readonly #claimInformer: Informer<V1PersistentVolumeClaim>;

  constructor(context: ControllerContext, expectations: Expectations) {
    this.#context = context;
    this.#recorder = context.recorder('statefulset-controller');
    this.#expectations = expectations;
    this.#claims = context.client.resource<V1PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS);
    this.#claimInformer = context.informers.of<V1PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS);
  }

  get claimsSynced(): Promise<void> {
    return this.#claimInformer.synced();
  }

  findClaimOf(set: V1StatefulSet): FindClaim {
    return (name) => this.#claimInformer.get(`${set.metadata?.namespace}/${name}`);
  }

  /** Rejects when the step failed; the set's events say so, too, where upstream's do. */
  carryOut(source: Source, step: Step): Promise<void> {
    switch (step.do) {
      case 'create':
        return this.#create(source, step.ordinal, step.revision);
      case 'claims':
        return this.#makeClaims(source.set, step.pod);
      case 'update':
        return this.#update(source.set, step.pod);
      case 'owners':
        return this.#setOwners(source.set, step.pod);
      case 'delete':
        return this.#delete(source.set, step.pod);
    }
  }

  async #create(source: Source, ordinal: number, revision: 'current' | 'update'): Promise<void> {
    const { set } = source;
    const { name, template } = source[revision];
    const pod = newPod(set, template, ordinal, name);
    const key = keyOf(set);
    await this.#told('create', set, pod, () => this.#createClaims(set, pod));
    this.#expectations.creationBegun(key);
    try {
      await this.#context.client.pods.create(pod);
    } catch (error) {
      this.#expectations.creationObserved(key);
      // Our copy is behind, or the name is not ours to use: nobody else is helped by an event.
      if (!isStatus(error, 'AlreadyExists')) this.#podEvent('create', set, pod, error);
      throw error;
    }
    this.#podEvent('create', set, pod);
  }

  async #makeClaims(set: V1StatefulSet, pod: V1Pod): Promise<void> {
    await this.#createClaims(set, pod);
    await this.#told('update', set, pod, () => this.#setOwners(set, pod));
  }

  async #update(set: V1StatefulSet, pod: V1Pod): Promise<void> {
    await this.#told('update', set, pod, async () => {
      if (!storageMatches(set, pod)) await this.#createClaims(set, pod);
      await this.#setOwners(set, pod);
      if (identityMatches(set, pod) && storageMatches(set, pod)) return;
      await this.#context.client.pods.update(corrected(set, pod));
    });
    this.#podEvent('update', set, pod);
  }

  async #delete(set: V1StatefulSet, pod: V1Pod): Promise<void> {
    const { name = '', namespace, uid = '' } = pod.metadata ?? {};
    const key = keyOf(set);
    this.#expectations.deletionBegun(key, uid);
    try {
      // By its uid: the next pod of that name may be there already.
      await this.#context.client.pods.delete(name, namespace, { preconditions: { uid } });
    } catch (error) {
      this.#expectations.deletionObserved(key, uid);
      if (isStatus(error, 'NotFound')) return;
      if (!isStatus(error, 'Conflict')) this.#podEvent('delete', set, pod, error);
      throw error;
    }
    this.#podEvent('delete', set, pod);
  }

  /** Makes the claims of a pod that are not there. All are tried; rejects with what went wrong with any. */
  async #createClaims(set: V1StatefulSet, pod: V1Pod): Promise<void> {
    const find = this.findClaimOf(set);
    const failures: string[] = [];
    for (const claim of claimsOf(set, ordinalOf(pod))) {
      const name = claim.metadata?.name ?? '';
      const found = find(name);
      if (found?.metadata?.deletionTimestamp !== undefined) failures.push(`pvc ${name} is being deleted`);
      if (found) continue;
      try {
        await this.#claims.create(claim);
        this.#claimEvent(set, pod, name);
      } catch (error) {
        failures.push(`failed to create PVC ${name}: ${messageOf(error)}`);
        if (!isStatus(error, 'AlreadyExists')) this.#claimEvent(set, pod, name, error);
      }
    }
    if (failures.length > 0) throw new Error(failures.length === 1 ? failures[0] : `[${failures.join(', ')}]`);
  }

  async #setOwners(set: V1StatefulSet, pod: V1Pod): Promise<void> {
    const find = this.findClaimOf(set);
    for (const name of claimNamesOf(set, ordinalOf(pod))) {
      const claim = find(name);
      const ownerReferences = claim && ownersOf(claim, set, pod);
      if (!claim) continue;
      if (hasForeignController(claim, set, pod)) {
        const why = 'has a conflicting OwnerReference that acts as a manging controller';
        const message = `PersistentVolumeClaim ${name} ${why}, the retention policy is ignored for this claim`;
        this.#recorder.event(set, 'Warning', 'ConflictingController', message);
      }
      if (!ownerReferences) continue;
      try {
        await this.#claims.update({ ...claim, metadata: { ...claim.metadata, ownerReferences } });
      } catch (error) {
        const message = `could not update claim ${name} for delete policy ownerRefs: ${messageOf(error)}`;
        throw new Error(message, { cause: error });
      }
    }
  }

  /** Tells of a failure and passes it on. */
  async #told(verb: Verb, set: V1StatefulSet, pod: V1Pod, attempt: () => Promise<void>): Promise<void> {
    try {
      await attempt();
    } catch (error) {
      this.#podEvent(verb, set, pod, error);
      throw error;
    }
  }

  #podEvent(verb: Verb, set: V1StatefulSet, pod: V1Pod, failure?: unknown): void {
    const what = `${verb} Pod ${pod.metadata?.name} in StatefulSet ${set.metadata?.name}`;
    if (failure === undefined) this.#recorder.event(set, 'Normal', `Successful${TITLES[verb]}`, `${what} successful`);
    else this.#recorder.event(set, 'Warning', `Failed${TITLES[verb]}`, `${what} failed error: ${messageOf(failure)}`);
  }

  #claimEvent(set: V1StatefulSet, pod: V1Pod, claim: string, failure?: unknown): void {
    const where = `Pod ${pod.metadata?.name} in StatefulSet ${set.metadata?.name}`;
    if (failure === undefined) {
      this.#recorder.event(set, 'Normal', 'SuccessfulCreate', `create Claim ${claim} ${where} success`);
    } else {
      const message = `create Claim ${claim} for ${where} failed error: ${messageOf(failure)}`;
      this.#recorder.event(set, 'Warning', 'FailedCreate', message);
    }
  }
}

type Verb = 'create' | 'update' | 'delete';

const TITLES: Readonly<Record<Verb, string>> = { create: 'Create', update: 'Update', delete: 'Delete' };
