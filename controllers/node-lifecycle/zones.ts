/**
 * How fast nodes may be tainted so that their pods are evicted. When a whole zone seems dead, the fault is more likely
 * with whoever is looking, so evictions slow down; when every zone does, they stop.
 */
import type { Clock } from '../../base/clock.ts';
import type { V1Node } from '../../openapi/generated/types.ts';

export type ZoneState = 'Normal' | 'PartialDisruption' | 'FullDisruption';

export interface EvictionRates {
  /** Nodes a second, while all is well. */
  normal: number;
  /** Nodes a second in a large zone that is partly down; a small one then stops. */
  secondary: number;
  /** Share of nodes that are not ready, from which a zone counts as partly down. */
  unhealthyThreshold: number;
  /** More nodes than this make a zone large. */
  largeZone: number;
}

export const EVICTION_RATES: EvictionRates = { normal: 0.1, secondary: 0.01, unhealthyThreshold: 0.55, largeZone: 50 };

/** Region and zone of a node, as one key. */
export function zoneOf(node: V1Node): string {
  const labels = node.metadata?.labels ?? {};
  const region = labels['topology.kubernetes.io/region'] ?? labels['failure-domain.beta.kubernetes.io/region'] ?? '';
  const zone = labels['topology.kubernetes.io/zone'] ?? labels['failure-domain.beta.kubernetes.io/zone'] ?? '';
  return region === '' && zone === '' ? '' : `${region}:\u0000:${zone}`;
}

/** `readiness` holds the status of the Ready condition of each node of the zone. */
export function zoneStateOf(readiness: readonly string[], rates: EvictionRates): ZoneState {
  const notReady = readiness.filter((status) => status !== 'True').length;
  if (notReady > 0 && notReady === readiness.length) return 'FullDisruption';
  return notReady > 2 && notReady / readiness.length >= rates.unhealthyThreshold ? 'PartialDisruption' : 'Normal';
}

/** Nodes a second that may be tainted in a zone of `size` nodes. */
export function rateOf(state: ZoneState, size: number, rates: EvictionRates): number {
  if (state !== 'PartialDisruption') return rates.normal;
  return size > rates.largeZone ? rates.secondary : 0;
}

/** What one pass over the nodes found out about the whole. */
export type Disruption = 'entered' | 'left' | 'lasts' | 'none';

/** Remembers the state of each zone, and lets one node a zone through whenever its rate allows. */
export class Zones {
  readonly #clock: Clock;
  readonly #rates: EvictionRates;
  #states = new Map<string, ZoneState>();
  #sizes = new Map<string, number>();
  readonly #lastMs = new Map<string, number>();
  #disrupted = false;

  constructor(clock: Clock, rates: EvictionRates) {
    this.#clock = clock;
    this.#rates = rates;
  }

  /** Takes in the readiness of all nodes by zone. `entered`: now all zones are down; `left`: not any more. */
  update(readiness: ReadonlyMap<string, readonly string[]>): Disruption {
    this.#states = new Map([...readiness].map(([zone, list]) => [zone, zoneStateOf(list, this.#rates)]));
    this.#sizes = new Map([...readiness].map(([zone, list]) => [zone, list.length]));
    const before = this.#disrupted;
    this.#disrupted = this.#states.size > 0 && [...this.#states.values()].every((state) => state === 'FullDisruption');
    if (this.#disrupted) return before ? 'lasts' : 'entered';
    return before ? 'left' : 'none';
  }

  /** Whether one more node of the zone may be tainted now; if so, the next has to wait its turn. */
  admit(zone: string): boolean {
    if (this.#disrupted) return false;
    const state = this.#states.get(zone) ?? 'Normal';
    const rate = rateOf(state, this.#sizes.get(zone) ?? 0, this.#rates);
    const now = this.#clock.monotonic();
    const last = this.#lastMs.get(zone);
    if (rate <= 0 || (last !== undefined && now - last < 1000 / rate)) return false;
    this.#lastMs.set(zone, now);
    return true;
  }
}
