/**
 * Keeps a pod of each DaemonSet on every node that suits it. A look concerns only the nodes of which something has
 * changed: what is known of the others is counted already (`Tally`).
 */

import type { Informer } from '../../client/informer.ts';
import { DAEMON_SETS } from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1ControllerRevision, V1DaemonSet, V1Node, V1Pod } from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import type { ControllerContext } from '../runtime/context.ts';
import { type Controller, controllerOf } from '../runtime/controller.ts';
import { BY_NAMESPACE } from '../runtime/informers.ts';
import { controllerOfObject, sameMap } from '../runtime/pods.ts';
import { targetNode } from './placement.ts';
import type { DaemonState } from './state.ts';
import { DaemonSync } from './sync.ts';

const WORKERS = 2;

export function daemonSetController(context: ControllerContext): Controller {
  const { informers, clock, log } = context;
  const queue = new WorkQueue({ clock });
  const sync = new DaemonSync(context);
  new DaemonWatch(context, queue, sync).watch();
  return controllerOf({
    name: 'daemonset',
    queue,
    workers: WORKERS,
    reconcile: (key) => sync.reconcile(key),
    synced: [informers.pods.synced(), informers.nodes.synced(), ...sync.synced()],
    clock,
    log,
  });
}

/** Turns what is seen into keys to look at, and notes which nodes they concern. */
class DaemonWatch {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  readonly #sync: DaemonSync;
  readonly #sets: Informer<V1DaemonSet>;

  constructor(context: ControllerContext, queue: WorkQueue, sync: DaemonSync) {
    this.#context = context;
    this.#queue = queue;
    this.#sync = sync;
    this.#sets = context.informers.of<V1DaemonSet>(DAEMON_SETS);
  }

  watch(): void {
    this.#sets.addHandler({
      added: (set) => this.#queue.add(keyOf(set)),
      updated: (set) => this.#queue.add(keyOf(set)),
      deleted: (set) => {
        this.#sync.forget(keyOf(set));
        this.#queue.add(keyOf(set));
      },
    });
    this.#context.informers.pods.addHandler({
      added: (pod) => this.#podAdded(pod),
      updated: (pod, old) => this.#podUpdated(pod, old),
      deleted: (pod) => this.#podGoing(pod),
    });
    this.#context.informers.nodes.addHandler({
      added: (node) => this.#nodeChanged(node, undefined),
      updated: (node, old) => this.#nodeChanged(node, old),
      deleted: (node) => this.#nodeGone(node),
    });
    this.#sync.revisions.addHandler({
      added: (revision) => this.#revisionChanged(revision),
      updated: (revision) => this.#revisionChanged(revision),
      deleted: (revision) => this.#revisionChanged(revision),
    });
  }

  #podAdded(pod: V1Pod): void {
    if (pod.metadata?.deletionTimestamp !== undefined) {
      this.#podGoing(pod);
      return;
    }
    if (!controllerOfObject(pod)) this.#enqueueSelecting(pod);
    else this.#withOwner(pod, (state, node) => state.expectations.creationObserved(node));
  }

  #podUpdated(pod: V1Pod, old: V1Pod): void {
    if (pod.metadata?.deletionTimestamp !== undefined) {
      this.#podGoing(pod);
      return;
    }
    const before = controllerOfObject(old);
    const now = controllerOfObject(pod);
    const isRelabelled = !sameMap(old.metadata?.labels, pod.metadata?.labels);
    // Released, or bound elsewhere than it was meant for.
    const isMoved = before?.uid !== now?.uid || targetNode(old) !== targetNode(pod);
    if (before && isMoved) this.#withOwner(old, () => undefined);
    if (now) {
      this.#withOwner(pod, (state, node) => {
        // It was adopted.
        if (before?.uid !== now.uid) state.expectations.creationObserved(node);
        if (isRelabelled) state.claims = true;
      });
    } else if (before || isRelabelled) this.#enqueueSelecting(pod);
  }

  #podGoing(pod: V1Pod): void {
    this.#withOwner(pod, (state, node) => state.expectations.deletionObserved(node, pod.metadata?.uid ?? ''));
  }

  /** The pod's node must be looked at for the pod's set. */
  #withOwner(pod: V1Pod, note: (state: DaemonState, node: string) => void): void {
    const reference = controllerOfObject(pod);
    if (reference?.kind !== DAEMON_SETS.kind) return;
    const set = this.#sets.get(`${pod.metadata?.namespace}/${reference.name}`);
    if (!set || set.metadata?.uid !== reference.uid) return;
    const node = targetNode(pod);
    const state = this.#sync.stateOf(set);
    if (node !== undefined) {
      note(state, node);
      state.dirty.add(node);
    }
    this.#queue.add(keyOf(set));
  }

  #enqueueSelecting(pod: V1Pod): void {
    for (const set of this.#sets.byIndex(BY_NAMESPACE, pod.metadata?.namespace ?? '')) {
      const state = this.#sync.stateOf(set);
      if (!state.selects(pod.metadata?.labels)) continue;
      state.claims = true;
      this.#queue.add(keyOf(set));
    }
  }

  /** A heartbeat says nothing about where pods belong. */
  #nodeChanged(node: V1Node, old: V1Node | undefined): void {
    if (old && sameMap(node.metadata?.labels, old.metadata?.labels) && sameTaints(node, old)) return;
    for (const [key, state] of this.#sync.states()) {
      if (state.all) continue;
      const fit = state.placement.fitOf(node);
      if (fit === state.placement.fitOf(old)) continue;
      state.dirty.add(node.metadata?.name ?? '');
      this.#queue.add(key);
    }
  }

  #nodeGone(node: V1Node): void {
    const name = node.metadata?.name ?? '';
    for (const [key, state] of this.#sync.states()) {
      if (!state.tally.get(name)) continue;
      state.dirty.add(name);
      this.#queue.add(key);
    }
  }

  #revisionChanged(revision: V1ControllerRevision): void {
    const reference = controllerOfObject(revision);
    const namespace = revision.metadata?.namespace ?? '';
    if (!reference) {
      for (const set of this.#sets.byIndex(BY_NAMESPACE, namespace)) {
        if (this.#sync.stateOf(set).selects(revision.metadata?.labels)) this.#queue.add(keyOf(set));
      }
      return;
    }
    const set = reference.kind === DAEMON_SETS.kind ? this.#sets.get(`${namespace}/${reference.name}`) : undefined;
    if (set?.metadata?.uid === reference.uid) this.#queue.add(keyOf(set));
  }
}

function sameTaints(a: V1Node, b: V1Node): boolean {
  return JSON.stringify(a.spec?.taints ?? []) === JSON.stringify(b.spec?.taints ?? []);
}
