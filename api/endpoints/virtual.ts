/** Resources of which nothing is stored: answers are worked out when somebody asks. */
import { fillAlwaysWritten } from '../../openapi/always-written.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { notFound } from '../../openapi/status.ts';
import type { ApiResult } from '../http/request.ts';
import type { Virtual } from '../registry/declaration.ts';
import { CachedObject, encodeStored } from '../storage/watch-cache.ts';
import { expectedOf, type ResourceRequest, wrongMethod } from './context.ts';
import { decodeBody } from './decode.ts';
import { writeContext } from './options.ts';

/** POST, GET of one and GET of all, as far as the resource has them. */
export async function answerVirtual(target: ResourceRequest, virtual: Virtual<KubeObject>): Promise<ApiResult> {
  const { info, declaration } = target;
  if (info.verb === 'create' && virtual.create) return created(target, virtual.create);
  if (!virtual.list) throw wrongMethod();
  const all = await virtual.list();
  if (info.verb === 'list') {
    const items = all.map((object) => new CachedObject('', 0, encodeStored(object), () => ({})));
    return { kind: 'list', items, metadata: { resourceVersion: '' }, resource: declaration };
  }
  if (info.verb !== 'get') throw wrongMethod();
  const object = all.find(({ metadata }) => metadata?.name === info.name);
  if (!object) throw notFound({ group: declaration.group, resource: declaration.plural }, info.name);
  return { kind: 'object', status: 200, object, resource: declaration };
}

async function created(
  { request, info, declaration, context }: ResourceRequest,
  create: NonNullable<Virtual<KubeObject>['create']>,
): Promise<ApiResult> {
  writeContext(request, 'CreateOptions');
  const object = await decodeBody(request, expectedOf(declaration), context.known);
  fillAlwaysWritten(declaration.definition, object);
  declaration.strategy.default?.(object);
  const answer = await create(object, { ...request.user, namespace: info.namespace });
  return { kind: 'object', status: 201, object: answer, resource: declaration };
}
