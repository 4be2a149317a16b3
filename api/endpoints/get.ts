import type { ApiResult } from '../http/request.ts';
import type { ResourceRequest } from './context.ts';

/** GET of one object. A resourceVersion in the query asks for nothing older, which the cache always satisfies. */
export async function get({ info, store }: ResourceRequest): Promise<ApiResult> {
  return { kind: 'object', status: 200, object: store.get(info.namespace, info.name), resource: store.declaration };
}
