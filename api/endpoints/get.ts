import type { ApiResult } from '../http/request.ts';
import { parseResourceVersion, waitForRevision } from '../registry/store/list.ts';
import type { ResourceRequest } from './context.ts';

/** GET of one object. A resourceVersion in the query asks for nothing older. */
export async function get({ request, info, store, context }: ResourceRequest): Promise<ApiResult> {
  const version = parseResourceVersion(request.query.get('resourceVersion') ?? '');
  if (version > 0) await waitForRevision(store.cache, version, context.clock, request.signal);
  return { kind: 'object', status: 200, object: store.get(info.namespace, info.name), resource: store.declaration };
}
