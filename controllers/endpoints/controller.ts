/** Keeps the Endpoints of each Service with a selector at the pods that the selector finds. */
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../base/errors.ts';
import type { EventRecorder } from '../../client/events.ts';
import { ENDPOINTS } from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1EndpointAddress, V1Endpoints, V1Pod, V1Service } from '../../openapi/generated/types.ts';
import { keyOf, splitKey } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import { type ControllerContext, typed } from '../runtime/context.ts';
import { type Controller, controllerOf } from '../runtime/controller.ts';
import { BY_NAMESPACE } from '../runtime/informers.ts';
import { Pacer } from '../runtime/pacer.ts';
import { isNamespaceTerminating } from '../runtime/pod-control.ts';
import { carries, isReady, sameMap } from '../runtime/pods.ts';
import { repackSubsets } from './repack.ts';
import { subsetsOf, truncate } from './subsets.ts';
import { TriggerTimes } from './trigger-time.ts';

const HEADLESS = 'service.kubernetes.io/headless';
const MANAGED_BY = 'endpoints.kubernetes.io/managed-by';
const CONTROLLER_NAME = 'endpoint-controller';
const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';
/** On Endpoints of old that elect a leader: they have no Service, and are not ours to delete. */
const LEADER = 'control-plane.alpha.kubernetes.io/leader';
const WORKERS = 5;

export function endpointController(context: ControllerContext): Controller {
  const { informers, clock, log } = context;
  const queue = new WorkQueue({ clock });
  const pacer = new Pacer(clock);
  const manager = new EndpointManager(context, context.recorder(CONTROLLER_NAME), pacer);
  watch(context, queue, pacer);
  return controllerOf({
    name: 'endpoint',
    queue,
    workers: WORKERS,
    reconcile: (key) => manager.reconcile(key),
    synced: [informers.pods.synced(), informers.services.synced(), informers.endpoints.synced()],
    started: () => {
      // Services that went while nobody watched have left theirs behind.
      for (const endpoints of informers.endpoints.list()) {
        if (!endpoints.metadata?.annotations?.[LEADER]) queue.add(keyOf(endpoints));
      }
    },
    clock,
    log,
  });
}

function watch({ informers }: ControllerContext, queue: WorkQueue, pacer: Pacer): void {
  const enqueueServicesOf = (pod: V1Pod) => {
    for (const service of informers.services.byIndex(BY_NAMESPACE, pod.metadata?.namespace ?? '')) {
      const { selector } = service.spec ?? {};
      if (!selects(selector) || !carries(pod.metadata?.labels, selector)) continue;
      const key = keyOf(service);
      const pauseMs = pacer.pauseMs(key);
      if (pauseMs > 0) queue.addAfter(key, pauseMs);
      else queue.add(key);
    }
  };
  informers.services.addHandler({
    added: (service) => queue.add(keyOf(service)),
    updated: (service) => queue.add(keyOf(service)),
    deleted: (service) => queue.add(keyOf(service)),
  });
  informers.pods.addHandler({
    added: enqueueServicesOf,
    updated: (pod, old) => {
      if (!concernsEndpoints(pod, old)) return;
      enqueueServicesOf(pod);
      if (!sameMap(pod.metadata?.labels, old.metadata?.labels)) enqueueServicesOf(old);
    },
    deleted: enqueueServicesOf,
  });
  informers.endpoints.addHandler({ deleted: (endpoints) => queue.add(keyOf(endpoints)) });
}

type Labels = Record<string, string>;

/** An empty selector is none. */
function selects(selector: Labels | undefined): selector is Labels {
  return selector !== undefined && Object.keys(selector).length > 0;
}

/** Whether a change of a pod can change any Endpoints. */
export function concernsEndpoints(pod: V1Pod, old: V1Pod): boolean {
  return (
    pod.metadata?.deletionTimestamp !== old.metadata?.deletionTimestamp ||
    isReady(pod) !== isReady(old) ||
    pod.status?.phase !== old.status?.phase ||
    pod.status?.podIP !== old.status?.podIP ||
    !isDeepStrictEqual(pod.status?.podIPs, old.status?.podIPs) ||
    !sameMap(pod.metadata?.labels, old.metadata?.labels) ||
    pod.spec?.nodeName !== old.spec?.nodeName
  );
}

class EndpointManager {
  readonly #context: ControllerContext;
  readonly #recorder: EventRecorder;
  readonly #pacer: Pacer;
  readonly #triggerTimes = new TriggerTimes();

  constructor(context: ControllerContext, recorder: EventRecorder, pacer: Pacer) {
    this.#context = context;
    this.#pacer = pacer;
    this.#recorder = recorder;
  }

  async reconcile(key: string): Promise<void> {
    const { informers } = this.#context;
    const service = informers.services.get(key);
    if (!service) {
      this.#triggerTimes.forget(key);
      this.#pacer.forget(key);
      await this.#delete(key);
      return;
    }
    const { selector } = service.spec ?? {};
    // Whoever made a Service without one looks after its Endpoints.
    if (!selects(selector)) return;
    const current = informers.endpoints.get(key);
    const desired = this.#pacer.measure(key, () => {
      const pods = informers.pods
        .byIndex(BY_NAMESPACE, service.metadata?.namespace ?? '')
        .filter((pod) => carries(pod.metadata?.labels, selector));
      const wanted = endpointsOf(service, pods, current, this.#triggerTimes.compute(service, pods));
      return current && sameEndpoints(current, wanted) ? undefined : wanted;
    });
    if (desired) await this.#write(service, desired, current !== undefined);
  }

  async #delete(key: string): Promise<void> {
    const { namespace, name } = splitKey(key);
    try {
      await this.#context.client.endpoints.delete(name, namespace);
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
    }
  }

  async #write(service: V1Service, endpoints: V1Endpoints, exists: boolean): Promise<void> {
    const { client } = this.#context;
    try {
      if (exists) await client.endpoints.update(endpoints);
      else await client.endpoints.create(endpoints);
    } catch (error) {
      if (!exists && isNamespaceTerminating(error)) return;
      // Our copy was behind; the next look will have the news, and nobody needs an event about that.
      if (!isStatus(error, 'Conflict') && !isStatus(error, 'AlreadyExists')) {
        this.#tellFailure(service, endpoints, exists, error);
      }
      throw error;
    }
  }

  #tellFailure(service: V1Service, endpoints: V1Endpoints, exists: boolean, error: unknown): void {
    const object = typed(ENDPOINTS, endpoints);
    const what = `${keyOf(service)}: ${messageOf(error)}`;
    if (exists) {
      this.#recorder.event(object, 'Warning', 'FailedToUpdateEndpoint', `Failed to update endpoint ${what}`);
    } else {
      this.#recorder.event(
        object,
        'Warning',
        'FailedToCreateEndpoint',
        `Failed to create endpoint for service ${what}`,
      );
    }
  }
}

/** What the Endpoints of `service` should be; keeps what `current` has besides. */
export function endpointsOf(
  service: V1Service,
  pods: readonly V1Pod[],
  current: V1Endpoints | undefined,
  triggerTime: string | undefined,
): V1Endpoints {
  const { subsets, truncated } = truncate(subsetsOf(service, pods));
  const { [TRIGGER_TIME]: _time, [OVER_CAPACITY]: _capacity, ...annotations } = current?.metadata?.annotations ?? {};
  if (triggerTime) annotations[TRIGGER_TIME] = triggerTime;
  if (truncated) annotations[OVER_CAPACITY] = 'truncated';
  const { clusterIP } = service.spec ?? {};
  const { [HEADLESS]: _headless, ...labels } = service.metadata?.labels ?? {};
  labels[MANAGED_BY] = CONTROLLER_NAME;
  if (!clusterIP || clusterIP === 'None') labels[HEADLESS] = '';
  const { name = '', namespace = '' } = service.metadata ?? {};
  return {
    ...current,
    metadata: { ...(current?.metadata ?? { name, namespace }), labels, annotations },
    subsets,
  };
}

/**
 * Whether writing `desired` would change anything but the time of the last change. The server may keep subsets in an
 * order of its own, so they are compared in ours.
 */
function sameEndpoints(current: V1Endpoints, desired: V1Endpoints): boolean {
  return (
    sameMap(current.metadata?.labels, desired.metadata?.labels) &&
    current.metadata?.annotations?.[OVER_CAPACITY] === desired.metadata?.annotations?.[OVER_CAPACITY] &&
    isDeepStrictEqual(comparable(current.subsets), comparable(desired.subsets))
  );
}

/** Subsets in one order, without what others may have written into them: targets used to carry the pod's version. */
function comparable(subsets: V1Endpoints['subsets'] = []): unknown {
  const strip = (addresses: V1EndpointAddress[] | undefined) =>
    (addresses ?? []).map(({ targetRef, ...address }) => {
      const { resourceVersion: _version, ...target } = targetRef ?? {};
      return { ...address, targetRef: target };
    });
  return repackSubsets(
    subsets.map(({ addresses, notReadyAddresses, ports }) => ({
      addresses: strip(addresses),
      notReadyAddresses: strip(notReadyAddresses),
      ports: (ports ?? []).map(({ appProtocol, name, port, protocol = 'TCP' }) => ({
        ...(appProtocol ? { appProtocol } : {}),
        ...(name ? { name } : {}),
        port,
        protocol,
      })),
    })),
  );
}
