/**
 * Keeps the pods of StatefulSets, each with a name, volumes and a place in the order that outlive it. Level-triggered:
 * each look plans the next steps from what is there, unless what was done last has not shown yet.
 */
import type { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { STATEFUL_SETS } from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1Pod, V1StatefulSet, V1StatefulSetStatus } from '../../openapi/generated/types.ts';
import { selectorRequirements } from '../../openapi/label-selector.ts';
import { keyOf } from '../../openapi/object.ts';
import { matchesLabels, type Requirement } from '../../openapi/selectors.ts';
import { isStatus } from '../../openapi/status.ts';
import { RevisionHistory } from '../history/history.ts';
import { templateOf } from '../history/revision.ts';
import { claimObjects } from '../runtime/claim.ts';
import { type ControllerContext, typed } from '../runtime/context.ts';
import { type Controller, controllerOf, type ReconcileResult } from '../runtime/controller.ts';
import { Expectations } from '../runtime/expectations.ts';
import { BY_CONTROLLER, BY_NAMESPACE, orphansOf } from '../runtime/informers.ts';
import { controllerOfObject, nextAvailableMs, sameMap } from '../runtime/pods.ts';
import { isMemberOf } from './identity.ts';
import { type Plan, planOf } from './plan.ts';
import { type Source, StatefulPodControl } from './pod-control.ts';
import { type RevisionPair, resolveRevisions, surplusRevisions } from './revisions.ts';
import { sameStatus, statusOf } from './status.ts';

const WORKERS = 5;
/** Steps that go side by side at most. */
const BATCH_MAX = 500;
/** When what was done has still not shown, the copy is looked at as it is. */
const UNSEEN_MS = 301_000;

type KnownSet = V1StatefulSet & { kind: string; apiVersion: string };

export function statefulSetController(context: ControllerContext): Controller {
  const { informers, clock, log } = context;
  const queue = new WorkQueue({ clock });
  const sets = new StatefulSetManager(context, queue);
  sets.watch();
  return controllerOf({
    name: 'statefulset',
    queue,
    workers: WORKERS,
    reconcile: (key) => sets.reconcile(key),
    synced: [informers.pods.synced(), ...sets.synced()],
    clock,
    log,
  });
}

class StatefulSetManager {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  readonly #client: ResourceClient<V1StatefulSet>;
  readonly #informer: Informer<V1StatefulSet>;
  readonly #expectations: Expectations;
  readonly #history: RevisionHistory;
  readonly #podControl: StatefulPodControl;

  constructor(context: ControllerContext, queue: WorkQueue) {
    this.#context = context;
    this.#queue = queue;
    this.#client = context.client.resource<V1StatefulSet>(STATEFUL_SETS);
    this.#informer = context.informers.of<V1StatefulSet>(STATEFUL_SETS);
    this.#expectations = new Expectations(context.clock);
    this.#history = new RevisionHistory(context);
    this.#podControl = new StatefulPodControl(context, this.#expectations);
  }

  synced(): Promise<void>[] {
    return [this.#informer.synced(), this.#history.informer.synced(), this.#podControl.claimsSynced];
  }

  watch(): void {
    this.#informer.addHandler({
      added: (set) => this.#queue.add(keyOf(set)),
      updated: (set) => this.#queue.add(keyOf(set)),
      deleted: (set) => {
        this.#expectations.forget(keyOf(set));
        this.#queue.add(keyOf(set));
      },
    });
    this.#context.informers.pods.addHandler({
      added: (pod) => this.#podAdded(pod),
      updated: (pod, old) => this.#podUpdated(pod, old),
      deleted: (pod) => this.#podGoing(pod),
    });
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const cached = this.#informer.get(key);
    if (!cached) {
      this.#expectations.forget(key);
      return undefined;
    }
    // The event that shows it brings us back.
    if (!this.#expectations.satisfied(key)) return { requeueAfterMs: UNSEEN_MS };
    const set = typed(STATEFUL_SETS, cached);
    const selector = selectorRequirements(set.spec?.selector);
    if (!selector) return undefined;
    const sorted = await this.#claimRevisions(set, selector);
    const pods = await this.#claimPods(set, selector);
    const revisions = await resolveRevisions(this.#history, set, sorted);
    // One time for all: a pod that becomes available while we work is looked at again.
    const nowMs = this.#context.clock.now();
    try {
      await this.#sync(set, pods, revisions, nowMs);
    } finally {
      for (const revision of surplusRevisions(set, sorted, pods, revisions)) await this.#history.remove(revision);
    }
    const ms = nextAvailableMs(pods, set.spec?.minReadySeconds ?? 0, nowMs);
    return ms === undefined ? undefined : { requeueAfterMs: ms };
  }

  /** Takes the next steps, then writes the status, whatever came of them. */
  async #sync(set: KnownSet, pods: readonly V1Pod[], pair: RevisionPair, nowMs: number): Promise<void> {
    const names = { current: nameOf(pair.current), update: nameOf(pair.update) };
    const plan = planOf({
      set,
      currentRevision: names.current,
      updateRevision: names.update,
      pods,
      findClaim: this.#podControl.findClaimOf(set),
      nowMs,
    });
    const source: Source = {
      set,
      current: { name: names.current, template: templateOf(pair.current) },
      update: { name: names.update, template: templateOf(pair.update) },
    };
    const { failure, begun } = await this.#carryOut(source, plan);
    const outdated = begun ? plan.outdated : [];
    const status = statusOf(set, pods, { ...names, collisionCount: pair.collisionCount }, outdated, nowMs);
    try {
      await this.#updateStatus(set, status);
    } catch (error) {
      throw failure ?? error;
    }
    if (failure !== undefined) throw failure;
  }

  /** `failure` is the first there was: nothing was begun after it. `begun` tells whether the last phase was. */
  async #carryOut(source: Source, plan: Plan): Promise<{ failure?: unknown; begun: boolean }> {
    for (const [i, phase] of plan.phases.entries()) {
      for (const batch of batchesOf(phase, plan.parallel)) {
        const results = await Promise.allSettled(batch.map((step) => this.#podControl.carryOut(source, step)));
        const failed = results.find((result) => result.status === 'rejected');
        if (failed) return { failure: failed.reason, begun: i === plan.phases.length - 1 };
      }
    }
    return { begun: true };
  }

  #claimRevisions(set: KnownSet, selector: readonly Requirement[]) {
    const matches = (labels: Record<string, string> | undefined) => matchesLabels(selector, labels);
    return this.#history.claim(
      set,
      ({ metadata }) => matches(metadata?.labels),
      () => this.#fetch(set),
      'keep',
    );
  }

  #claimPods(set: KnownSet, selector: readonly Requirement[]): Promise<V1Pod[]> {
    const { client, informers } = this.#context;
    const { namespace = '', uid = '' } = set.metadata ?? {};
    const orphans = informers.pods.byIndex(BY_CONTROLLER, orphansOf(namespace));
    return claimObjects({
      resource: client.pods,
      owner: set,
      objects: [...informers.pods.byIndex(BY_CONTROLLER, uid), ...orphans.filter((pod) => isMemberOf(set, pod))],
      matches: (pod) => isMemberOf(set, pod) && matchesLabels(selector, pod.metadata?.labels),
      fetchOwner: () => this.#fetch(set),
    });
  }

  #fetch(set: V1StatefulSet): Promise<V1StatefulSet> {
    return this.#client.get(set.metadata?.name ?? '', set.metadata?.namespace);
  }

  /** Writes the status if it changed, trying once more on the latest version when ours was not. */
  async #updateStatus(set: V1StatefulSet, status: V1StatefulSetStatus): Promise<void> {
    if (sameStatus(set.status, status)) return;
    try {
      await this.#client.updateStatus({ ...set, status });
    } catch (error) {
      if (!isStatus(error, 'Conflict')) throw error;
      const latest = await this.#fetch(set);
      if (latest.metadata?.uid !== set.metadata?.uid) throw error;
      await this.#client.updateStatus({ ...latest, status });
    }
  }

  #podAdded(pod: V1Pod): void {
    if (pod.metadata?.deletionTimestamp !== undefined) {
      this.#podGoing(pod);
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
      this.#podGoing(pod);
      return;
    }
    const before = controllerOfObject(old);
    const now = controllerOfObject(pod);
    if (before && before.uid !== now?.uid) this.#enqueueOwnerOf(old);
    if (now) this.#enqueueOwnerOf(pod);
    else if (before || !sameMap(old.metadata?.labels, pod.metadata?.labels)) this.#enqueueSelecting(pod);
  }

  #podGoing(pod: V1Pod): void {
    const owner = this.#ownerOf(pod);
    if (!owner) return;
    this.#expectations.deletionObserved(keyOf(owner), pod.metadata?.uid ?? '');
    this.#queue.add(keyOf(owner));
  }

  #enqueueOwnerOf(pod: V1Pod): void {
    const owner = this.#ownerOf(pod);
    if (owner) this.#queue.add(keyOf(owner));
  }

  #enqueueSelecting(pod: V1Pod): void {
    for (const set of this.#informer.byIndex(BY_NAMESPACE, pod.metadata?.namespace ?? '')) {
      const selector = selectorRequirements(set.spec?.selector);
      if (selector && matchesLabels(selector, pod.metadata?.labels)) this.#queue.add(keyOf(set));
    }
  }

  #ownerOf(pod: V1Pod): V1StatefulSet | undefined {
    const reference = controllerOfObject(pod);
    if (reference?.kind !== STATEFUL_SETS.kind) return undefined;
    const set = this.#informer.get(`${pod.metadata?.namespace}/${reference.name}`);
    return set?.metadata?.uid === reference.uid ? set : undefined;
  }
}

/** One by one, or 1, 2, 4, … side by side: if the first fails, the rest would too. */
function* batchesOf<T>(steps: readonly T[], parallel: boolean): Generator<readonly T[]> {
  let size = 1;
  for (let begin = 0; begin < steps.length; ) {
    yield steps.slice(begin, begin + size);
    begin += size;
    if (parallel) size = Math.min(size * 2, BATCH_MAX);
  }
}

function nameOf({ metadata }: { metadata?: { name?: string } }): string {
  return metadata?.name ?? '';
}
