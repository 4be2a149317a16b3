import type { ApiResult } from '../http/request.ts';
import { listResource } from '../registry/store/list.ts';
import type { ResourceRequest } from './context.ts';
import { listQuery } from './options.ts';

/** GET of a collection. */
export async function list({ request, info, store, context }: ResourceRequest): Promise<ApiResult> {
  const query = listQuery(request, store.declaration, info.namespace);
  const page = await listResource(store, query, context.clock, request.signal);
  return { kind: 'list', ...page, resource: store.declaration };
}
