import { pageNotFound } from '../../openapi/status.ts';
import type { ApiResult } from '../http/request.ts';
import { expectedOf, type ResourceRequest, wrongMethod } from './context.ts';
import { decodeBody } from './decode.ts';
import { writeContext } from './options.ts';

/** POST to a collection. */
export async function create({ request, info, store, context }: ResourceRequest): Promise<ApiResult> {
  if (info.name !== '') throw wrongMethod();
  if (store.declaration.namespaced && info.namespace === '') throw wrongMethod();
  if (!store.declaration.namespaced && info.namespace !== '') throw pageNotFound();
  const write = writeContext(request, 'CreateOptions');
  const object = await decodeBody(request, expectedOf(store), context.known);
  const stored = await store.create(info.namespace, object, write);
  return { kind: 'object', status: 201, object: stored, resource: store.declaration };
}
