import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { apiVersionOf } from '../../openapi/object.ts';
import { type FieldError, invalid } from '../../openapi/status.ts';
import { type ApiRequest, type ApiResult, integerParameter, type WatchFrame } from '../http/request.ts';
import { booleanParameter } from '../http/request-info.ts';
import type { ServedResource } from '../registry/served.ts';
import { parseResourceVersion, waitForRevision } from '../registry/store/list.ts';
import { watchResource } from '../registry/store/watch.ts';
import type { ResourceRequest } from './context.ts';
import { selectors } from './options.ts';

/** Upstream ends a watch that names no timeout after 30 to 60 minutes, so that not all end at once. */
const TIMEOUT_SECONDS_MIN = 1800;
/** What a timer can count. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;
const BOOKMARK_EVERY_MS = 60_000;

/** GET with `watch=true`: of a collection, or of one object by its name. */
export async function watch({ request, info, served, store, context }: ResourceRequest): Promise<ApiResult> {
  const { query } = request;
  const { labels, fields } = selectors(query, served);
  if (info.name !== '') fields.push({ field: 'metadata.name', value: info.name, equal: true });
  const sendInitialEvents = initialEvents(query);
  const version = parseResourceVersion(query.get('resourceVersion') ?? '');
  const fromNow = version === 0 && sendInitialEvents !== false;
  if (sendInitialEvents && version > 0) await waitForRevision(store.cache, version, context.clock, request.signal);
  const { signal, end } = deadline(request, context.clock, timeoutMs(query, context.random));
  let bookmarked = context.clock.monotonic();
  const bookmarkDue = () => {
    if (context.clock.monotonic() - bookmarked < BOOKMARK_EVERY_MS) return false;
    bookmarked = context.clock.monotonic();
    return true;
  };
  const frames = watchResource(
    store,
    {
      namespace: info.namespace,
      kind: served.declaration.kind,
      apiVersion: apiVersionOf(served.declaration),
      labels,
      fields,
      after: sendInitialEvents || fromNow ? undefined : version || store.cache.revision,
      bookmarks: booleanParameter(query, 'allowWatchBookmarks'),
      initialEventsEnd: sendInitialEvents === true && booleanParameter(query, 'allowWatchBookmarks'),
      signal,
      onEnd: end,
    },
    bookmarkDue,
  );
  const shown = served.isStored ? frames : shownBy(served, frames);
  return { kind: 'watch', frames: ending(shown, end), resource: served.declaration, over: signal };
}

/** Events in the version asked for; bookmarks are in it already. */
async function* shownBy(served: ServedResource, batches: AsyncIterable<WatchFrame[]>): AsyncGenerator<WatchFrame[]> {
  for await (const frames of batches) {
    yield frames.map((frame) =>
      frame.type === 'BOOKMARK' ? frame : { type: frame.type, object: served.shown(frame.object) },
    );
  }
}

/** The same frames; calls `end` once nobody wants any more of them. */
async function* ending(frames: AsyncIterable<WatchFrame[]>, end: () => void): AsyncGenerator<WatchFrame[]> {
  try {
    for await (const batch of frames) yield batch;
  } finally {
    end();
  }
}

/** `sendInitialEvents`, refused with upstream's words unless `resourceVersionMatch=NotOlderThan` comes along. */
function initialEvents(query: URLSearchParams): boolean | undefined {
  if (!query.has('sendInitialEvents')) {
    if (!query.get('resourceVersionMatch')) return undefined;
    const message = 'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
    throw refuse([{ type: 'FieldValueForbidden', field: 'resourceVersionMatch', message }]);
  }
  if (query.get('resourceVersionMatch') !== 'NotOlderThan') {
    const message = 'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
    throw refuse([{ type: 'FieldValueForbidden', field: 'resourceVersionMatch', message }]);
  }
  return booleanParameter(query, 'sendInitialEvents');
}

function refuse(errors: FieldError[]) {
  return invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
}

function timeoutMs(query: URLSearchParams, random: Random): number {
  const seconds = integerParameter(query, 'timeoutSeconds') || TIMEOUT_SECONDS_MIN * (1 + random.next());
  return Math.min(Math.max(seconds, 0) * 1000, TIMEOUT_MS_MAX);
}

/** A signal that ends the watch when its time is up, or the client is gone; `end` does so at once. */
function deadline({ signal }: ApiRequest, clock: Clock, ms: number): { signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const end = () => {
    timer.cancel();
    signal.removeEventListener('abort', end);
    controller.abort();
  };
  const timer = clock.after(ms, end);
  if (signal.aborted) end();
  else signal.addEventListener('abort', end);
  return { signal: controller.signal, end };
}
