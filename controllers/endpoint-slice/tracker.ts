/**
 * What was written last of each slice, so that a look at a copy that is behind can be told from one at the present:
 * a plan made from the past would put endpoints into two slices, or into none.
 */
import type { Clock } from '../../base/clock.ts';
import type { V1EndpointSlice } from '../../openapi/generated/types.ts';
import { serviceKeyOf } from './slices.ts';

const DELETED = -1;
/** A copy that has not caught up by then never will: what was written has gone without being seen. */
const EXPIRY_MS = 60_000;

export class SliceTracker {
  readonly #clock: Clock;
  /** By Service and uid: the generation that was written, or that the slice was deleted. */
  readonly #services = new Map<string, { generations: Map<string, number>; writtenMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes note of a slice as the server answered it. */
  written(slice: V1EndpointSlice): void {
    this.#set(slice, slice.metadata?.generation ?? 0);
  }

  deleted(slice: V1EndpointSlice): void {
    this.#set(slice, DELETED);
  }

  /** Whether somebody else has changed the slice. */
  isForeign(slice: V1EndpointSlice): boolean {
    const known = this.#of(slice)?.generations.get(slice.metadata?.uid ?? '');
    return known === undefined || (slice.metadata?.generation ?? 0) > known;
  }

  /** Takes note that a slice is gone. True when that was not our doing. */
  gone(slice: V1EndpointSlice): boolean {
    const generations = this.#of(slice)?.generations;
    const known = generations?.get(slice.metadata?.uid ?? '');
    generations?.delete(slice.metadata?.uid ?? '');
    if (generations?.size === 0) this.forget(serviceKeyOf(slice) ?? '');
    return known !== undefined && known !== DELETED;
  }

  /** Whether `slices`, all that the copy has of a Service, are behind what was written. */
  isBehind(service: string, slices: readonly V1EndpointSlice[]): boolean {
    const known = this.#services.get(service);
    if (!known) return false;
    const present = new Set<string>();
    let behind = false;
    for (const { metadata } of slices) {
      const uid = metadata?.uid ?? '';
      present.add(uid);
      const generation = known.generations.get(uid);
      if (generation !== undefined && (generation === DELETED || generation > (metadata?.generation ?? 0))) {
        behind = true;
      }
    }
    for (const [uid, generation] of known.generations) {
      if (generation !== DELETED && !present.has(uid)) behind = true;
    }
    if (behind && this.#clock.monotonic() - known.writtenMs > EXPIRY_MS) {
      this.forget(service);
      return false;
    }
    return behind;
  }

  forget(service: string): void {
    this.#services.delete(service);
  }

  #of(slice: V1EndpointSlice) {
    return this.#services.get(serviceKeyOf(slice) ?? '');
  }

  #set(slice: V1EndpointSlice, generation: number): void {
    const key = serviceKeyOf(slice) ?? '';
    const known = this.#services.get(key) ?? { generations: new Map(), writtenMs: 0 };
    known.generations.set(slice.metadata?.uid ?? '', generation);
    known.writtenMs = this.#clock.monotonic();
    this.#services.set(key, known);
  }
}
