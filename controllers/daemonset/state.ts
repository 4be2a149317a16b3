/** What is remembered of one DaemonSet between two looks. */
import type { Clock } from '../../base/clock.ts';
import type { V1DaemonSet } from '../../openapi/generated/types.ts';
import { selectorRequirements } from '../../openapi/label-selector.ts';
import { matchesLabels, type Requirement } from '../../openapi/selectors.ts';
import { Expectations } from '../runtime/expectations.ts';
import { BackOff } from './back-off.ts';
import type { Terms } from './node-view.ts';
import { Placement } from './placement.ts';
import { allowsSurge } from './rolling-update.ts';
import { Tally } from './tally.ts';
import { templateGeneration } from './template.ts';

export class DaemonState {
  readonly uid: string;
  readonly tally = new Tally();
  readonly backOff = new BackOff();
  /** By node: what was done and does not show yet. */
  readonly expectations: Expectations;
  /** Nodes that must be looked at; all of them with `all`. */
  readonly dirty = new Set<string>();
  all = true;
  /** Whether there may be pods to adopt or to release. */
  claims = true;
  /** Nodes that change by themselves: when that is, in milliseconds of the clock. */
  readonly wakeups = new Map<string, number>();
  #set: V1DaemonSet | undefined;
  #placement: Placement;
  #selector: Requirement[] | undefined;
  #terms: Terms | undefined;
  /** What the server answered last, for as long as `seen` is what the copy has. */
  #answer: { seen: V1DaemonSet; stored: V1DaemonSet } | undefined;

  constructor(set: V1DaemonSet, clock: Clock) {
    this.uid = set.metadata?.uid ?? '';
    this.expectations = new Expectations(clock);
    this.#placement = new Placement(set);
    this.#selector = selectorRequirements(set.spec?.selector);
  }

  get placement(): Placement {
    return this.#placement;
  }

  /** Whether these are labels of the set's pods. An invalid selector selects nothing. */
  selects(labels: Record<string, string> | undefined): boolean {
    return this.#selector !== undefined && matchesLabels(this.#selector, labels);
  }

  /** Takes in the latest set and the hash of its revision. When the terms are new, all nodes must be looked at. */
  termsOf(set: V1DaemonSet, hash: string): Terms {
    const isSame = this.#set?.metadata?.generation === set.metadata?.generation && this.#terms?.hash === hash;
    if (this.#set === set && this.#terms && isSame) return this.#terms;
    if (!isSame) {
      this.all = true;
      this.backOff.clear();
      this.#placement = new Placement(set);
      this.#selector = selectorRequirements(set.spec?.selector);
    }
    const generation = templateGeneration(set);
    if (generation !== this.#terms?.generation) this.all = true;
    this.#set = set;
    this.#terms = { hash, generation, minReadySeconds: set.spec?.minReadySeconds ?? 0, surges: allowsSurge(set) };
    return this.#terms;
  }

  /** The set as the server has it as far as we know: our copy may not show our last write yet. */
  latest(seen: V1DaemonSet): V1DaemonSet {
    return this.#answer?.seen === seen ? this.#answer.stored : seen;
  }

  wrote(seen: V1DaemonSet, stored: V1DaemonSet): void {
    this.#answer = { seen, stored };
  }

  /** The nodes whose time has come are dirty. Returns how long until the next, in milliseconds. */
  wake(nowMs: number): number | undefined {
    let next: number | undefined;
    for (const [node, atMs] of this.wakeups) {
      if (atMs <= nowMs) {
        this.wakeups.delete(node);
        this.dirty.add(node);
      } else if (next === undefined || atMs < next) next = atMs;
    }
    return next === undefined ? undefined : next - nowMs;
  }
}
