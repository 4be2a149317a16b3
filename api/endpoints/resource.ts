/** From a request for a resource to the handler of its verb. */
import type { KubeObject } from '../../openapi/object.ts';
import { isProtobufGroup } from '../../openapi/protobuf-table.ts';
import { notFound, pageNotFound } from '../../openapi/status.ts';
import type { ApiRequest, ApiResult } from '../http/request.ts';
import type { ResourceInfo } from '../http/request-info.ts';
import {
  ALL_VERBS,
  isCustom,
  type PartStrategy,
  type ResourceDeclaration,
  type Verb,
} from '../registry/declaration.ts';
import type { ServedResource } from '../registry/served.ts';
import { bind } from './binding.ts';
import { type EndpointContext, type ResourceRequest, servedFor, wrongMethod } from './context.ts';
import { create } from './create.ts';
import { remove, removeCollection } from './delete.ts';
import { evict } from './eviction.ts';
import { get } from './get.ts';
import { podLog, podPortForward, podTunnel } from './kubelet-proxy.ts';
import { list } from './list.ts';
import { finalizeNamespace } from './namespace-finalize.ts';
import { nothingThere } from './nothing-there.ts';
import { patch } from './patch.ts';
import { PROXY_VERBS, proxy } from './proxy.ts';
import { scale } from './scale.ts';
import { TOKEN_REQUEST, tokenRequest } from './service-account-token.ts';
import { update } from './update.ts';
import { answerVirtual } from './virtual.ts';
import { watch } from './watch.ts';

type Handler = (target: ResourceRequest) => Promise<ApiResult>;

const VERBS: Record<Verb, Handler> = {
  create,
  delete: remove,
  deletecollection: removeCollection,
  get,
  list,
  patch: (target) => patch(target),
  update: (target) => update(target),
  watch,
};

/** A subresource that is not simply a part of the object: the verbs it has and the kind it speaks. */
export interface SpecialSubresource {
  name: string;
  verbs: readonly Verb[];
  group: string;
  version: string;
  kind: string;
  definition: string;
  handle: Handler;
}

const core = (kind: string, handle: Handler, name: string, verbs: readonly Verb[]): SpecialSubresource => ({
  name,
  verbs,
  group: '',
  version: 'v1',
  kind,
  definition: `io.k8s.api.core.v1.${kind}`,
  handle,
});

const SPECIAL: Record<string, readonly SpecialSubresource[]> = {
  pods: [
    core('PodAttachOptions', podTunnel, 'attach', ['create', 'get']),
    core('Binding', bind, 'binding', ['create']),
    {
      name: 'eviction',
      verbs: ['create'],
      group: 'policy',
      version: 'v1',
      kind: 'Eviction',
      definition: 'io.k8s.api.policy.v1.Eviction',
      handle: evict,
    },
    core('PodExecOptions', podTunnel, 'exec', ['create', 'get']),
    core('Pod', podLog, 'log', ['get']),
    core('PodPortForwardOptions', podPortForward, 'portforward', ['create', 'get']),
    core('PodProxyOptions', proxy, 'proxy', PROXY_VERBS),
  ],
  nodes: [core('NodeProxyOptions', proxy, 'proxy', PROXY_VERBS)],
  services: [core('ServiceProxyOptions', proxy, 'proxy', PROXY_VERBS)],
  namespaces: [core('Namespace', finalizeNamespace, 'finalize', ['update'])],
  serviceaccounts: [{ name: 'token', verbs: ['create'], ...TOKEN_REQUEST, handle: tokenRequest }],
};

/** The special subresources of a resource; `status` and `scale` come from its declaration. */
export function specialSubresources(declaration: ResourceDeclaration): readonly SpecialSubresource[] {
  return declaration.group === '' ? (SPECIAL[declaration.plural] ?? []) : [];
}

/** Answers a request for a resource. Throws 404 for what is not served, 405 for a verb it does not have. */
export async function handleResource(
  request: ApiRequest,
  info: ResourceInfo,
  context: EndpointContext,
): Promise<ApiResult> {
  if (
    info.group === '' &&
    info.version === 'v1' &&
    info.resource === 'bindings' &&
    info.name === '' &&
    info.namespace !== ''
  ) {
    if (info.verb !== 'create') throw wrongMethod();
    return bind(targetOf(request, info, servedFor(context.registry, { ...info, resource: 'pods' }), context));
  }
  if (request.method === 'HEAD' && info.subresource !== 'proxy') throw wrongMethod();
  if (!isProtobufGroup(info.group) && !isServedHere(info, context)) return nothingThere();
  const served = servedFor(context.registry, info);
  if (served.deprecation) request.warnings.push(served.deprecation);
  const target = targetOf(request, info, served, context);
  const { declaration } = target;
  if (info.subresource !== '') return handleSubresource(target);
  if (declaration.virtual && !declaration.virtual.list && info.name !== '') throw pageNotFound();
  if (info.verb === 'connect' || !(declaration.verbs ?? ALL_VERBS).includes(info.verb)) throw wrongMethod();
  if (info.name === '' && ['update', 'patch'].includes(info.verb)) throw wrongMethod();
  if (info.verb === 'deletecollection' && declaration.namespaced && info.namespace === '') throw wrongMethod();
  if (declaration.virtual) return answerVirtual(target, declaration.virtual);
  await untilLatest(target);
  return VERBS[info.verb](target);
}

/** Reads that name no version, not even 0 for any, are of what all servers have committed up to now. */
function untilLatest({ request, info, store }: ResourceRequest): Promise<void> | undefined {
  const isRead = ['get', 'list', 'watch', 'deletecollection'].includes(info.verb);
  return isRead && !request.query.get('resourceVersion') ? store.cache.caughtUp(request) : undefined;
}

function targetOf(
  request: ApiRequest,
  info: ResourceInfo,
  served: ServedResource,
  context: EndpointContext,
): ResourceRequest {
  return { request, info, served, declaration: served.declaration, store: served.store, context };
}

async function handleSubresource(target: ResourceRequest): Promise<ApiResult> {
  const { info, declaration } = target;
  await untilLatest(target);
  const special = specialSubresources(declaration).find((entry) => entry.name === info.subresource);
  if (special) {
    if (!special.verbs.some((verb) => verb === info.verb)) throw wrongMethod();
    await target.store.cache.caughtUp(target.request);
    return special.handle(target);
  }
  if (info.subresource === 'scale' && declaration.scale) {
    if (!['get', 'update', 'patch'].includes(info.verb)) throw wrongMethod();
    return scale(target, declaration.scale);
  }
  if (info.subresource === 'status' && declaration.status) return handlePart(target, declaration.status);
  const part = declaration.parts?.[info.subresource];
  if (part) return handlePart(target, part);
  // A custom resource's path leads to it whatever follows its name.
  throw isCustom(declaration)
    ? notFound({ group: declaration.group, resource: declaration.plural }, info.name)
    : pageNotFound();
}

/** Whether a path of a group that was not compiled in leads to a definition; else nobody has a word for it. */
function isServedHere({ group, version, resource, namespace, verb }: ResourceInfo, context: EndpointContext): boolean {
  const namespaced = context.registry.find(group, version, resource)?.declaration.namespaced;
  if (namespaced === undefined) return false;
  return namespace === '' ? !namespaced || verb === 'list' || verb === 'watch' : namespaced;
}

const PART_VERBS: readonly Verb[] = ['get', 'patch', 'update'];

function handlePart(target: ResourceRequest, strategy: PartStrategy<KubeObject>): Promise<ApiResult> {
  if (!(strategy.verbs ?? PART_VERBS).some((verb) => verb === target.info.verb)) throw wrongMethod();
  switch (target.info.verb) {
    case 'get':
      return get(target);
    case 'update':
      return update(target, { strategy, createOnUpdate: false });
    case 'patch':
      return patch(target, { strategy, createOnUpdate: false });
    default:
      throw wrongMethod();
  }
}
