/** Typed calls over any transport. Objects that come back may be shared with a cache: never mutate them. */
import type {
  CoreV1Event,
  V1ConfigMap,
  V1DeleteOptions,
  V1Endpoints,
  V1Lease,
  V1Namespace,
  V1Node,
  V1Pod,
  V1ReplicationController,
  V1Secret,
  V1Service,
  V1ServiceAccount,
} from '../openapi/generated/types.ts';
import { apiVersionOf, type KubeList, type KubeObject, pathOf, type ResourceRef } from '../openapi/object.ts';
import type { ApiCall, Transport, WatchEvent } from '../openapi/transport.ts';
import * as resources from './resources.ts';

export interface ListCallOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  resourceVersion?: string;
  limit?: number;
  continue?: string;
  signal?: AbortSignal;
}

export interface WatchCallOptions extends ListCallOptions {
  allowWatchBookmarks?: boolean;
  timeoutSeconds?: number;
}

export type PatchType =
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'
  | 'application/json-patch+json';

export class Client {
  readonly transport: Transport;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  /** Calls for any resource. */
  resource<T extends KubeObject>(ref: ResourceRef): ResourceClient<T> {
    return new ResourceClient<T>(this.transport, ref);
  }

  get configMaps() {
    return this.resource<V1ConfigMap>(resources.CONFIG_MAPS);
  }
  get endpoints() {
    return this.resource<V1Endpoints>(resources.ENDPOINTS);
  }
  get events() {
    return this.resource<CoreV1Event>(resources.EVENTS);
  }
  get leases() {
    return this.resource<V1Lease>(resources.LEASES);
  }
  get namespaces() {
    return this.resource<V1Namespace>(resources.NAMESPACES);
  }
  get nodes() {
    return this.resource<V1Node>(resources.NODES);
  }
  get pods() {
    return this.resource<V1Pod>(resources.PODS);
  }
  get replicationControllers() {
    return this.resource<V1ReplicationController>(resources.REPLICATION_CONTROLLERS);
  }
  get secrets() {
    return this.resource<V1Secret>(resources.SECRETS);
  }
  get serviceAccounts() {
    return this.resource<V1ServiceAccount>(resources.SERVICE_ACCOUNTS);
  }
  get services() {
    return this.resource<V1Service>(resources.SERVICES);
  }
}

/** The verbs on one resource. Every method rejects with `StatusError` when the server refuses. */
export class ResourceClient<T extends KubeObject> {
  readonly ref: ResourceRef;
  readonly #transport: Transport;

  constructor(transport: Transport, ref: ResourceRef) {
    this.#transport = transport;
    this.ref = ref;
  }

  get(name: string, namespace?: string): Promise<T> {
    return this.#call({ method: 'GET', path: pathOf(this.ref, namespace, name) });
  }

  list(options: ListCallOptions = {}): Promise<KubeList<T>> {
    return this.#transport.call({
      method: 'GET',
      path: pathOf(this.ref, options.namespace),
      query: queryOf(options),
      ...(options.signal ? { signal: options.signal } : {}),
    }) as Promise<KubeList<T>>;
  }

  watch(options: WatchCallOptions = {}): AsyncIterable<WatchEvent<T>> {
    return this.#transport.watch({
      method: 'GET',
      path: pathOf(this.ref, options.namespace),
      query: { ...queryOf(options), watch: 'true' },
      ...(options.signal ? { signal: options.signal } : {}),
    }) as AsyncIterable<WatchEvent<T>>;
  }

  /** The namespace is the object's own. */
  create(object: T): Promise<T> {
    return this.#call({
      method: 'POST',
      path: pathOf(this.ref, object.metadata?.namespace),
      body: this.#typed(object),
    });
  }

  /** Fails with Conflict when `metadata.resourceVersion` is set and no longer the latest. */
  update(object: T, subresource?: string): Promise<T> {
    const { namespace, name = '' } = object.metadata ?? {};
    return this.#call({
      method: 'PUT',
      path: pathOf(this.ref, namespace, name, subresource),
      body: this.#typed(object),
    });
  }

  updateStatus(object: T): Promise<T> {
    return this.update(object, 'status');
  }

  patch(
    name: string,
    namespace: string | undefined,
    patch: unknown,
    type: PatchType,
    subresource?: string,
  ): Promise<T> {
    return this.#call({
      method: 'PATCH',
      path: pathOf(this.ref, namespace, name, subresource),
      body: patch,
      contentType: type,
    });
  }

  /** Resolves with the object as it now stands, or a `Status` when it is gone at once. */
  delete(name: string, namespace?: string, options: V1DeleteOptions = {}): Promise<unknown> {
    return this.#transport.call({
      method: 'DELETE',
      path: pathOf(this.ref, namespace, name),
      body: { kind: 'DeleteOptions', apiVersion: 'v1', ...options },
    });
  }

  deleteCollection(options: ListCallOptions & { deleteOptions?: V1DeleteOptions } = {}): Promise<unknown> {
    return this.#transport.call({
      method: 'DELETE',
      path: pathOf(this.ref, options.namespace),
      query: queryOf(options),
      body: { kind: 'DeleteOptions', apiVersion: 'v1', ...options.deleteOptions },
    });
  }

  /** POST to a subresource, such as a pod's `binding`. */
  createSub(name: string, namespace: string, subresource: string, body: unknown): Promise<unknown> {
    return this.#transport.call({ method: 'POST', path: pathOf(this.ref, namespace, name, subresource), body });
  }

  #typed(object: T): T {
    return { ...object, apiVersion: apiVersionOf(this.ref), kind: this.ref.kind };
  }

  #call(call: ApiCall): Promise<T> {
    return this.#transport.call(call) as Promise<T>;
  }
}

function queryOf(options: WatchCallOptions): Record<string, string> {
  const { namespace: _namespace, signal: _signal, ...rest } = options;
  const query: Record<string, string> = {};
  for (const [key, value] of Object.entries(rest)) {
    if (value !== undefined && typeof value !== 'object') query[key] = String(value);
  }
  return query;
}
