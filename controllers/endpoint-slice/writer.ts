/** Carries out a plan for slices, and remembers what was written. */
import type { Client, ResourceClient } from '../../client/client.ts';
import { ENDPOINT_SLICES } from '../../client/resources.ts';
import type { V1EndpointSlice } from '../../openapi/generated/types.ts';
import { isStatus } from '../../openapi/status.ts';
import { isNamespaceTerminating } from '../runtime/pod-control.ts';
import type { SlicePlan } from './slices.ts';
import type { SliceTracker } from './tracker.ts';

export class SliceWriter {
  readonly #slices: ResourceClient<V1EndpointSlice>;
  readonly #tracker: SliceTracker;

  constructor(client: Client, tracker: SliceTracker) {
    this.#slices = client.resource<V1EndpointSlice>(ENDPOINT_SLICES);
    this.#tracker = tracker;
  }

  /** Creations come first, so that no endpoint is missing in between. A namespace that is going ends it quietly. */
  async apply(plan: SlicePlan): Promise<void> {
    try {
      for (const slice of plan.create) this.#tracker.written(await this.#slices.create(slice));
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      throw error;
    }
    for (const slice of plan.update) this.#tracker.written(await this.#slices.update(slice));
    for (const slice of plan.delete) await this.#delete(slice);
  }

  async #delete(slice: V1EndpointSlice): Promise<void> {
    try {
      await this.#slices.delete(slice.metadata?.name ?? '', slice.metadata?.namespace);
    } catch (error) {
      if (isStatus(error, 'NotFound')) return;
      throw error;
    }
    this.#tracker.deleted(slice);
  }
}
