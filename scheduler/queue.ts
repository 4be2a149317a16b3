/**
 * Pods that need a node, in upstream's places:
 * - active: to be tried now, in the order of the QueueSort plugin, then the longest waiting.
 * - backoff: failed, and something has changed since; to be tried after 1 s, 2 s, … 10 s. As upstream since 1.33, such a
 *   pod is tried earlier when nothing else is active; one that failed for an error waits its time.
 * - unschedulable: failed, and nothing relevant has changed since; five minutes at most.
 * - gated: a PreEnqueue plugin keeps it out.
 */
import type { Clock, Timer } from '../base/clock.ts';
import type { V1Pod } from '../openapi/generated/types.ts';
import { keyOf } from '../openapi/object.ts';
import { type ClusterEvent, type EventHints, type EventObjects, podEvents, type QueueingHint } from './events.ts';
import type { Rejection } from './framework.ts';
import { Heap } from './heap.ts';
import { PodInfo } from './pod-info.ts';

export const BACKOFF_FIRST_MS = 1000;
export const BACKOFF_MAX_MS = 10_000;
export const UNSCHEDULABLE_MAX_MS = 5 * 60_000;

type Place = 'active' | 'backoff' | 'unschedulable' | 'gated' | 'out';

/** A pod on its way through the queue; keeps its history over failed attempts. */
export interface QueuedPod {
  info: PodInfo;
  /** Failed attempts; the back-off doubles with each. */
  failures: number;
  /** Plugins that turned it away last time; empty when none can be named, so that any change counts. */
  rejectedBy: ReadonlySet<string>;
}

interface Entry extends QueuedPod {
  key: string;
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
  /** For each plugin, the events after which a pod that it turned away is worth another try. */
  hints: ReadonlyMap<string, EventHints>;
  /** QueueSort. */
  compare: (a: PodInfo, b: PodInfo) => number;
  /** PreEnqueue. */
  preEnqueue: (pod: PodInfo) => Rejection | undefined;
  /** Called when `pop` may have something to give. */
  onReady: () => void;
  backoffFirstMs?: number;
  backoffMaxMs?: number;
}

/** Waiting pods that no plugin is named for. */
const ANYBODY = '';

export class SchedulingQueue {
  readonly #options: SchedulingQueueOptions;
  readonly #entries = new Map<string, Entry>();
  /** Those in `unschedulable`, under each plugin that turned them away. */
  readonly #waiting = new Map<string, Set<Entry>>();
  /** May hold entries that have moved on; those are skipped when they come out. */
  readonly #active: Heap<Entry>;
  /** Those that may be tried before their time, likewise. */
  readonly #early: Heap<{ entry: Entry; at: number }>;
  #order = 0;
  #closed = false;

  constructor(options: SchedulingQueueOptions) {
    this.#options = options;
    const before = (a: Entry, b: Entry) => (options.compare(a.info, b.info) || a.order - b.order) < 0;
    this.#active = new Heap(before);
    this.#early = new Heap((a, b) => (a.at === b.at ? before(a.entry, b.entry) : a.at < b.at));
  }

  /** A pod that needs a node, new or changed. A relevant change of it makes a failed one worth another try. */
  set(pod: V1Pod): void {
    if (this.#closed) return;
    const key = keyOf(pod);
    const known = this.#entries.get(key);
    if (!known || known.info.uid !== pod.metadata?.uid) {
      this.delete(key);
      this.#enqueue(this.#insert(key, { info: new PodInfo(pod), failures: 0, rejectedBy: new Set() }));
      return;
    }
    const before = known.info.pod;
    if (before === pod) return;
    const events = podEvents(before, pod);
    known.info = new PodInfo(pod);
    if (known.place === 'gated') this.#enqueue(known);
    else if (known.place === 'unschedulable' && events.some((event) => this.#helps(known, event, pod, before))) {
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
    this.delete(entry.key);
    return { info: entry.info, failures: entry.failures, rejectedBy: entry.rejectedBy };
  }

  /** Gives back a pod that no node would take. */
  giveBackUnschedulable(queued: QueuedPod, rejectedBy: ReadonlySet<string>): void {
    if (this.#closed) return;
    const entry = this.#insert(queued.info.key, { ...queued, failures: queued.failures + 1, rejectedBy });
    this.#move(entry, 'unschedulable');
    entry.timer = this.#options.clock.after(UNSCHEDULABLE_MAX_MS, () => this.#requeue(entry));
  }

  /** Gives back a pod whose attempt failed for an error, such as a refused binding. */
  giveBackFailed(queued: QueuedPod): void {
    if (this.#closed) return;
    const entry = this.#insert(queued.info.key, { ...queued, failures: queued.failures + 1 });
    entry.failedByError = true;
    this.#requeue(entry);
  }

  /** Something changed: what it may help is tried again. `except` names a pod (by uid) that is not meant. */
  moveOn<E extends ClusterEvent>(event: E, object: EventObjects[E], before?: EventObjects[E], except?: string): void {
    for (const [plugin, entries] of this.#waiting) {
      if (plugin !== ANYBODY && !this.#hintOf(plugin, event)) continue;
      for (const entry of [...entries]) {
        if (entry.info.uid !== except && this.#helps(entry, event, object, before)) this.#requeue(entry);
      }
    }
  }

  /** What kept this pod out may be over. */
  reconsider(key: string): void {
    const entry = this.#entries.get(key);
    if (entry?.place === 'gated') this.#enqueue(entry);
  }

  /** Tries a pod soon that waits for a change. */
  activate(key: string): void {
    const entry = this.#entries.get(key);
    if (entry?.place === 'unschedulable' || entry?.place === 'gated') this.#enqueue(entry);
  }

  /** The place of a pod: for tests and debugging. */
  placeOf(key: string): Place | undefined {
    return this.#entries.get(key)?.place;
  }

  /** The latest state of a pod that is here. */
  get(key: string): PodInfo | undefined {
    return this.#entries.get(key)?.info;
  }

  /** Forgets everything and takes no more. */
  close(): void {
    this.#closed = true;
    for (const key of [...this.#entries.keys()]) this.delete(key);
  }

  #insert(key: string, queued: QueuedPod): Entry {
    this.delete(key);
    const failedAt = this.#options.clock.monotonic();
    const entry: Entry = { ...queued, key, place: 'out', failedByError: false, failedAt, order: this.#order++ };
    this.#entries.set(key, entry);
    return entry;
  }

  #hintOf<E extends ClusterEvent>(plugin: string, event: E): QueueingHint<EventObjects[E]> | undefined {
    return this.#options.hints.get(plugin)?.[event] as QueueingHint<EventObjects[E]> | undefined;
  }

  #helps<E extends ClusterEvent>(
    { rejectedBy, info }: Entry,
    event: E,
    object: EventObjects[E],
    before?: EventObjects[E],
  ): boolean {
    if (rejectedBy.size === 0) return true;
    for (const plugin of rejectedBy) if (this.#hintOf(plugin, event)?.(info, object, before)) return true;
    return false;
  }

  #requeue(entry: Entry): void {
    if (this.#gate(entry)) return;
    const at = entry.failedAt + this.#backoffMs(entry.failures);
    const wait = at - this.#options.clock.monotonic();
    if (wait <= 0) {
      this.#activate(entry);
      return;
    }
    this.#move(entry, 'backoff');
    entry.timer = this.#options.clock.after(wait, () => this.#activate(entry));
    if (entry.failedByError) return;
    this.#early.push({ entry, at });
    this.#options.onReady();
  }

  /** To the active ones, unless something keeps it out. */
  #enqueue(entry: Entry): void {
    if (!this.#gate(entry)) this.#activate(entry);
  }

  #gate(entry: Entry): boolean {
    if (!this.#options.preEnqueue(entry.info)) return false;
    this.#move(entry, 'gated');
    return true;
  }

  #activate(entry: Entry): void {
    this.#move(entry, 'active');
    this.#active.push(entry);
    this.#options.onReady();
  }

  #backoffMs(failures: number): number {
    return backoffMs(failures, this.#options.backoffFirstMs, this.#options.backoffMaxMs);
  }

  #move(entry: Entry, place: Place): void {
    entry.timer?.cancel();
    delete entry.timer;
    if (entry.place === 'unschedulable') for (const plugin of waitsFor(entry)) this.#waiting.get(plugin)?.delete(entry);
    entry.place = place;
    if (place !== 'unschedulable') return;
    for (const plugin of waitsFor(entry)) {
      const entries = this.#waiting.get(plugin);
      if (entries) entries.add(entry);
      else this.#waiting.set(plugin, new Set([entry]));
    }
  }

  #popActive(): Entry | undefined {
    for (;;) {
      const top = this.#active.pop();
      if (!top || top.place === 'active') return top;
    }
  }

  #popEarly(): Entry | undefined {
    for (;;) {
      const top = this.#early.pop();
      if (!top || top.entry.place === 'backoff') return top?.entry;
    }
  }
}

function waitsFor({ rejectedBy }: Entry): Iterable<string> {
  return rejectedBy.size === 0 ? [ANYBODY] : rejectedBy;
}

/** 1 s after the first failure, doubled each time, 10 s at most. */
export function backoffMs(failures: number, firstMs = BACKOFF_FIRST_MS, maxMs = BACKOFF_MAX_MS): number {
  return Math.min(maxMs, firstMs * 2 ** Math.max(0, failures - 1));
}
