/** Keeps the EndpointSlices of each Service with a selector at the pods that the selector finds. */
import { messageOf } from '../../base/errors.ts';
import type { EventRecorder } from '../../client/events.ts';
import type { Informer } from '../../client/informer.ts';
import { ENDPOINT_SLICES, SERVICES } from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1EndpointSlice, V1Node, V1Pod, V1Service } from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import { concernsEndpoints } from '../endpoints/controller.ts';
import { TriggerTimes } from '../endpoints/trigger-time.ts';
import { type ControllerContext, typed } from '../runtime/context.ts';
import { type Controller, controllerOf, type ReconcileResult } from '../runtime/controller.ts';
import { BY_NAMESPACE, PODS_BY_NODE } from '../runtime/informers.ts';
import { Pacer } from '../runtime/pacer.ts';
import { carries, sameMap } from '../runtime/pods.ts';
import { type AddressType, addressTypesOf, endpointHash, isInSlices, zoneOf } from './endpoint.ts';
import { CONTROLLER_NAME, planSlices } from './plan.ts';
import { PodEndpoints } from './pod-endpoints.ts';
import {
  indexedSlices,
  isManagedBy,
  isOwnedBy,
  recycled,
  SLICES_BY_SERVICE,
  type SlicePlan,
  selectorOf,
  serviceKeyOf,
  TRIGGER_TIME,
} from './slices.ts';
import { TopologyHints } from './topology-hints.ts';
import { SliceTracker } from './tracker.ts';
import { SliceWriter } from './writer.ts';

export interface EndpointSliceOptions {
  /** Endpoints that one slice holds at most: 100, upstream's `--max-endpoints-per-slice`. */
  maxEndpointsPerSlice?: number;
  /**
   * How long changes of pods are gathered at least: 0 ms, upstream's `--endpointslice-updates-batch-period`. Those of a
   * large Service are gathered for longer, so that looking at it never takes more than a small share of the time.
   */
  batchPeriodMs?: number;
}

const WORKERS = 5;
/** What somebody else has changed, a slice or the nodes, is looked at after this long. */
const FOREIGN_CHANGE_MS = 1000;
/** A copy that is behind is looked at again when its news arrive, or after this long. */
const BEHIND_MS = 1000;
const RETRY = { baseDelayMs: 1000, maxDelayMs: 100_000 };

export function endpointSliceController(context: ControllerContext, options: EndpointSliceOptions = {}): Controller {
  const { informers, clock, log } = context;
  const queue = new WorkQueue({ clock, ...RETRY });
  const manager = new EndpointSliceManager(context, queue, options);
  manager.watch();
  return controllerOf({
    name: 'endpointslice',
    queue,
    workers: WORKERS,
    reconcile: (key) => manager.reconcile(key),
    synced: [
      informers.pods.synced(),
      informers.services.synced(),
      informers.nodes.synced(),
      informers.of<V1EndpointSlice>(ENDPOINT_SLICES).synced(),
    ],
    clock,
    log,
  });
}

interface Planned {
  plan: SlicePlan;
  /** Which pod was left out because nobody knows its node, if any was. */
  missing: string | undefined;
}

class EndpointSliceManager {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  readonly #recorder: EventRecorder;
  readonly #options: EndpointSliceOptions;
  readonly #slices: Informer<V1EndpointSlice>;
  readonly #tracker: SliceTracker;
  readonly #writer: SliceWriter;
  readonly #hints: TopologyHints;
  readonly #triggerTimes = new TriggerTimes();
  /** What pods contribute to a Service as it now is. */
  readonly #endpoints = new Map<string, PodEndpoints>();
  /** Of slices as they are: most of them stay, and to hash thousands of endpoints for one that changed is waste. */
  readonly #hashes = new WeakMap<V1EndpointSlice, readonly string[]>();
  readonly #pacer: Pacer;
  /** Services whose slices were behind at the last look. */
  readonly #waiting = new Set<string>();

  constructor(context: ControllerContext, queue: WorkQueue, options: EndpointSliceOptions) {
    this.#context = context;
    this.#queue = queue;
    this.#options = options;
    this.#recorder = context.recorder('endpoint-slice-controller');
    this.#slices = indexedSlices(context.informers.of<V1EndpointSlice>(ENDPOINT_SLICES));
    this.#tracker = new SliceTracker(context.clock);
    this.#writer = new SliceWriter(context.client, this.#tracker);
    this.#pacer = new Pacer(context.clock);
    this.#hints = new TopologyHints(context.informers, this.#recorder);
  }

  watch(): void {
    const { informers } = this.#context;
    informers.services.addHandler({
      added: (service) => this.#queue.add(keyOf(service)),
      updated: (service) => this.#queue.add(keyOf(service)),
      deleted: (service) => this.#queue.add(keyOf(service)),
    });
    informers.pods.addHandler({
      added: (pod) => this.#enqueueServicesOf(pod),
      updated: (pod, old) => {
        if (!concernsEndpoints(pod, old)) return;
        this.#enqueueServicesOf(pod);
        if (!sameMap(pod.metadata?.labels, old.metadata?.labels)) this.#enqueueServicesOf(old);
      },
      deleted: (pod) => this.#enqueueServicesOf(pod),
    });
    informers.nodes.addHandler({
      // Pods of a node that nobody knew yet were left out.
      added: (node) => informers.nodes.hasSynced && this.#enqueueServicesOn(node),
      updated: (node, old) => zoneOf(node) !== zoneOf(old) && this.#enqueueServicesOn(node),
    });
    this.#hints.watch((key) => this.#queue.addAfter(key, FOREIGN_CHANGE_MS));
    this.#slices.addHandler({
      added: (slice) => this.#sliceChanged(slice),
      updated: (slice, old) => {
        const before = serviceKeyOf(old);
        const moved = before !== serviceKeyOf(slice) || isOurs(old) !== isOurs(slice);
        if (moved && before !== undefined) this.#queue.addAfter(before, FOREIGN_CHANGE_MS);
        this.#sliceChanged(slice, moved);
      },
      deleted: (slice) => {
        const key = serviceKeyOf(slice);
        if (key === undefined || !isOurs(slice)) return;
        if (this.#tracker.gone(slice)) this.#queue.addAfter(key, FOREIGN_CHANGE_MS);
        this.#caughtUp(key);
      },
    });
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const service = this.#context.informers.services.get(key);
    if (!service) {
      this.#triggerTimes.forget(key);
      this.#tracker.forget(key);
      this.#endpoints.delete(key);
      this.#pacer.forget(key);
      this.#hints.forget(key);
      return undefined;
    }
    const selector = selectorOf(service);
    // Whoever made a Service without one looks after its slices.
    if (!selector) return undefined;
    const existing = this.#slices.byIndex(SLICES_BY_SERVICE, key).filter(isOurs);
    if (this.#tracker.isBehind(key, existing)) {
      this.#waiting.add(key);
      return { requeueAfterMs: BEHIND_MS };
    }
    const { planned, time } = this.#pacer.measure(key, () => {
      const pods = this.#context.informers.pods
        .byIndex(BY_NAMESPACE, service.metadata?.namespace ?? '')
        .filter((pod) => carries(pod.metadata?.labels, selector));
      const time = this.#triggerTimes.compute(service, pods);
      return { planned: this.#plan(key, service, pods, existing), time };
    });
    await this.#carryOut(key, service, planned, time);
    return undefined;
  }

  async #carryOut(key: string, service: V1Service, { plan, missing }: Planned, time: string | undefined) {
    try {
      await this.#writer.apply(timed(plan, service, time));
      if (missing !== undefined) throw new Error(missing);
    } catch (error) {
      const what = `Error updating Endpoint Slices for Service ${key}: ${messageOf(error)}`;
      this.#recorder.event(typed(SERVICES, service), 'Warning', 'FailedToUpdateEndpointSlices', what);
      throw error;
    }
  }

  /** The plan over all address types. */
  #plan(key: string, service: V1Service, pods: readonly V1Pod[], existing: readonly V1EndpointSlice[]): Planned {
    const types = addressTypesOf(service);
    const known: { pod: V1Pod; zone: string | undefined }[] = [];
    let missing: string | undefined;
    for (const pod of pods) {
      if (!isInSlices(pod)) continue;
      const nodeName = pod.spec?.nodeName ?? '';
      const node = this.#context.informers.nodes.get(nodeName);
      if (node || service.spec?.publishNotReadyAddresses) known.push({ pod, zone: zoneOf(node) });
      else missing = `skipping Pod ${pod.metadata?.name} for Service ${key}: Node ${nodeName} Not Found`;
    }
    const plan: SlicePlan = {
      create: [],
      update: [],
      delete: existing.filter(({ addressType }) => !types.includes(addressType as AddressType)),
    };
    const endpoints = this.#endpointsOf(key, service);
    for (const type of types) {
      const slices = existing.filter(({ addressType }) => addressType === type);
      const planned = planSlices(service, type, endpoints.all(known, type), slices, {
        maxEndpointsPerSlice: this.#options.maxEndpointsPerSlice ?? 100,
        hashesOf: (slice) => this.#hashesOf(slice),
      });
      const complete = this.#hints.apply(planned, service, type, slices);
      for (const part of ['create', 'update', 'delete'] as const) plan[part].push(...complete[part]);
    }
    return { plan, missing };
  }

  #endpointsOf(key: string, service: V1Service): PodEndpoints {
    let endpoints = this.#endpoints.get(key);
    if (endpoints?.service !== service) {
      endpoints = new PodEndpoints(service);
      this.#endpoints.set(key, endpoints);
    }
    return endpoints;
  }

  #hashesOf(slice: V1EndpointSlice): readonly string[] {
    let hashes = this.#hashes.get(slice);
    if (!hashes) {
      hashes = (slice.endpoints ?? []).map(endpointHash);
      this.#hashes.set(slice, hashes);
    }
    return hashes;
  }

  #sliceChanged(slice: V1EndpointSlice, moved = false): void {
    const key = serviceKeyOf(slice);
    if (key === undefined) return;
    const foreign = isOurs(slice) && this.#tracker.isForeign(slice);
    if (moved || foreign) this.#queue.addAfter(key, FOREIGN_CHANGE_MS);
    this.#caughtUp(key);
  }

  #caughtUp(key: string): void {
    if (!this.#waiting.has(key)) return;
    if (this.#tracker.isBehind(key, this.#slices.byIndex(SLICES_BY_SERVICE, key).filter(isOurs))) return;
    this.#waiting.delete(key);
    this.#queue.add(key);
  }

  #enqueueServicesOn(node: V1Node): void {
    const pods = this.#context.informers.pods.byIndex(PODS_BY_NODE, node.metadata?.name ?? '');
    for (const pod of pods) this.#enqueueServicesOf(pod);
  }

  #enqueueServicesOf(pod: V1Pod): void {
    const { services } = this.#context.informers;
    for (const service of services.byIndex(BY_NAMESPACE, pod.metadata?.namespace ?? '')) {
      const selector = selectorOf(service);
      if (!selector || !carries(pod.metadata?.labels, selector)) continue;
      const pauseMs = Math.max(this.#pacer.pauseMs(keyOf(service)), this.#options.batchPeriodMs ?? 0);
      this.#queue.addAfter(keyOf(service), pauseMs);
    }
  }
}

function isOurs(slice: V1EndpointSlice): boolean {
  return isManagedBy(slice, CONTROLLER_NAME);
}

/** The plan as it is carried out: slices used again, none made for a Service that is going, all with the time. */
function timed(plan: SlicePlan, service: V1Service, time: string | undefined): SlicePlan {
  const owner = { kind: 'Service', uid: service.metadata?.uid ?? '' };
  const settled = recycled(plan, (slice) => isOwnedBy(slice, owner));
  const leaving = service.metadata?.deletionTimestamp !== undefined;
  return {
    create: leaving ? [] : settled.create.map((slice) => withTime(slice, time)),
    update: settled.update.map((slice) => withTime(slice, time)),
    delete: settled.delete,
  };
}

function withTime(slice: V1EndpointSlice, time: string | undefined): V1EndpointSlice {
  const { [TRIGGER_TIME]: _before, ...annotations } = slice.metadata?.annotations ?? {};
  if (time !== undefined) annotations[TRIGGER_TIME] = time;
  return { ...slice, metadata: { ...slice.metadata, annotations } };
}
