/**
 * Pods that need a node, in upstream's places:
 * - active: to be tried now, the highest priority first, then the longest waiting.
 * - backoff: failed, and something has changed since; to be tried after 1 s, 2 s, … 10 s. As upstream since 1.33, such a
 *   pod is tried earlier when nothing else is active; one that failed for an error waits its time.
 * - unschedulable: failed, and nothing relevant has changed since; five minutes at most.
 * - gated: has scheduling gates.
 */
import type { Clock, Timer } from '../base/clock.ts';
import type { V1Pod } from '../openapi/generated/types.ts';
import { keyOf } from '../openapi/object.ts';
import type { ClusterEvent } from './framework.ts';
import { Heap } from './heap.ts';
import { isGated } from './plugins/scheduling-gates.ts';

export const BACKOFF_FIRST_MS = 1000;
export const BACKOFF_MAX_MS = 10_000;
export const UNSCHEDULABLE_MAX_MS = 5 * 60_000;

type Place = 'active' | 'backoff' | 'unschedulable' | 'gated' | 'out';

/** A pod on its way through the queue; keeps its history over failed attempts. */
export interface QueuedPod {
  pod: V1Pod;
  /** Failed attempts; the back-off doubles with each. */
  failures: number;
  /** Plugins that turned it away last time; empty when none can be named, so that any change counts. */
  rejectedBy: ReadonlySet<string>;
}

interface Entry extends QueuedPod {
  place: Place;
  /** The last failure was an error, not a lack of room. */
  failedByError: boolean;
  /** Monotonic milliseconds of the last failure. */
  failedAt: number;
  /** Arrival, for fairness. */
  order: number;
  timer?: Timer;
}

export interface SchedulingQueueOptions {
  clock: Clock;
  /** Events after which a pod that a plugin turned away is worth another try. */
  hints: ReadonlyMap<string, ReadonlySet<ClusterEvent>>;
  /** Called when `pop` may have something to give. */
  onReady: () => void;
}

export class SchedulingQueue {
  readonly #options: SchedulingQueueOptions;
  readonly #entries = new Map<string, Entry>();
  /** May hold entries that have moved on; those are skipped when they come out. */
  readonly #active = new Heap<{ entry: Entry; order: number }>(
    (a, b) =>
      priorityOf(a.entry) > priorityOf(b.entry) || (priorityOf(a.entry) === priorityOf(b.entry) && a.order < b.order),
  );
  /** Those that may be tried before their time, likewise. */
  readonly #early = new Heap<{ entry: Entry; at: number }>((a, b) => a.at < b.at);
  #order = 0;
  #closed = false;

  constructor(options: SchedulingQueueOptions) {
    this.#options = options;
  }

  /** A pod that needs a node, new or changed. A change of its spec or labels makes a failed one worth another try. */
  set(pod: V1Pod): void {
    if (this.#closed) return;
    const key = keyOf(pod);
    const known = this.#entries.get(key);
    if (!known || known.pod.metadata?.uid !== pod.metadata?.uid) {
      this.delete(key);
      this.#insert(key, { pod, failures: 0, rejectedBy: new Set() });
      return;
    }
    const changed = schedulingChanged(known.pod, pod);
    known.pod = pod;
    if (known.place === 'gated') {
      if (!isGated(pod)) this.#activate(known);
    } else if (known.place === 'unschedulable' && changed) {
      this.#requeue(known);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#move(entry, 'out');
    this.#entries.delete(key);
  }

  /** Takes out the next pod to try. It is the caller's until it is given back or forgotten. */
  pop(): QueuedPod | undefined {
    const entry = this.#popActive() ?? this.#popEarly();
    if (!entry) return undefined;
    this.delete(keyOf(entry.pod));
    return { pod: entry.pod, failures: entry.failures, rejectedBy: entry.rejectedBy };
  }

  /** Gives back a pod that no node would take. */
  giveBackUnschedulable(queued: QueuedPod, rejectedBy: ReadonlySet<string>): void {
    const entry = this.#insert(keyOf(queued.pod), { ...queued, failures: queued.failures + 1, rejectedBy }, 'out');
    if (!entry) return;
    this.#move(entry, 'unschedulable');
    entry.timer = this.#options.clock.after(UNSCHEDULABLE_MAX_MS, () => this.#requeue(entry));
  }

  /** Gives back a pod whose attempt failed for an error, such as a refused binding. */
  giveBackFailed(queued: QueuedPod): void {
    const entry = this.#insert(keyOf(queued.pod), { ...queued, failures: queued.failures + 1 }, 'out');
    if (!entry) return;
    entry.failedByError = true;
    this.#requeue(entry);
  }

  /** Something changed: what it may help is tried again. */
  moveOn(event: ClusterEvent): void {
    for (const entry of this.#entries.values()) {
      if (entry.place === 'unschedulable' && this.#helps(event, entry)) this.#requeue(entry);
    }
  }

  /** The place of a pod: for tests and debugging. */
  placeOf(key: string): Place | undefined {
    return this.#entries.get(key)?.place;
  }

  /** Forgets everything and takes no more. */
  close(): void {
    this.#closed = true;
    for (const key of [...this.#entries.keys()]) this.delete(key);
  }

  #insert(key: string, queued: QueuedPod, place?: 'out'): Entry | undefined {
    if (this.#closed) return undefined;
    this.delete(key);
    const failedAt = this.#options.clock.monotonic();
    const entry: Entry = { ...queued, place: 'out', failedByError: false, failedAt, order: this.#order++ };
    this.#entries.set(key, entry);
    if (place === 'out') return entry;
    if (isGated(entry.pod)) this.#move(entry, 'gated');
    else this.#activate(entry);
    return entry;
  }

  #helps(event: ClusterEvent, { rejectedBy }: Entry): boolean {
    if (rejectedBy.size === 0) return true;
    return [...rejectedBy].some((plugin) => this.#options.hints.get(plugin)?.has(event) ?? true);
  }

  #requeue(entry: Entry): void {
    const wait = entry.failedAt + backoffMs(entry.failures) - this.#options.clock.monotonic();
    if (wait <= 0) {
      this.#activate(entry);
      return;
    }
    this.#move(entry, 'backoff');
    entry.timer = this.#options.clock.after(wait, () => this.#activate(entry));
    if (entry.failedByError) return;
    this.#early.push({ entry, at: entry.failedAt + backoffMs(entry.failures) });
    this.#options.onReady();
  }

  #activate(entry: Entry): void {
    this.#move(entry, 'active');
    this.#active.push({ entry, order: entry.order });
    this.#options.onReady();
  }

  #move(entry: Entry, place: Place): void {
    entry.timer?.cancel();
    delete entry.timer;
    entry.place = place;
  }

  #popActive(): Entry | undefined {
    for (;;) {
      const top = this.#active.pop();
      if (!top || top.entry.place === 'active') return top?.entry;
    }
  }

  #popEarly(): Entry | undefined {
    for (;;) {
      const top = this.#early.pop();
      if (!top || top.entry.place === 'backoff') return top?.entry;
    }
  }
}

function priorityOf({ pod }: QueuedPod): number {
  return pod.spec?.priority ?? 0;
}

/** 1 s after the first failure, doubled each time, 10 s at most. */
export function backoffMs(failures: number): number {
  return Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.max(0, failures - 1));
}

function schedulingChanged(before: V1Pod, after: V1Pod): boolean {
  if (before === after) return false;
  const relevant = ({ metadata, spec }: V1Pod) => JSON.stringify([metadata?.labels, spec]);
  return relevant(before) !== relevant(after);
}
