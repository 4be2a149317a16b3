/** Watches: the cache's events as one client's selectors see them. */
import type { KubeObject } from '../../../openapi/object.ts';
import { type FieldTerm, matchesFields, matchesLabels, type Requirement } from '../../../openapi/selectors.ts';
import { expired } from '../../../openapi/status.ts';
import type { WatchFrame } from '../../http/request.ts';
import { StorageError } from '../../storage/interface.ts';
import type { CacheBatch, CachedObject, CacheEvent } from '../../storage/watch-cache.ts';
import type { ResourceStore } from './store.ts';

export interface WatchQuery {
  namespace: string;
  /** Of bookmarks. */
  kind: string;
  apiVersion: string;
  labels: readonly Requirement[];
  fields: readonly FieldTerm[];
  /** Events after this revision; `undefined`: what there is now as ADDED, then what comes. */
  after: number | undefined;
  bookmarks: boolean;
  /** WatchList: after the present state a bookmark says that it was all. */
  initialEventsEnd: boolean;
  signal: AbortSignal;
  /** Called when there will be no further events, whether or not what there is has been taken. */
  onEnd?(): void;
}

/** Marks the bookmark that ends the initial events of a WatchList. */
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/** Yields batches of frames until the signal aborts. Throws 410 in upstream's words when `after` is out of reach. */
export async function* watchResource(
  store: ResourceStore,
  query: WatchQuery,
  bookmarkDue: () => boolean,
): AsyncGenerator<WatchFrame[]> {
  const prefix = query.namespace === '' ? store.prefix : `${store.prefix}${query.namespace}/`;
  let after = query.after;
  if (after === undefined) {
    const { items, revision } = store.cache.list(prefix, { labels: query.labels, fields: query.fields });
    after = revision;
    const first: WatchFrame[] = items.map((object) => ({ type: 'ADDED', object }));
    if (query.initialEventsEnd) first.push({ type: 'BOOKMARK', object: bookmark(query, revision, true) });
    if (first.length > 0) yield first;
  }
  if (query.signal.aborted) return;
  await store.cache.reachBack(after);
  if (query.signal.aborted) return;
  let delivered = after;
  for await (const batch of eventsAfter(store, prefix, after, query)) {
    delivered = batch.revision;
    const frames: WatchFrame[] = [];
    for (const event of batch.events) {
      const frame = frameOf(event, query);
      if (frame) frames.push(frame);
    }
    if (query.bookmarks && bookmarkDue())
      frames.push({ type: 'BOOKMARK', object: bookmark(query, batch.revision, false) });
    if (frames.length > 0) yield frames;
  }
  // A client that comes back begins from here instead of from its last event, which may be long gone.
  if (query.bookmarks) yield [{ type: 'BOOKMARK', object: bookmark(query, delivered, false) }];
}

function eventsAfter(
  store: ResourceStore,
  prefix: string,
  after: number,
  { signal, onEnd, fields }: WatchQuery,
): AsyncIterable<CacheBatch> {
  try {
    return store.cache.watch(prefix, after, signal, onEnd, fields);
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'Compacted') throw error;
    throw expired(`too old resource version: ${after} (${error.revision})`);
  }
}

/** How one event looks to a watcher with selectors: an object that starts to match is ADDED, one that stops DELETED. */
export function frameOf(event: CacheEvent, query: Pick<WatchQuery, 'labels' | 'fields'>): WatchFrame | undefined {
  const matches = (object: CachedObject | undefined) =>
    object !== undefined && matchesLabels(query.labels, object.labels) && matchesFields(query.fields, object.fields);
  if (event.type === 'delete') return matches(event.object) ? { type: 'DELETED', object: event.object } : undefined;
  const now = matches(event.object);
  const before = matches(event.previous);
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', object: event.object };
  if (!before || !event.previous) return undefined;
  return { type: 'DELETED', object: withVersion(event.previous.object, event.revision) };
}

function withVersion(object: KubeObject, revision: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

function bookmark({ kind, apiVersion }: WatchQuery, revision: number, end: boolean): KubeObject {
  return {
    kind,
    apiVersion,
    metadata: { resourceVersion: String(revision), ...(end ? { annotations: { [INITIAL_EVENTS_END]: 'true' } } : {}) },
  };
}
