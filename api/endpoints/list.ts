import type { ApiResult } from '../http/request.ts';
import { listResource } from '../registry/store/list.ts';
import type { ResourceRequest } from './context.ts';
import { listQuery } from './options.ts';

/** GET of a collection. */
export async function list({ request, info, served, store, context }: ResourceRequest): Promise<ApiResult> {
  const query = listQuery(request, served, info.namespace);
  const page = await listResource(store, query, context.clock, request.signal);
  const items = served.isStored ? page.items : page.items.map((item) => served.shown(item));
  return { kind: 'list', items, metadata: page.metadata, resource: served.declaration };
}
