/** Lists: from the cache, page by page, or as of an older revision. */

import type { Clock } from '../../../base/clock.ts';
import { type FieldTerm, matchesFields, matchesLabels, type Requirement } from '../../../openapi/selectors.ts';
import { badRequest, expired, type FieldError, gone, invalid, StatusError } from '../../../openapi/status.ts';
import { StorageError } from '../../storage/interface.ts';
import { CachedObject, type WatchCache } from '../../storage/watch-cache.ts';
import { decodeContinue, encodeContinue } from './continue.ts';
import type { ResourceStore } from './store.ts';

export interface ListQuery {
  namespace: string;
  labels: readonly Requirement[];
  fields: readonly FieldTerm[];
  limit: number;
  continue: string;
  resourceVersion: string;
  resourceVersionMatch: string;
}

export interface ListPage {
  items: CachedObject[];
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
}

/** How long a list waits for a revision that the cache has not reached: as upstream. */
const TOO_NEW_WAIT_MS = 3000;

/** Lists a resource. Throws upstream's errors for contradicting options, versions out of reach and bad tokens. */
export async function listResource(
  store: ResourceStore,
  query: ListQuery,
  clock: Clock,
  signal: AbortSignal,
): Promise<ListPage> {
  checkListQuery(query);
  const version = parseResourceVersion(query.resourceVersion);
  if (query.continue !== '') {
    const token = decodeContinue(query.continue);
    if (token.revision > 0) await waitForRevision(store.cache, token.revision, clock, signal);
    return token.revision < 0 || token.revision === store.cache.revision
      ? fromCache(store, query, token.start)
      : await fromHistory(store, query, token.revision, token.start);
  }
  if (version > 0) await waitForRevision(store.cache, version, clock, signal);
  if (query.resourceVersionMatch === 'Exact' && version !== store.cache.revision)
    return fromHistory(store, query, version, '');
  return fromCache(store, query, '');
}

/** 0 for absent and for `0`. Throws BadRequest for what is no number. */
export function parseResourceVersion(text: string): number {
  if (text === '' || text === '0') return 0;
  const version = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(version)) {
    throw badRequest(
      `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  return version;
}

/** Waits until the cache has seen `version`; 504 with upstream's cause when it takes too long. */
export async function waitForRevision(
  cache: WatchCache,
  version: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (cache.revision >= version) return;
  const late = new AbortController();
  const timer = clock.after(TOO_NEW_WAIT_MS, () => late.abort());
  try {
    await cache.waitFor(version, AbortSignal.any([late.signal, signal]));
  } catch (error) {
    if (!late.signal.aborted) throw error;
    throw new StatusError({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `Timeout: Too large resource version: ${version}, current: ${cache.revision}`,
      reason: 'Timeout',
      details: {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
      code: 504,
    });
  } finally {
    timer.cancel();
  }
}

function checkListQuery(query: ListQuery): void {
  const errors: FieldError[] = [];
  const { resourceVersionMatch: match, resourceVersion } = query;
  const forbid = (message: string) =>
    errors.push({ type: 'FieldValueForbidden', field: 'resourceVersionMatch', message: `Forbidden: ${message}` });
  if (query.continue !== '' && resourceVersion !== '' && resourceVersion !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  if (match !== '') {
    if (resourceVersion === '') forbid('resourceVersionMatch is forbidden unless resourceVersion is provided');
    if (query.continue !== '') forbid('resourceVersionMatch is forbidden when continue is provided');
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.push({
        type: 'FieldValueNotSupported',
        field: 'resourceVersionMatch',
        message: `Unsupported value: "${match}": supported values: "Exact", "NotOlderThan", ""`,
      });
    }
    if (match === 'Exact' && resourceVersion === '0')
      forbid('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
}

function scope(store: ResourceStore, namespace: string): string {
  return namespace === '' ? store.prefix : `${store.prefix}${namespace}/`;
}

function fromCache(store: ResourceStore, query: ListQuery, start: string): ListPage {
  const { labels, fields, limit } = query;
  const page = store.cache.list(scope(store, query.namespace), {
    labels,
    fields,
    ...(limit > 0 ? { limit } : {}),
    ...(start === '' ? {} : { from: scope(store, query.namespace) + start }),
  });
  const metadata: ListPage['metadata'] = { resourceVersion: String(page.revision) };
  if (page.next !== undefined) {
    metadata.continue = encodeContinue({
      revision: page.revision,
      start: page.next.slice(scope(store, query.namespace).length),
    });
    // With a selector upstream cannot know how many of the rest match, and so says nothing.
    if (labels.length === 0 && fields.length === 0) metadata.remainingItemCount = page.remaining;
  }
  return { items: page.items, metadata };
}

async function fromHistory(store: ResourceStore, query: ListQuery, revision: number, start: string): Promise<ListPage> {
  const { labels, fields, limit } = query;
  const prefix = scope(store, query.namespace);
  const items: CachedObject[] = [];
  let from = start === '' ? undefined : prefix + start;
  let remaining = 0;
  // Of what selectors leave out nobody is told how much there is.
  const uncounted = labels.length > 0 || fields.length > 0;
  try {
    do {
      const page = await store.storage.list(prefix, {
        revision,
        uncounted,
        ...(from === undefined ? {} : { from }),
        ...(limit > 0 ? { limit: limit - items.length } : {}),
      });
      for (const item of page.items) {
        const object = new CachedObject(
          item.key,
          item.modRevision,
          item.value,
          store.declaration.fields ?? (() => ({})),
        );
        if (matchesLabels(labels, object.labels) && matchesFields(fields, object.fields)) items.push(object);
      }
      from = page.next;
      remaining = page.remaining;
    } while (from !== undefined && items.length < limit);
  } catch (error) {
    throw tooOld(error, store, start);
  }
  const metadata: ListPage['metadata'] = { resourceVersion: String(revision) };
  if (from !== undefined) {
    metadata.continue = encodeContinue({ revision, start: from.slice(prefix.length) });
    if (!uncounted) metadata.remainingItemCount = remaining;
  }
  return { items, metadata };
}

function tooOld(error: unknown, store: ResourceStore, start: string): unknown {
  if (!(error instanceof StorageError) || error.code !== 'Compacted') return error;
  if (start === '') return gone(`The resourceVersion for the provided list is too old.`);
  const { status } = expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  );
  return new StatusError({
    ...status,
    metadata: {
      continue: encodeContinue({ revision: -1, start: start.slice(0) }),
      resourceVersion: String(store.cache.revision),
    },
  });
}
