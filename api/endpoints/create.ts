import { pageNotFound } from '../../openapi/status.ts';
import type { ApiResult } from '../http/request.ts';
import { expectedOf, type ResourceRequest, wrongMethod } from './context.ts';
import { decodeBody } from './decode.ts';
import { managerOf } from './field-manager.ts';
import { writeContext } from './options.ts';

/** POST to a collection. */
export async function create({ request, info, served, store, context }: ResourceRequest): Promise<ApiResult> {
  if (info.name !== '') throw wrongMethod();
  const { declaration } = served;
  if (declaration.namespaced && info.namespace === '') throw wrongMethod();
  if (!declaration.namespaced && info.namespace !== '') throw pageNotFound();
  const write = writeContext(request, 'CreateOptions');
  const object = await decodeBody(request, expectedOf(declaration), context.known);
  const stored = await store.create(info.namespace, served.toStored(object), write, {
    manage: served.fields.tracker(managerOf(request)),
  });
  return { kind: 'object', status: 201, object: served.shown(stored), resource: declaration };
}
