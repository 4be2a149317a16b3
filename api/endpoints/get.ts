import type { ApiResult } from '../http/request.ts';
import { parseResourceVersion, waitForRevision } from '../registry/store/list.ts';
import type { ResourceRequest } from './context.ts';

/** GET of one object. A resourceVersion in the query asks for nothing older. */
export async function get({ request, info, served, store, context }: ResourceRequest): Promise<ApiResult> {
  const version = parseResourceVersion(request.query.get('resourceVersion') ?? '');
  if (version > 0) await waitForRevision(store.cache, version, context.clock, request.signal);
  const object = served.shown(store.get(info.namespace, info.name));
  return { kind: 'object', status: 200, object, resource: served.declaration };
}
