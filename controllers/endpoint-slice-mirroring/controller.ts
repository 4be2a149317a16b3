/** Mirrors the Endpoints of Services without a selector, which somebody writes by hand, into EndpointSlices. */
import type { EventRecorder } from '../../client/events.ts';
import type { Informer } from '../../client/informer.ts';
import { ENDPOINT_SLICES, ENDPOINTS } from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1EndpointSlice, V1Endpoints, V1Service } from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import { indexedSlices, isManagedBy, SLICES_BY_SERVICE, selectorOf, serviceKeyOf } from '../endpoint-slice/slices.ts';
import { SliceTracker } from '../endpoint-slice/tracker.ts';
import { SliceWriter } from '../endpoint-slice/writer.ts';
import { type ControllerContext, typed } from '../runtime/context.ts';
import { type Controller, controllerOf, type ReconcileResult } from '../runtime/controller.ts';
import { CONTROLLER_NAME, type MirrorPlan, mirrorPlan, shouldMirror } from './mirror.ts';

/** Upstream's `--mirroring-max-endpoints-per-subset`. */
const MAX_PER_SUBSET = 1000;
const WORKERS = 5;
const BEHIND_MS = 1000;

export function endpointSliceMirroringController(context: ControllerContext): Controller {
  const { informers, clock, log } = context;
  const queue = new WorkQueue({ clock, baseDelayMs: 1000, maxDelayMs: 100_000 });
  const manager = new MirroringManager(context, queue);
  manager.watch();
  return controllerOf({
    name: 'endpointslicemirroring',
    queue,
    workers: WORKERS,
    reconcile: (key) => manager.reconcile(key),
    synced: [
      informers.endpoints.synced(),
      informers.services.synced(),
      informers.of<V1EndpointSlice>(ENDPOINT_SLICES).synced(),
    ],
    clock,
    log,
  });
}

class MirroringManager {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  readonly #recorder: EventRecorder;
  readonly #slices: Informer<V1EndpointSlice>;
  readonly #tracker: SliceTracker;
  readonly #writer: SliceWriter;

  constructor(context: ControllerContext, queue: WorkQueue) {
    this.#context = context;
    this.#queue = queue;
    this.#recorder = context.recorder('endpoint-slice-mirroring-controller');
    this.#slices = indexedSlices(context.informers.of<V1EndpointSlice>(ENDPOINT_SLICES));
    this.#tracker = new SliceTracker(context.clock);
    this.#writer = new SliceWriter(context.client, this.#tracker);
  }

  watch(): void {
    const { informers } = this.#context;
    const serviceSeen = (service: V1Service) => {
      if (!selectorOf(service)) this.#queue.add(keyOf(service));
    };
    informers.services.addHandler({
      added: serviceSeen,
      updated: (service, old) => {
        if (!selectorOf(service) !== !selectorOf(old)) this.#queue.add(keyOf(service));
      },
      deleted: serviceSeen,
    });
    const endpointsSeen = (endpoints: V1Endpoints) => {
      if (shouldMirror(endpoints)) this.#queue.add(keyOf(endpoints));
    };
    informers.endpoints.addHandler({
      added: endpointsSeen,
      updated: (endpoints, old) => {
        if (shouldMirror(endpoints) || shouldMirror(old)) this.#queue.add(keyOf(endpoints));
      },
      deleted: endpointsSeen,
    });
    this.#slices.addHandler({
      added: (slice) => this.#sliceChanged(slice),
      updated: (slice, old) => {
        if (isOurs(old) !== isOurs(slice)) this.#enqueueOwnerOf(old);
        this.#sliceChanged(slice);
      },
      deleted: (slice) => {
        if (isOurs(slice) && this.#tracker.gone(slice)) this.#enqueueOwnerOf(slice);
      },
    });
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const { informers } = this.#context;
    const endpoints = informers.endpoints.get(key);
    const service = informers.services.get(key);
    const existing = this.#slices.byIndex(SLICES_BY_SERVICE, key).filter(isOurs);
    if (!shouldMirror(endpoints) || !service || selectorOf(service)) {
      this.#tracker.forget(key);
      await this.#writer.apply({ create: [], update: [], delete: existing });
      return undefined;
    }
    if (this.#tracker.isBehind(key, existing)) return { requeueAfterMs: BEHIND_MS };
    const plan = mirrorPlan(endpoints, existing, MAX_PER_SUBSET);
    this.#tellSkipped(endpoints, plan);
    await this.#writer.apply(plan);
    return undefined;
  }

  #tellSkipped(endpoints: V1Endpoints, { invalid, skipped }: MirrorPlan): void {
    const object = typed(ENDPOINTS, endpoints);
    if (invalid > 0) {
      const message = `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`;
      this.#recorder.event(object, 'Warning', 'InvalidIPAddress', message);
    }
    if (skipped > invalid) {
      const limit = `A max of ${MAX_PER_SUBSET} addresses can be mirrored to EndpointSlices per Endpoints subset.`;
      const message = `${limit} ${skipped} addresses were skipped`;
      this.#recorder.event(object, 'Warning', 'TooManyAddressesToMirror', message);
    }
  }

  #sliceChanged(slice: V1EndpointSlice): void {
    if (isOurs(slice) && this.#tracker.isForeign(slice)) this.#enqueueOwnerOf(slice);
  }

  #enqueueOwnerOf(slice: V1EndpointSlice): void {
    const key = serviceKeyOf(slice);
    if (key !== undefined) this.#queue.add(key);
  }
}

function isOurs(slice: V1EndpointSlice): boolean {
  return isManagedBy(slice, CONTROLLER_NAME);
}
