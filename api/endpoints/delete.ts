import type { V1DeleteOptions } from '../../openapi/generated/types.ts';
import { success } from '../../openapi/status.ts';
import { type ApiRequest, type ApiResult, integerParameter } from '../http/request.ts';
import { booleanParameter } from '../http/request-info.ts';
import { listResource } from '../registry/store/list.ts';
import { DELETE_OPTIONS, type EndpointContext, type ResourceRequest } from './context.ts';
import { decodeOptionalBody } from './decode.ts';
import { listQuery, writeContext } from './options.ts';
import { objectOf } from './present.ts';

/** DELETE of one object: the object as it now stands, or a `Status` when it is gone. */
export async function remove({ request, info, served, store, context }: ResourceRequest): Promise<ApiResult> {
  const options = await deleteOptions(request, context);
  const write = writeContext(request, 'DeleteOptions', options.dryRun ?? []);
  const { object, removed } = await store.delete(info.namespace, info.name, options, write);
  if (!removed || store.declaration.strategy.returnsDeleted) {
    return { kind: 'object', status: 200, object: served.shown(object), resource: served.declaration };
  }
  const { group, plural } = served.declaration;
  const uid = objectOf(object).metadata?.uid ?? '';
  return {
    kind: 'object',
    status: 200,
    object: success({ name: info.name, ...(group ? { group } : {}), kind: plural, uid }) as object,
  };
}

/** As many deletions at a time, so that one request cannot fill the write queue. */
const PARALLEL = 32;

/** DELETE of a collection: everything the selectors match, each as if it were deleted by name. Answers with the list. */
export async function removeCollection({ request, info, served, store, context }: ResourceRequest): Promise<ApiResult> {
  const options = await deleteOptions(request, context);
  const write = writeContext(request, 'DeleteOptions', options.dryRun ?? []);
  const page = await listResource(store, listQuery(request, served, info.namespace), context.clock, request.signal);
  const rest = [...page.items];
  const worker = async (): Promise<void> => {
    for (let item = rest.pop(); item; item = rest.pop()) {
      const { namespace = '', name = '' } = item.object.metadata ?? {};
      try {
        await store.delete(namespace, name, options, write);
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, rest.length) }, worker));
  const items = page.items.map((item) => served.shown(item));
  return { kind: 'list', items, metadata: page.metadata, resource: served.declaration };
}

function isGone(error: unknown): boolean {
  return (error as { code?: number }).code === 404;
}

/** Options from the body, else from the query, as upstream. */
async function deleteOptions(request: ApiRequest, context: EndpointContext): Promise<V1DeleteOptions> {
  const body = (await decodeOptionalBody(request, DELETE_OPTIONS, context.known)) as V1DeleteOptions | undefined;
  if (body) return body;
  const { query } = request;
  const grace = integerParameter(query, 'gracePeriodSeconds');
  const policy = query.get('propagationPolicy') ?? undefined;
  return {
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    ...(policy === undefined ? {} : { propagationPolicy: policy }),
    ...(query.has('orphanDependents') ? { orphanDependents: booleanParameter(query, 'orphanDependents') } : {}),
  };
}
