/**
 * An API server in miniature, for tests of what talks to one: it stores objects, hands out versions, and answers list,
 * watch, create, update, patch, delete and deletecollection. It validates and defaults nothing. Objects it hands out
 * are frozen, so that a test fails where code mutates what may be shared with a cache.
 */
import { type Clock, rfc3339 } from '../base/clock.ts';
import type { KubeObject, ResourceRef } from '../openapi/object.ts';
import { apiVersionOf } from '../openapi/object.ts';
import * as status from '../openapi/status.ts';
import type { ApiCall, Transport, WatchEvent } from '../openapi/transport.ts';
import { type Bag, deepFreeze, mergePatch, strategicMergePatch } from './fake-patch.ts';
import { type FakeFilter, filterOf, nameFrom, type Parsed, parsePath } from './fake-path.ts';

export interface FakeApiOptions {
  clock: Clock;
  resources: readonly ResourceRef[];
}

interface Watcher {
  filter: FakeFilter;
  resource: ResourceRef;
  push(event: WatchEvent): void;
  end(error?: Error): void;
}

type Stored = KubeObject & Bag;

export class FakeApi implements Transport {
  readonly #options: FakeApiOptions;
  readonly #objects = new Map<string, Stored>();
  readonly #history: { revision: number; event: WatchEvent; resource: ResourceRef }[] = [];
  readonly #watchers = new Set<Watcher>();
  #revision = 100;
  #compacted = 0;
  /** Every call, in order. */
  readonly calls: ApiCall[] = [];
  /** Runs before each call; what it throws is the answer. A promise delays the call. */
  intercept: ((call: ApiCall) => void | Promise<void>) | undefined;

  constructor(options: FakeApiOptions) {
    this.#options = options;
  }

  async call(call: ApiCall): Promise<unknown> {
    this.calls.push(call);
    await this.intercept?.(call);
    // Answers arrive later, as from a real server.
    await Promise.resolve();
    call.signal?.throwIfAborted();
    const discovered = discoveryOf(call.path, this.#options.resources);
    if (discovered) return discovered;
    const at = parsePath(call.path, this.#options.resources);
    switch (call.method) {
      case 'GET':
        return at.name === undefined ? this.#list(at, call) : this.#get(at);
      case 'POST':
        return at.subresource === undefined ? this.create(at.resource, at.namespace, call.body as Stored) : {};
      case 'PUT':
        return this.#update(at, () => call.body as Stored);
      case 'PATCH':
        return this.#update(at, (old) => patched(old, call));
      case 'DELETE':
        return at.name === undefined ? this.#deleteAll(at, call) : this.#delete(at, call.body as Bag | undefined);
    }
  }

  async *watch(call: ApiCall): AsyncGenerator<WatchEvent> {
    this.calls.push(call);
    await this.intercept?.(call);
    call.signal?.throwIfAborted();
    const at = parsePath(call.path, this.#options.resources);
    const from = Number(call.query?.resourceVersion ?? 0);
    if (from < this.#compacted) {
      const gone = status.expired(`too old resource version: ${from} (${this.#compacted})`);
      yield { type: 'ERROR', object: gone.status as unknown as KubeObject };
      return;
    }
    yield* this.#stream(at.resource, filterOf(at, call.query), from, call.signal);
  }

  close(): Promise<void> {
    this.dropWatches();
    return Promise.resolve();
  }

  /** Ends every open watch, as a server that restarts. */
  dropWatches(error?: Error): void {
    for (const watcher of [...this.#watchers]) watcher.end(error);
  }

  /** Forgets history: watches from before now get 410. */
  compact(): void {
    this.#compacted = this.#revision;
    this.#history.length = 0;
  }

  get openWatches(): number {
    return this.#watchers.size;
  }

  /** Calls that changed something, as `METHOD path`. */
  get writes(): string[] {
    return this.calls.filter((call) => call.method !== 'GET').map((call) => `${call.method} ${call.path}`);
  }

  /** Stored objects of a resource, of one namespace if given. */
  all<T extends KubeObject>(resource: ResourceRef, namespace?: string): T[] {
    const found = [...this.#objects.entries()].filter(([key]) => key.startsWith(prefixOf(resource, namespace)));
    return found.map(([, object]) => object as unknown as T);
  }

  peek<T extends KubeObject>(resource: ResourceRef, name: string, namespace?: string): T | undefined {
    return this.#objects.get(prefixOf(resource, namespace) + name) as T | undefined;
  }

  /** Stores an object as a POST would. */
  create<T extends KubeObject>(resource: ResourceRef, namespace: string | undefined, body: T): T {
    const revision = ++this.#revision;
    const metadata = { ...body.metadata };
    metadata.name ??= nameFrom(metadata.generateName ?? '', revision);
    if (resource.namespaced) metadata.namespace = namespace ?? metadata.namespace ?? 'default';
    const key = prefixOf(resource, metadata.namespace) + metadata.name;
    if (this.#objects.has(key)) throw status.alreadyExists(resource, metadata.name);
    metadata.uid ??= `uid-${revision}`;
    metadata.creationTimestamp ??= rfc3339(this.#options.clock.now());
    metadata.generation ??= 1;
    const object = { ...body, apiVersion: apiVersionOf(resource), kind: resource.kind, metadata };
    return this.#commit('ADDED', resource, key, object as unknown as Stored, revision) as unknown as T;
  }

  /** Changes an object as somebody else's write would. */
  change<T extends KubeObject>(
    resource: ResourceRef,
    name: string,
    namespace: string | undefined,
    edit: (object: T) => T,
  ): T {
    const at = { resource, namespace, name, subresource: undefined };
    return this.#update(at, (old) => {
      const next = edit(structuredClone(old) as unknown as T) as unknown as Stored;
      return { ...next, metadata: { ...next.metadata, resourceVersion: old.metadata?.resourceVersion ?? '' } };
    }) as unknown as T;
  }

  /** Removes an object at once, whatever its finalizers and grace period. */
  remove(resource: ResourceRef, name: string, namespace?: string): void {
    const key = prefixOf(resource, namespace) + name;
    const object = this.#objects.get(key);
    if (object) this.#commit('DELETED', resource, key, object, ++this.#revision);
  }

  async *#stream(
    resource: ResourceRef,
    filter: FakeFilter,
    from: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<WatchEvent> {
    const pending = this.#history
      .filter((entry) => entry.revision > from && entry.resource === resource && filter(entry.event.object))
      .map((entry) => entry.event);
    let wake: () => void = () => undefined;
    const ended: { done: boolean; error?: Error } = { done: false };
    const watcher: Watcher = {
      filter,
      resource,
      push: (event) => {
        pending.push(event);
        wake();
      },
      end: (error) => {
        ended.done = true;
        if (error) ended.error = error;
        wake();
      },
    };
    const onAbort = () => watcher.end();
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#watchers.add(watcher);
    try {
      while (!ended.done) {
        const event = pending.shift();
        if (event) yield event;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
      signal?.throwIfAborted();
      if (ended.error) throw ended.error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.#watchers.delete(watcher);
    }
  }

  #get(at: Parsed): Stored {
    const object = this.#objects.get(prefixOf(at.resource, at.namespace) + at.name);
    if (!object) throw status.notFound(at.resource, at.name ?? '');
    return object;
  }

  #list(at: Parsed, call: ApiCall): unknown {
    const filter = filterOf(at, call.query);
    return {
      kind: `${at.resource.kind}List`,
      apiVersion: apiVersionOf(at.resource),
      metadata: { resourceVersion: String(this.#revision) },
      items: this.all<Stored>(at.resource, at.namespace).filter((object) => filter(object)),
    };
  }

  #update(at: Parsed, edit: (old: Stored) => Stored): Stored {
    const old = this.#get(at);
    const next = edit(old);
    const version = next.metadata?.resourceVersion;
    if (version && version !== old.metadata?.resourceVersion) {
      throw status.conflict(at.resource, at.name ?? '', status.OBJECT_MODIFIED);
    }
    if (next.metadata?.uid && next.metadata.uid !== old.metadata?.uid) {
      throw status.conflict(at.resource, at.name ?? '', `the UID in the precondition does not match`);
    }
    const merged = this.#mergedUpdate(at, old, next);
    const unchanged = JSON.stringify({ ...merged, metadata: { ...merged.metadata, resourceVersion: '' } });
    if (unchanged === JSON.stringify({ ...old, metadata: { ...old.metadata, resourceVersion: '' } })) return old;
    const key = prefixOf(at.resource, at.namespace) + at.name;
    const finished = merged.metadata?.deletionTimestamp && isUnheld(at.resource, merged);
    return this.#commit(finished ? 'DELETED' : 'MODIFIED', at.resource, key, merged, ++this.#revision);
  }

  #mergedUpdate(at: Parsed, old: Stored, next: Stored): Stored {
    const kept = {
      uid: old.metadata?.uid ?? '',
      creationTimestamp: old.metadata?.creationTimestamp ?? '',
      ...(old.metadata?.deletionTimestamp ? { deletionTimestamp: old.metadata.deletionTimestamp } : {}),
    };
    if (at.subresource === 'status') {
      const { annotations } = next.metadata ?? {};
      return { ...old, status: next.status, metadata: { ...old.metadata, ...(annotations ? { annotations } : {}) } };
    }
    if (at.subresource === 'finalize') return { ...old, spec: next.spec };
    const specChanged = JSON.stringify(old.spec) !== JSON.stringify(next.spec);
    const generation = (old.metadata?.generation ?? 1) + (specChanged ? 1 : 0);
    return { ...old, ...next, metadata: { ...next.metadata, ...kept, name: old.metadata?.name ?? '', generation } };
  }

  #deleteAll(at: Parsed, call: ApiCall): unknown {
    const filter = filterOf(at, call.query);
    for (const object of this.all<Stored>(at.resource, at.namespace).filter((found) => filter(found))) {
      const { name, namespace } = object.metadata ?? {};
      this.#delete({ resource: at.resource, namespace, name, subresource: undefined }, call.body as Bag | undefined);
    }
    return { kind: 'Status', status: 'Success' };
  }

  #delete(at: Parsed, options: Bag = {}): unknown {
    const old = this.#get(at);
    assertPreconditions(at, old, options.preconditions as Preconditions | undefined);
    const key = prefixOf(at.resource, at.namespace) + at.name;
    const revision = ++this.#revision;
    const policy = options.propagationPolicy;
    const finalizers = new Set(old.metadata?.finalizers ?? []);
    if (policy === 'Foreground') finalizers.add('foregroundDeletion');
    if (policy === 'Orphan') finalizers.add('orphan');
    const metadata = {
      ...old.metadata,
      ...(finalizers.size > 0 ? { finalizers: [...finalizers] } : {}),
      deletionTimestamp: old.metadata?.deletionTimestamp ?? rfc3339(this.#options.clock.now()),
    };
    const marked = { ...old, metadata } as Stored;
    const graceful = isGraceful(at.resource, old) && options.gracePeriodSeconds !== 0;
    if (isUnheld(at.resource, marked) && !graceful) return this.#commit('DELETED', at.resource, key, old, revision);
    if (old.metadata?.deletionTimestamp) return old;
    return this.#commit('MODIFIED', at.resource, key, marked, revision);
  }

  #commit(type: WatchEvent['type'], resource: ResourceRef, key: string, object: Stored, revision: number): Stored {
    const stored = deepFreeze({
      ...structuredClone(object),
      metadata: { ...structuredClone(object.metadata), resourceVersion: String(revision) },
    }) as Stored;
    if (type === 'DELETED') this.#objects.delete(key);
    else this.#objects.set(key, stored);
    const event: WatchEvent = { type, object: stored };
    this.#history.push({ revision, event, resource });
    for (const watcher of this.#watchers) {
      if (watcher.resource === resource && watcher.filter(stored)) watcher.push(event);
    }
    return stored;
  }
}

interface Preconditions {
  uid?: string;
  resourceVersion?: string;
}

function assertPreconditions(at: Parsed, object: Stored, wanted: Preconditions = {}): void {
  for (const field of ['uid', 'resourceVersion'] as const) {
    if (wanted[field] === undefined || wanted[field] === object.metadata?.[field]) continue;
    throw status.conflict(at.resource, at.name ?? '', `the ${field} in the precondition does not match`);
  }
}

function prefixOf(resource: ResourceRef, namespace?: string): string {
  const scope = resource.namespaced && namespace !== undefined ? `${namespace}/` : '';
  return `${resource.group}/${resource.resource}/${scope}`;
}

/** Pods on a node wait for the kubelet. */
function isGraceful(resource: ResourceRef, object: Stored): boolean {
  return resource.resource === 'pods' && Boolean((object.spec as { nodeName?: string } | undefined)?.nodeName);
}

function isUnheld(resource: ResourceRef, object: Stored): boolean {
  if ((object.metadata?.finalizers ?? []).length > 0) return false;
  const own = (object.spec as { finalizers?: string[] } | undefined)?.finalizers ?? [];
  return resource.resource !== 'namespaces' || own.length === 0;
}

function patched(old: Stored, call: ApiCall): Stored {
  const strategic = call.contentType === 'application/strategic-merge-patch+json';
  const apply = strategic ? strategicMergePatch : mergePatch;
  const next = apply(old, call.body) as Stored;
  const version = (call.body as KubeObject).metadata?.resourceVersion ?? '';
  return { ...next, metadata: { ...next.metadata, resourceVersion: version } };
}

function discoveryOf(path: string, resources: readonly ResourceRef[]): unknown {
  const groups = [...new Set(resources.map((resource) => resource.group).filter((group) => group !== ''))];
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  if (path === '/apis') {
    return {
      kind: 'APIGroupList',
      groups: groups.map((name) => ({ name, preferredVersion: { groupVersion: `${name}/v1`, version: 'v1' } })),
    };
  }
  const match = /^\/(?:api|apis\/([^/]+))\/v1$/.exec(path);
  if (!match) return undefined;
  return {
    kind: 'APIResourceList',
    resources: resources
      .filter((resource) => resource.group === (match[1] ?? ''))
      .map(({ resource, kind, namespaced }) => ({
        name: resource,
        kind,
        namespaced,
        verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      })),
  };
}
