/** As much of an API server as the scheduler's tests need: list, watch, create, update, delete, binding, status. */
import type { KubeObject } from '../../openapi/object.ts';
import { notFound } from '../../openapi/status.ts';
import type { ApiCall, Transport, WatchEvent, WatchEventType } from '../../openapi/transport.ts';

interface Condition {
  type: string;
}

type Stored = KubeObject & {
  spec?: Record<string, unknown>;
  status?: Record<string, unknown> & { conditions?: Condition[] };
};

interface Watcher {
  resource: string;
  push(event: WatchEvent | undefined): void;
}

export class FakeApi implements Transport {
  /** Every write, as `METHOD path`. */
  readonly writes: string[] = [];
  /** Throw from here to make a call fail. */
  intercept: (call: ApiCall) => void | Promise<void> = () => undefined;
  readonly #objects = new Map<string, Stored>();
  readonly #watchers = new Set<Watcher>();
  #revision = 0;

  /** Stores an object under its resource and tells the watchers. */
  put<T extends KubeObject>(resource: string, object: T): T {
    const key = objectKey(resource, object.metadata?.namespace, object.metadata?.name);
    const before = this.#objects.get(key);
    this.#revision += 1;
    const uid = object.metadata?.uid ?? before?.metadata?.uid ?? `uid-${this.#revision}`;
    const metadata = { ...object.metadata, uid, resourceVersion: String(this.#revision) };
    const stored = deepFreeze({ ...object, metadata });
    this.#objects.set(key, stored as Stored);
    this.#tell(resource, before ? 'MODIFIED' : 'ADDED', stored);
    return stored;
  }

  get<T extends KubeObject>(resource: string, namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(objectKey(resource, namespace, name)) as T | undefined;
  }

  list<T extends KubeObject>(resource: string): T[] {
    const found = [...this.#objects].filter(([key]) => key.startsWith(`${resource}/`));
    return found.map(([, object]) => object as KubeObject as T);
  }

  remove(resource: string, namespace: string | undefined, name: string): void {
    const key = objectKey(resource, namespace, name);
    const object = this.#objects.get(key);
    if (!object) return;
    this.#objects.delete(key);
    this.#revision += 1;
    const metadata = { ...object.metadata, resourceVersion: String(this.#revision) };
    this.#tell(resource, 'DELETED', { ...object, metadata });
  }

  async call(call: ApiCall): Promise<unknown> {
    const { resource, namespace, name, subresource } = parsePath(call.path);
    if (call.method !== 'GET') this.writes.push(`${call.method} ${call.path}`);
    await this.intercept(call);
    if (call.method === 'GET' && name === undefined) {
      return { metadata: { resourceVersion: String(this.#revision) }, items: this.list(resource) };
    }
    if (call.method === 'POST' && subresource === undefined) return this.put(resource, call.body as KubeObject);
    const object = this.#objects.get(objectKey(resource, namespace, name));
    if (!object) throw notFound({ group: '', resource }, name ?? '');
    if (call.method === 'GET') return object;
    if (subresource === 'binding') return this.#bind(object, call.body);
    if (call.method === 'PATCH') return this.put(resource, mergeStatus(object, call.body as Stored));
    if (call.method === 'PUT') return this.put(resource, call.body as KubeObject);
    if (call.method === 'DELETE') return this.#delete(resource, object);
    throw new Error(`the fake has no ${call.method} ${call.path}`);
  }

  async *watch(call: ApiCall): AsyncIterable<WatchEvent> {
    const pending: (WatchEvent | undefined)[] = [];
    let wake = () => undefined as unknown;
    const watcher: Watcher = {
      resource: parsePath(call.path).resource,
      push(event) {
        pending.push(event);
        wake();
      },
    };
    this.#watchers.add(watcher);
    const end = () => watcher.push(undefined);
    call.signal?.addEventListener('abort', end, { once: true });
    try {
      for (;;) {
        if (call.signal?.aborted) return;
        if (pending.length === 0) await new Promise<unknown>((resolve) => (wake = () => resolve(undefined)));
        const event = pending.shift();
        if (!event) return;
        yield event;
      }
    } finally {
      this.#watchers.delete(watcher);
      call.signal?.removeEventListener('abort', end);
    }
  }

  async close(): Promise<void> {
    for (const watcher of this.#watchers) watcher.push(undefined);
  }

  #bind(pod: Stored, binding: unknown): KubeObject {
    const { target } = binding as { target: { name: string } };
    const conditions = [{ type: 'PodScheduled', status: 'True' }];
    return this.put('pods', { ...pod, spec: { ...pod.spec, nodeName: target.name }, status: { conditions } });
  }

  /** A pod with a grace period stays, marked, until the test removes it. */
  #delete(resource: string, object: Stored): KubeObject {
    const { namespace, name = '' } = object.metadata ?? {};
    if (!object.spec?.terminationGracePeriodSeconds) {
      this.remove(resource, namespace, name);
      return object;
    }
    return this.put(resource, {
      ...object,
      metadata: { ...object.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    });
  }

  #tell(resource: string, type: WatchEventType, object: KubeObject): void {
    for (const watcher of this.#watchers) if (watcher.resource === resource) watcher.push({ type, object });
  }
}

function objectKey(resource: string, namespace: string | undefined, name: string | undefined): string {
  return `${resource}/${namespace ?? ''}/${name}`;
}

function parsePath(path: string): { resource: string; namespace?: string; name?: string; subresource?: string } {
  const match =
    /^\/(?:api\/v1|apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+)(?=\/))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(
      path,
    );
  const [, namespace, resource = '', name, subresource] = match ?? [];
  return {
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}

function mergeStatus(object: Stored, patch: Stored): Stored {
  const patched = patch.status?.conditions ?? [];
  const kept = (object.status?.conditions ?? []).filter(({ type }) => !patched.some((other) => other.type === type));
  const status = { ...object.status, ...patch.status, conditions: [...kept, ...patched] };
  // A null takes a field away.
  return { ...object, status: Object.fromEntries(Object.entries(status).filter(([, value]) => value !== null)) };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
