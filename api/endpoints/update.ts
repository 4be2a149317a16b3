import { cloneJson } from '../../openapi/json.ts';
import type { KubeObject } from '../../openapi/object.ts';
import type { ApiResult } from '../http/request.ts';
import type { UpdateOptions } from '../registry/store/store.ts';
import { expectedOf, type ResourceRequest } from './context.ts';
import { decodeBody } from './decode.ts';
import { managerOf } from './field-manager.ts';
import { writeContext } from './options.ts';

/** PUT of an object, or of its status where `options` bring that strategy. */
export async function update(
  { request, info, served, store, context }: ResourceRequest,
  options: UpdateOptions = {},
): Promise<ApiResult> {
  const write = writeContext(request, 'UpdateOptions');
  const body = await decodeBody(request, expectedOf(served.declaration), context.known);
  store.checkName(body, info.name);
  // A retry after a conflict begins from the body again, so each attempt gets a copy of its own.
  const change = () => served.toStored(cloneJson(body) as KubeObject);
  const { object, created } = await store.update(info.namespace, info.name, change, write, {
    ...options,
    manage: served.fields.tracker(managerOf(request), info.subresource),
  });
  return { kind: 'object', status: created ? 201 : 200, object: served.shown(object), resource: served.declaration };
}
