/** Resources of which nothing is stored: answers are worked out when somebody asks. */
import { fillAlwaysWritten } from '../../openapi/always-written.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { notFound, type StatusError } from '../../openapi/status.ts';
import type { ApiResult } from '../http/request.ts';
import type { ResourceInfo } from '../http/request-info.ts';
import type { ResourceDeclaration, Virtual, VirtualQuery } from '../registry/declaration.ts';
import { CachedObject, encodeStored } from '../storage/watch-cache.ts';
import { expectedOf, type ResourceRequest, wrongMethod } from './context.ts';
import { decodeBody } from './decode.ts';
import { listQuery, writeContext } from './options.ts';

/** POST, GET of one and GET of all, as far as the resource has them. */
export async function answerVirtual(target: ResourceRequest, virtual: Virtual<KubeObject>): Promise<ApiResult> {
  const { info, declaration } = target;
  if (info.verb === 'create' && virtual.create) return created(target, virtual.create);
  if (!virtual.list) throw wrongMethod();
  if (info.verb === 'list') return listed(target, virtual.list);
  if (info.verb !== 'get') throw wrongMethod();
  const all = await virtual.list({ ...scopeOf(target), labels: [], name: info.name });
  const object = all.find(({ metadata }) => metadata?.name === info.name);
  if (!object) throw missing(declaration, virtual, info);
  return { kind: 'object', status: 200, object, resource: declaration };
}

async function listed(target: ResourceRequest, list: NonNullable<Virtual<KubeObject>['list']>): Promise<ApiResult> {
  const { request, info, served, declaration } = target;
  const { labels, fields } = listQuery(request, served, info.namespace);
  const all = await list({ ...scopeOf(target), labels });
  const items = all
    .map((object) => new CachedObject('', 0, encodeStored(object), namesOf))
    .filter((item) => item.matches(labels, fields));
  return { kind: 'list', items, metadata: { resourceVersion: '' }, resource: declaration };
}

function namesOf({ metadata }: KubeObject): Record<string, string> {
  return { 'metadata.name': metadata?.name ?? '', 'metadata.namespace': metadata?.namespace ?? '' };
}

function scopeOf({ info, context }: ResourceRequest): Pick<VirtualQuery, 'namespace' | 'stored'> {
  return {
    namespace: info.namespace,
    stored(plural, namespace) {
      const { cache, prefix } = context.registry.store('', 'v1', plural);
      const { items } = cache.list(namespace === '' ? prefix : `${prefix}${namespace}/`);
      return items.map(({ object }) => object);
    },
  };
}

function missing(
  { group, plural }: ResourceDeclaration,
  { itemResource }: Virtual<KubeObject>,
  { namespace, name }: ResourceInfo,
): StatusError {
  if (itemResource === undefined) return notFound({ group, resource: plural }, name);
  return notFound({ group, resource: itemResource }, namespace === '' ? name : `${namespace}/${name}`);
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
