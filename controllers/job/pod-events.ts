/** From what changes to the jobs that must look again. */
import type { Clock } from '../../base/clock.ts';
import type { Informer } from '../../client/informer.ts';
import type { WorkQueue } from '../../client/work-queue.ts';
import type { V1Job, V1OwnerReference, V1Pod } from '../../openapi/generated/types.ts';
import { selectorRequirements } from '../../openapi/label-selector.ts';
import { keyOf } from '../../openapi/object.ts';
import { matchesLabels, type Requirement } from '../../openapi/selectors.ts';
import type { Expectations } from '../runtime/expectations.ts';
import { BY_CONTROLLER, BY_NAMESPACE } from '../runtime/informers.ts';
import { controllerOfObject, sameMap } from '../runtime/pods.ts';
import { finishedCondition } from './conditions.ts';
import { uidOf } from './look.ts';
import { identityOf } from './pod-effects.ts';
import { isTracked } from './pods.ts';
import type { FinalizerRemovals } from './removals.ts';

/** Pods of a job change often, and together: their changes are looked at at most this often. */
export const BATCH_MS = 1000;

export interface JobEventsOptions {
  jobs: Informer<V1Job>;
  pods: Informer<V1Pod>;
  /** Keys of jobs. */
  queue: WorkQueue;
  /** Keys of pods that have a finalizer which no job will remove. */
  orphans: WorkQueue;
  expectations: Expectations;
  removals: FinalizerRemovals;
  clock: Clock;
}

export class JobEvents {
  readonly #options: JobEventsOptions;
  readonly #selectors = new WeakMap<V1Job, readonly Requirement[]>();

  constructor(options: JobEventsOptions) {
    this.#options = options;
  }

  watch(): void {
    const { jobs, pods, queue } = this.#options;
    jobs.addHandler({
      added: (job) => queue.add(keyOf(job)),
      updated: (job, old) => this.#jobUpdated(job, old),
      deleted: (job) => {
        queue.add(keyOf(job));
        this.#releasePodsOf(job);
      },
    });
    pods.addHandler({
      added: (pod) => this.#podAdded(pod),
      updated: (pod, old) => this.#podUpdated(pod, old),
      deleted: (pod) => this.#podDeleted(pod, true),
    });
  }

  /** Whether the job's selector takes the pod. */
  selects(job: V1Job, pod: V1Pod): boolean {
    let requirements = this.#selectors.get(job);
    if (!requirements) {
      requirements = selectorRequirements(job.spec?.selector) ?? [];
      this.#selectors.set(job, requirements);
    }
    return requirements.length > 0 && matchesLabels(requirements, pod.metadata?.labels);
  }

  /** The job that a pod of the namespace refers to, if it is there. */
  jobOf(namespace: string | undefined, reference: V1OwnerReference | undefined): V1Job | undefined {
    if (reference?.kind !== 'Job') return undefined;
    const job = this.#options.jobs.get(`${namespace}/${reference.name}`);
    return job?.metadata?.uid === reference.uid ? job : undefined;
  }

  #jobUpdated(job: V1Job, old: V1Job): void {
    const { queue, clock } = this.#options;
    // A change of the status is most often our own, about pods.
    if (job.metadata?.generation === old.metadata?.generation) this.#batch(job);
    else queue.add(keyOf(job));
    if (finishedCondition(job)) this.#releasePodsOf(job);
    const { activeDeadlineSeconds } = job.spec ?? {};
    const startTime = job.status?.startTime;
    if (startTime && activeDeadlineSeconds !== undefined && activeDeadlineSeconds !== old.spec?.activeDeadlineSeconds) {
      queue.addAfter(keyOf(job), Date.parse(startTime) + activeDeadlineSeconds * 1000 - clock.now());
    }
  }

  #podAdded(pod: V1Pod): void {
    if (pod.metadata?.deletionTimestamp !== undefined) {
      this.#podDeleted(pod, false);
      return;
    }
    const reference = controllerOfObject(pod);
    if (!reference) {
      this.#orphan(pod);
      this.#batchSelecting(pod);
      return;
    }
    const job = this.jobOf(pod.metadata?.namespace, reference);
    if (!job) return;
    this.#options.expectations.creationObserved(keyOf(job));
    this.#podChanged(job, pod);
  }

  #podUpdated(pod: V1Pod, old: V1Pod): void {
    if (pod.metadata?.deletionTimestamp !== undefined) {
      this.#podDeleted(pod, false);
      return;
    }
    const before = controllerOfObject(old);
    const now = controllerOfObject(pod);
    const isNewOwner = before?.uid !== now?.uid;
    if (before && isNewOwner) this.#podChanged(this.jobOf(old.metadata?.namespace, before), pod);
    if (now) {
      this.#podChanged(this.jobOf(pod.metadata?.namespace, now), pod);
      return;
    }
    this.#orphan(pod);
    if (isNewOwner || !sameMap(old.metadata?.labels, pod.metadata?.labels)) this.#batchSelecting(pod);
  }

  #podChanged(job: V1Job | undefined, pod: V1Pod): void {
    if (!job) return;
    if (finishedCondition(job)) this.#orphan(pod);
    if (!isTracked(pod)) this.#options.removals.observed(keyOf(job), uidOf(pod));
    this.#batch(job);
  }

  /** `final` when it is gone, not only on its way. */
  #podDeleted(pod: V1Pod, final: boolean): void {
    const { expectations, removals } = this.#options;
    const job = this.jobOf(pod.metadata?.namespace, controllerOfObject(pod));
    if (!job || finishedCondition(job)) {
      // No look at the job will remove the finalizer any more.
      this.#orphan(pod);
      return;
    }
    const key = keyOf(job);
    expectations.deletionObserved(key, identityOf(pod));
    if (final || !isTracked(pod)) removals.observed(key, uidOf(pod));
    this.#batch(job);
  }

  #orphan(pod: V1Pod): void {
    if (isTracked(pod)) this.#options.orphans.add(keyOf(pod));
  }

  #releasePodsOf(job: V1Job): void {
    for (const pod of this.#options.pods.byIndex(BY_CONTROLLER, job.metadata?.uid ?? '')) this.#orphan(pod);
  }

  #batch(job: V1Job): void {
    this.#options.queue.addAfter(keyOf(job), BATCH_MS);
  }

  #batchSelecting(pod: V1Pod): void {
    if (!pod.metadata?.labels) return;
    for (const job of this.#options.jobs.byIndex(BY_NAMESPACE, pod.metadata.namespace ?? '')) {
      if (this.selects(job, pod)) this.#batch(job);
    }
  }
}
