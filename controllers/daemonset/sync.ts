/** One look at a DaemonSet: the nodes that have changed, the rolling update, the status. */
import type { ResourceClient } from '../../client/client.ts';
import type { EventRecorder } from '../../client/events.ts';
import type { Informer } from '../../client/informer.ts';
import { DAEMON_SETS } from '../../client/resources.ts';
import type { V1ControllerRevision, V1DaemonSet, V1Pod } from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import { RevisionHistory } from '../history/history.ts';
import { claimObjects, claimOf } from '../runtime/claim.ts';
import { type ControllerContext, typed } from '../runtime/context.ts';
import type { ReconcileResult } from '../runtime/controller.ts';
import { BY_CONTROLLER, orphansOf } from '../runtime/informers.ts';
import { createPod, deletePod, isNamespaceTerminating } from '../runtime/pod-control.ts';
import { controllerOfObject, isFinished, nextAvailableMs } from '../runtime/pods.ts';
import { slowStart } from '../runtime/slow-start.ts';
import { type OnNode, stepsOn, type Terms, viewOf } from './node-view.ts';
import { targetNode } from './placement.ts';
import { DaemonHistory } from './revisions.ts';
import { isRollingUpdate, limitsOf, rollingSteps } from './rolling-update.ts';
import { DaemonState } from './state.ts';
import { sameStatus } from './tally.ts';
import { daemonTemplate, templateFor } from './template.ts';

/** Pods made, and pods deleted, at most in one look. */
const BURST = 250;
/** Pods by the DaemonSet that owns them and the node they are meant for. */
const BY_SET_AND_NODE = 'bySetAndNode';
/** When what was done has still not shown, the node is looked at as it is. */
const UNSEEN_MS = 301_000;
const NOTHING: ReadonlySet<string> = new Set();

type KnownSet = V1DaemonSet & { kind: string; apiVersion: string };

/** What one look found to do. */
interface Work {
  create: string[];
  delete: { node: string; pod: V1Pod }[];
}

export class DaemonSync {
  readonly #context: ControllerContext;
  readonly #recorder: EventRecorder;
  readonly #client: ResourceClient<V1DaemonSet>;
  readonly #informer: Informer<V1DaemonSet>;
  readonly #history: RevisionHistory;
  readonly #revisions: DaemonHistory;
  readonly #states = new Map<string, DaemonState>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#recorder = context.recorder('daemonset-controller');
    this.#client = context.client.resource<V1DaemonSet>(DAEMON_SETS);
    this.#informer = context.informers.of<V1DaemonSet>(DAEMON_SETS);
    this.#history = new RevisionHistory(context);
    this.#revisions = new DaemonHistory(context.client, this.#history);
    context.informers.pods.addIndex(BY_SET_AND_NODE, setAndNodeOf);
  }

  synced(): Promise<void>[] {
    return [this.#informer.synced(), this.#history.informer.synced()];
  }

  get revisions(): Informer<V1ControllerRevision> {
    return this.#history.informer;
  }

  states(): Iterable<[string, DaemonState]> {
    return this.#states;
  }

  /** What is remembered of the set; begun anew for another of its name. */
  stateOf(set: V1DaemonSet): DaemonState {
    const key = keyOf(set);
    const known = this.#states.get(key);
    if (known?.uid === set.metadata?.uid) return known as DaemonState;
    const state = new DaemonState(set, this.#context.clock);
    this.#states.set(key, state);
    return state;
  }

  forget(key: string): void {
    this.#states.delete(key);
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const seen = this.#informer.get(key);
    if (!seen) {
      this.forget(key);
      return undefined;
    }
    // What becomes of its revisions is not for us to say: pods and status can be judged no more.
    if (seen.metadata?.deletionTimestamp !== undefined) return undefined;
    const state = this.stateOf(seen);
    const set = typed(DAEMON_SETS, state.latest(seen));
    if (selectsAll(set)) {
      const message = 'This daemon set is selecting all pods. A non-empty selector is required.';
      this.#recorder.event(set, 'Warning', 'SelectingAll', message);
      return undefined;
    }
    const podsOf = () => this.#podsOf(set, state);
    if (state.claims) await this.#claim(set, state);
    const claimed = await this.#history.claim(
      set,
      ({ metadata }) => state.selects(metadata?.labels),
      () => this.#fetch(set),
      'release',
    );
    const { hash, old } = await this.#revisions.resolve(set, claimed, podsOf);
    const terms = state.termsOf(seen, hash);
    state.wake(this.#context.clock.now());
    const failure = await this.#carryOut(set, state, terms, this.#plan(set, state, terms));
    if (failure === undefined) await this.#revisions.truncate(set, old, podsOf);
    await this.#updateStatus(seen, set, state);
    if (failure !== undefined) throw failure;
    // What is left of a burst comes at once, what time will change in time.
    const waitMs = state.wake(this.#context.clock.now());
    if (state.dirty.size > 0 || state.all) return { requeueAfterMs: 0 };
    return waitMs === undefined ? undefined : { requeueAfterMs: waitMs };
  }

  /** Looks at the nodes that have changed and at what that means for a rolling update. */
  #plan(set: KnownSet, state: DaemonState, terms: Terms): Work {
    const work: Work = { create: [], delete: [] };
    for (const node of this.#takeDirty(set, state)) {
      if (work.create.length >= BURST || work.delete.length >= BURST) state.dirty.add(node);
      else this.#planNode(set, state, terms, node, work);
    }
    if (!isRollingUpdate(set)) return work;
    const rolling = rollingSteps(state.tally, limitsOf(set, state.tally.desired));
    const create = rolling.create.slice(0, BURST);
    const removals = rolling.delete.slice(0, BURST);
    for (const node of create) state.expectations.creationBegun(node);
    for (const { node, pod } of removals) state.expectations.deletionBegun(node, pod.metadata?.uid ?? '');
    for (const node of new Set([...create, ...removals.map((removal) => removal.node)])) {
      this.#note(state, terms, this.#onNode(set, state, node));
    }
    return { create: [...work.create, ...create], delete: [...work.delete, ...removals] };
  }

  #planNode(set: KnownSet, state: DaemonState, terms: Terms, node: string, work: Work): void {
    const on = this.#onNode(set, state, node);
    const waitMs = state.backOff.remainingMs(node, on.nowMs);
    const steps = stepsOn(on, terms, waitMs > 0);
    if (steps.failed.length > 0) state.backOff.next(node, on.nowMs);
    this.#tell(set, node, steps.failed, steps.succeeded);
    if (steps.create) {
      state.expectations.creationBegun(node);
      work.create.push(node);
    }
    for (const pod of steps.delete) {
      state.expectations.deletionBegun(node, pod.metadata?.uid ?? '');
      work.delete.push({ node, pod });
    }
    const isChanged = steps.create || steps.delete.length > 0;
    this.#note(state, terms, isChanged ? this.#onNode(set, state, node) : on, steps.backsOff ? waitMs : undefined);
  }

  /** Counts what is on the node, and notes when to look again though nobody tells us to. */
  #note(state: DaemonState, terms: Terms, on: OnNode, retryMs?: number): void {
    state.tally.set(on.node, viewOf(on, terms));
    const isOutstanding = on.creations > 0 || on.deletions.size > 0;
    const waitMs = retryMs ?? nextAvailableMs(on.pods, terms.minReadySeconds, on.nowMs);
    const wakeMs = waitMs ?? (isOutstanding ? UNSEEN_MS : undefined);
    if (wakeMs === undefined) state.wakeups.delete(on.node);
    else state.wakeups.set(on.node, on.nowMs + wakeMs);
  }

  #onNode(set: KnownSet, state: DaemonState, name: string): OnNode {
    const { informers, clock } = this.#context;
    const node = informers.nodes.get(name);
    const pods = informers.pods
      .byIndex(BY_SET_AND_NODE, `${set.metadata?.uid}/${name}`)
      .filter((pod) => state.selects(pod.metadata?.labels) && !isLeaving(pod));
    const outstanding = state.expectations.outstanding(name);
    return {
      node: name,
      exists: node !== undefined,
      fit: state.placement.fitOf(node),
      pods,
      creations: outstanding?.creations ?? 0,
      deletions: outstanding?.deletions ?? NOTHING,
      nowMs: clock.now(),
    };
  }

  #takeDirty(set: KnownSet, state: DaemonState): string[] {
    if (state.all) {
      for (const { metadata } of this.#context.informers.nodes.list()) state.dirty.add(metadata?.name ?? '');
      for (const node of state.tally.nodes()) state.dirty.add(node);
      for (const pod of this.#podsOf(set, state)) state.dirty.add(targetNode(pod) ?? '');
      state.dirty.delete('');
      state.all = false;
    }
    const nodes = [...state.dirty];
    state.dirty.clear();
    return nodes;
  }

  #tell(set: KnownSet, node: string, failed: readonly V1Pod[], succeeded: readonly V1Pod[]): void {
    for (const pod of failed) {
      const message = `Found failed daemon pod ${keyOf(pod)} on node ${node}, will try to kill it`;
      this.#recorder.event(set, 'Warning', 'FailedDaemonPod', message);
    }
    for (const pod of succeeded) {
      const message = `Found succeeded daemon pod ${keyOf(pod)} on node ${node}, will try to delete it`;
      this.#recorder.event(set, 'Normal', 'SucceededDaemonPod', message);
    }
  }

  /** Resolves with the first failure; the nodes it concerns are looked at again. */
  async #carryOut(set: KnownSet, state: DaemonState, terms: Terms, work: Work): Promise<unknown> {
    const unmade = await this.#create(set, state, terms, work.create);
    const results = await Promise.allSettled(work.delete.map(({ node, pod }) => this.#delete(set, state, node, pod)));
    return unmade ?? results.find((result) => result.status === 'rejected')?.reason;
  }

  async #create(set: KnownSet, state: DaemonState, terms: Terms, nodes: readonly string[]): Promise<unknown> {
    const { client } = this.#context;
    const template = daemonTemplate(set, terms.hash);
    let next = 0;
    const { error } = await slowStart(nodes.length, async () => {
      const node = nodes[next++] ?? '';
      try {
        await createPod(client, this.#recorder, templateFor(template, node), set);
      } catch (failure) {
        state.expectations.creationObserved(node);
        // Every further attempt would fail, too, and nobody is waiting for it.
        if (isNamespaceTerminating(failure)) return;
        state.dirty.add(node);
        throw failure;
      }
    });
    for (const node of nodes.slice(next)) {
      state.expectations.creationObserved(node);
      state.dirty.add(node);
    }
    return error;
  }

  async #delete(set: KnownSet, state: DaemonState, node: string, pod: V1Pod): Promise<void> {
    try {
      await deletePod(this.#context.client, this.#recorder, pod, set);
    } catch (error) {
      state.expectations.deletionObserved(node, pod.metadata?.uid ?? '');
      if (isStatus(error, 'NotFound')) return;
      state.dirty.add(node);
      throw error;
    }
  }

  /** Adopts pods that are nobody's and releases those that are not its any more. */
  async #claim(set: KnownSet, state: DaemonState): Promise<void> {
    const { client, informers } = this.#context;
    state.claims = false;
    const orphans = informers.pods.byIndex(BY_CONTROLLER, orphansOf(set.metadata?.namespace));
    const matches = (pod: V1Pod) => state.selects(pod.metadata?.labels);
    const adopted = orphans.filter((pod) => claimOf(set, pod, matches(pod)) === 'adopt');
    // They are not ours in our copy yet, and must not be made beside.
    for (const pod of adopted) state.expectations.creationBegun(targetNode(pod) ?? '');
    try {
      const objects = [...informers.pods.byIndex(BY_CONTROLLER, state.uid), ...orphans];
      const fetchOwner = () => this.#fetch(set);
      const mine = new Set(await claimObjects({ resource: client.pods, owner: set, objects, matches, fetchOwner }));
      for (const pod of adopted) if (!mine.has(pod)) state.expectations.creationObserved(targetNode(pod) ?? '');
    } catch (error) {
      state.claims = true;
      for (const pod of adopted) state.expectations.creationObserved(targetNode(pod) ?? '');
      throw error;
    }
  }

  async #updateStatus(seen: V1DaemonSet, set: KnownSet, state: DaemonState): Promise<void> {
    const status = state.tally.status(set);
    if (sameStatus(set.status, status)) return;
    try {
      state.wrote(seen, await this.#client.updateStatus({ ...set, status }));
    } catch (error) {
      if (!isStatus(error, 'Conflict')) throw error;
      const latest = await this.#fetch(set);
      if (latest.metadata?.uid !== set.metadata?.uid) throw error;
      await this.#client.updateStatus({
        ...latest,
        status: { ...state.tally.status(latest), ...generationOf(status) },
      });
    }
  }

  #podsOf(set: KnownSet, state: DaemonState): V1Pod[] {
    const owned = this.#context.informers.pods.byIndex(BY_CONTROLLER, set.metadata?.uid ?? '');
    return owned.filter((pod) => state.selects(pod.metadata?.labels));
  }

  #fetch(set: V1DaemonSet): Promise<V1DaemonSet> {
    return this.#client.get(set.metadata?.name ?? '', set.metadata?.namespace);
  }
}

/** What was looked at is the set as we knew it, not as it has become since. */
function generationOf({ observedGeneration = 0 }: { observedGeneration?: number }) {
  return { observedGeneration };
}

function selectsAll({ spec }: V1DaemonSet): boolean {
  const { matchLabels, matchExpressions } = spec?.selector ?? {};
  return Object.keys(matchLabels ?? {}).length === 0 && (matchExpressions ?? []).length === 0;
}

/** Nothing is left to do about a pod that has ended and is being deleted: others wait for its finalizers. */
function isLeaving(pod: V1Pod): boolean {
  return isFinished(pod) && pod.metadata?.deletionTimestamp !== undefined;
}

function setAndNodeOf(pod: V1Pod): string[] {
  const owner = controllerOfObject(pod);
  if (owner?.kind !== DAEMON_SETS.kind) return [];
  const node = targetNode(pod);
  return node === undefined ? [] : [`${owner.uid}/${node}`];
}
