/** The nodes of one DaemonSet, counted as they change, so that one changed node costs as much as one. */
import type { V1DaemonSet, V1DaemonSetStatus } from '../../openapi/generated/types.ts';
import type { NodeView, Rollout } from './node-view.ts';

interface Counts {
  desired: number;
  current: number;
  misscheduled: number;
  ready: number;
  updated: number;
  available: number;
  serving: number;
}

export class Tally {
  readonly #views = new Map<string, NodeView>();
  readonly #byRollout = new Map<Rollout, Map<string, NodeView>>();
  readonly #counts: Counts = {
    desired: 0,
    current: 0,
    misscheduled: 0,
    ready: 0,
    updated: 0,
    available: 0,
    serving: 0,
  };

  /** Replaces what was known of a node; `undefined` when there is nothing to know. */
  set(node: string, view: NodeView | undefined): void {
    const before = this.#views.get(node);
    if (before) {
      this.#count(before, -1);
      this.#byRollout.get(before.rollout)?.delete(node);
    }
    if (!view) {
      this.#views.delete(node);
      return;
    }
    this.#views.set(node, view);
    this.#count(view, 1);
    const alike = this.#byRollout.get(view.rollout);
    if (alike) alike.set(node, view);
    else this.#byRollout.set(view.rollout, new Map([[node, view]]));
  }

  get(node: string): NodeView | undefined {
    return this.#views.get(node);
  }

  /** Every node of which something is known. */
  nodes(): IterableIterator<string> {
    return this.#views.keys();
  }

  /** Nodes on which a pod should run. */
  get desired(): number {
    return this.#counts.desired;
  }

  /** Nodes on which a pod is available that need not go first. */
  get serving(): number {
    return this.#counts.serving;
  }

  at(rollout: Rollout): ReadonlyMap<string, NodeView> {
    return this.#byRollout.get(rollout) ?? NONE;
  }

  /** The status of `set`, which keeps what is not counted here. */
  status(set: V1DaemonSet): V1DaemonSetStatus {
    const { desired, current, misscheduled, ready, updated, available } = this.#counts;
    return {
      ...set.status,
      observedGeneration: set.metadata?.generation ?? 0,
      desiredNumberScheduled: desired,
      currentNumberScheduled: current,
      numberMisscheduled: misscheduled,
      numberReady: ready,
      updatedNumberScheduled: updated,
      numberAvailable: available,
      numberUnavailable: desired - available,
    };
  }

  #count(view: NodeView, sign: 1 | -1): void {
    const counts = this.#counts;
    if (view.serves) counts.serving += sign;
    if (view.fit !== 'run') {
      if (view.scheduled) counts.misscheduled += sign;
      return;
    }
    counts.desired += sign;
    if (!view.scheduled) return;
    counts.current += sign;
    if (view.ready) counts.ready += sign;
    if (view.ready && view.available) counts.available += sign;
    if (view.updated) counts.updated += sign;
  }
}

const NONE: ReadonlyMap<string, NodeView> = new Map();

const COUNTED = [
  'desiredNumberScheduled',
  'currentNumberScheduled',
  'numberMisscheduled',
  'numberReady',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
] as const;

/** Whether `b` has nothing to tell that `a` does not; a count that is absent is zero, as on the wire. */
export function sameStatus(a: V1DaemonSetStatus | undefined, b: V1DaemonSetStatus): boolean {
  return (
    (a?.observedGeneration ?? 0) >= (b.observedGeneration ?? 0) &&
    COUNTED.every((count) => (a?.[count] ?? 0) === (b[count] ?? 0))
  );
}
