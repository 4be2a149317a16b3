/** What a job does to its pods: makes them, deletes them, lets them go. */
import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/events.ts';
import type { V1Job, V1Pod } from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import type { Expectations } from '../runtime/expectations.ts';
import { createPod, deletePod, isNamespaceTerminating } from '../runtime/pod-control.ts';
import { isReady } from '../runtime/pods.ts';
import { slowStart } from '../runtime/slow-start.ts';
import { uidOf } from './look.ts';
import { isTracked, TRACKING_FINALIZER } from './pods.ts';
import type { FinalizerRemovals } from './removals.ts';
import { indexedGenerateName, indexedTemplate, trackedTemplate } from './template.ts';

const RELEASE = { metadata: { '$deleteFromPrimitiveList/finalizers': [TRACKING_FINALIZER] } };

/** How many pods of a batch were deleted, and how many of them were ready. */
export interface Deleted {
  count: number;
  ready: number;
  error?: unknown;
}

export interface PodEffectsOptions {
  client: Client;
  recorder: EventRecorder;
  /** By the job's key; deletions by `identityOf` the pod. */
  expectations: Expectations;
  removals: FinalizerRemovals;
}

/** What an expected deletion is known by. The uid keeps a pod from being taken for a later one of its name. */
export function identityOf(pod: V1Pod): string {
  return `${keyOf(pod)}/${uidOf(pod)}`;
}

export class PodEffects {
  readonly #options: PodEffectsOptions;

  constructor(options: PodEffectsOptions) {
    this.#options = options;
  }

  /**
   * Makes `count` pods, one for each of `indexes` if there are any; `replaced` has the pods that failed before. Resolves
   * with how many were made, and the first failure.
   */
  async create(
    job: V1Job,
    count: number,
    indexes?: readonly number[],
    replaced?: ReadonlyMap<number, V1Pod>,
  ): Promise<{ count: number; error?: unknown }> {
    const { client, recorder, expectations } = this.#options;
    const key = keyOf(job);
    const common = trackedTemplate(job);
    let next = 0;
    expectations.expectCreations(key, count);
    const { successes, error } = await slowStart(count, async () => {
      const index = indexes?.[next++];
      const template = index === undefined ? common : indexedTemplate(job, common, index, replaced?.get(index));
      const prefix = index === undefined ? undefined : indexedGenerateName(job, index);
      try {
        await createPod(client, recorder, template, job, prefix);
      } catch (failure) {
        // Every further attempt would fail, too, and nobody is waiting for it.
        if (!isNamespaceTerminating(failure)) throw failure;
      }
    });
    for (let missing = count - successes; missing > 0; missing--) expectations.creationObserved(key);
    return { count: successes, ...(error === undefined ? {} : { error }) };
  }

  /** Deletes pods that nobody will count: they lose their finalizer first. Is expected to show. */
  delete(job: V1Job, pods: readonly V1Pod[]): Promise<Deleted> {
    const { expectations } = this.#options;
    const key = keyOf(job);
    expectations.expectDeletions(key, pods.map(identityOf));
    return this.#each(pods, async (pod) => {
      try {
        if (isTracked(pod)) await this.#removeFinalizer(pod);
        await this.#delete(job, pod);
      } catch (error) {
        expectations.deletionObserved(key, identityOf(pod));
        throw error;
      }
    });
  }

  /** Deletes pods of a job that is decided. They keep their finalizer until they are counted. */
  stop(job: V1Job, pods: readonly V1Pod[]): Promise<Deleted> {
    return this.#each(pods, (pod) => this.#delete(job, pod));
  }

  /** Takes the finalizer off the pods. Resolves with the uids of those that have none now, and the first failure. */
  async release(key: string, pods: readonly V1Pod[]): Promise<{ released: string[]; error?: unknown }> {
    const { removals } = this.#options;
    removals.expect(key, pods.map(uidOf));
    const released: string[] = [];
    const results = await Promise.allSettled(
      pods.map(async (pod) => {
        try {
          await this.#removeFinalizer(pod);
        } catch (error) {
          removals.observed(key, uidOf(pod));
          if (!isStatus(error, 'NotFound')) throw error;
        }
        released.push(uidOf(pod));
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    return { released, ...(failed ? { error: failed.reason } : {}) };
  }

  /** Takes the finalizer off a pod of no job. */
  async releaseOrphan(pod: V1Pod): Promise<void> {
    try {
      await this.#removeFinalizer(pod);
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
    }
  }

  #delete(job: V1Job, pod: V1Pod): Promise<void> {
    return deletePod(this.#options.client, this.#options.recorder, pod, job);
  }

  async #removeFinalizer(pod: V1Pod): Promise<void> {
    const { name = '', namespace } = pod.metadata ?? {};
    await this.#options.client.pods.patch(name, namespace, RELEASE, 'application/strategic-merge-patch+json');
  }

  /** A pod that is gone already is as good as deleted. */
  async #each(pods: readonly V1Pod[], remove: (pod: V1Pod) => Promise<void>): Promise<Deleted> {
    const deleted: Deleted = { count: 0, ready: 0 };
    const results = await Promise.allSettled(
      pods.map(async (pod) => {
        try {
          await remove(pod);
        } catch (error) {
          if (!isStatus(error, 'NotFound')) throw error;
        }
        deleted.count++;
        if (isReady(pod)) deleted.ready++;
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    return failed ? { ...deleted, error: failed.reason } : deleted;
  }
}
