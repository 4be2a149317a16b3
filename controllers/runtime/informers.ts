/** One informer a resource, shared by all controllers of a manager, so that each object is held and watched once. */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Client } from '../../client/client.ts';
import { Informer } from '../../client/informer.ts';
import * as resources from '../../client/resources.ts';
import type {
  V1ConfigMap,
  V1Endpoints,
  V1Lease,
  V1Namespace,
  V1Node,
  V1Pod,
  V1ReplicationController,
  V1Service,
  V1ServiceAccount,
} from '../../openapi/generated/types.ts';
import type { KubeObject, ResourceRef } from '../../openapi/object.ts';
import { whenAborted } from './abort.ts';

export const PODS_BY_NODE = 'byNode';
/** Objects by the uid of their controller; those without one under `namespace/` (`orphansOf`). */
export const BY_CONTROLLER = 'byController';
export const BY_NAMESPACE = 'byNamespace';
/** What controllers make, and so look up by who made it. */
const OWNED: readonly ResourceRef[] = [
  resources.PODS,
  resources.REPLICA_SETS,
  resources.CONTROLLER_REVISIONS,
  resources.JOBS,
];
/** Where kubelets keep their leases. */
export const NODE_LEASE_NAMESPACE = 'kube-node-lease';

interface Followed {
  informer: Informer<KubeObject>;
  abort: AbortController;
  /** When it was started: resolves once it has ended. */
  ended?: Promise<void>;
}

export interface InformerFactoryOptions {
  client: Client;
  clock: Clock;
  random: Random;
  log: Log;
}

export class InformerFactory {
  readonly #options: InformerFactoryOptions;
  readonly #informers = new Map<string, Followed>();
  /** Set once `run` was called: what is asked for later runs at once. */
  #signal: AbortSignal | undefined;

  constructor(options: InformerFactoryOptions) {
    this.#options = options;
  }

  /** The informer of a resource, of one namespace if one is given; made at the first call, started by `run`. */
  of<T extends KubeObject>(ref: ResourceRef, namespace?: string): Informer<T> {
    const key = keyOf(ref, namespace);
    let followed = this.#informers.get(key);
    if (!followed) {
      followed = { informer: this.#make(ref, namespace), abort: new AbortController() };
      this.#informers.set(key, followed);
      if (this.#signal) this.#start(followed);
    }
    // One key, one type: the resource decides what its objects look like.
    return followed.informer as unknown as Informer<T>;
  }

  /** Stops following a resource, such as one that is served no more. */
  drop(ref: ResourceRef): void {
    const key = keyOf(ref);
    this.#informers.get(key)?.abort.abort();
    this.#informers.delete(key);
  }

  #make(ref: ResourceRef, namespace?: string): Informer<KubeObject> {
    const { client, clock, random, log } = this.#options;
    const options = { clock, random, log, ...(namespace ? { namespace } : {}) };
    const informer = new Informer<KubeObject>(client.resource(ref), options);
    if (ref.namespaced) informer.addIndex(BY_NAMESPACE, (object) => [object.metadata?.namespace ?? '']);
    if (OWNED.includes(ref)) informer.addIndex(BY_CONTROLLER, controllersOf);
    if (ref === resources.PODS) (informer as Informer<V1Pod>).addIndex(PODS_BY_NODE, nodesOf);
    return informer;
  }

  #start(followed: Followed): void {
    // Whoever asks when all has ended, such as a discovery that was under way, gets one that does nothing.
    if (this.#signal?.aborted) followed.abort.abort();
    setMaxListeners(0, followed.abort.signal);
    followed.ended = followed.informer.run(followed.abort.signal);
  }

  get pods() {
    return this.of<V1Pod>(resources.PODS);
  }
  get configMaps() {
    return this.of<V1ConfigMap>(resources.CONFIG_MAPS);
  }
  get services() {
    return this.of<V1Service>(resources.SERVICES);
  }
  get endpoints() {
    return this.of<V1Endpoints>(resources.ENDPOINTS);
  }
  get replicationControllers() {
    return this.of<V1ReplicationController>(resources.REPLICATION_CONTROLLERS);
  }
  get namespaces() {
    return this.of<V1Namespace>(resources.NAMESPACES);
  }
  get serviceAccounts() {
    return this.of<V1ServiceAccount>(resources.SERVICE_ACCOUNTS);
  }
  get nodes() {
    return this.of<V1Node>(resources.NODES);
  }
  get nodeLeases() {
    return this.of<V1Lease>(resources.LEASES, NODE_LEASE_NAMESPACE);
  }

  /** Runs every informer asked for so far until the signal aborts; resolves when all have ended. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    for (const followed of this.#informers.values()) this.#start(followed);
    await whenAborted(signal);
    for (const { abort } of this.#informers.values()) abort.abort();
    await Promise.all([...this.#informers.values()].map(({ ended }) => ended));
  }

  /** Resolves once every informer asked for so far has its first list. */
  async synced(): Promise<void> {
    await Promise.all([...this.#informers.values()].map(({ informer }) => informer.synced()));
  }
}

function keyOf(ref: ResourceRef, namespace = ''): string {
  return `${ref.group}/${ref.resource}/${namespace}`;
}

function nodesOf(pod: V1Pod): string[] {
  return pod.spec?.nodeName ? [pod.spec.nodeName] : [];
}

function controllersOf({ metadata }: KubeObject): string[] {
  const owner = metadata?.ownerReferences?.find((reference) => reference.controller);
  return [owner ? owner.uid : orphansOf(metadata?.namespace)];
}

/** The value of `BY_CONTROLLER` under which a namespace's objects without a controller are found. */
export function orphansOf(namespace = ''): string {
  return `${namespace}/`;
}
