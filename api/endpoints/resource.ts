/** From a request for a resource to the handler of its verb. */
import { pageNotFound } from '../../openapi/status.ts';
import type { ApiRequest, ApiResult } from '../http/request.ts';
import type { ResourceInfo } from '../http/request-info.ts';
import { ALL_VERBS, type ResourceDeclaration, type Verb } from '../registry/declaration.ts';
import { bind } from './binding.ts';
import { type EndpointContext, type ResourceRequest, storeFor, wrongMethod } from './context.ts';
import { create } from './create.ts';
import { remove, removeCollection } from './delete.ts';
import { evict } from './eviction.ts';
import { get } from './get.ts';
import { podLog, podTunnel } from './kubelet-proxy.ts';
import { list } from './list.ts';
import { finalizeNamespace } from './namespace-finalize.ts';
import { patch } from './patch.ts';
import { scale } from './scale.ts';
import { update } from './update.ts';
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
  ],
  namespaces: [core('Namespace', finalizeNamespace, 'finalize', ['update'])],
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
    return bind({ request, info, store: storeFor(context.registry, { ...info, resource: 'pods' }), context });
  }
  if (request.method === 'HEAD') throw wrongMethod();
  const store = storeFor(context.registry, info);
  const target: ResourceRequest = { request, info, store, context };
  if (info.subresource !== '') return handleSubresource(target);
  if (info.verb === 'connect' || !(store.declaration.verbs ?? ALL_VERBS).includes(info.verb)) throw wrongMethod();
  if (info.name === '' && ['update', 'patch'].includes(info.verb)) throw wrongMethod();
  if (info.verb === 'deletecollection' && store.declaration.namespaced && info.namespace === '') throw wrongMethod();
  return VERBS[info.verb](target);
}

function handleSubresource(target: ResourceRequest): Promise<ApiResult> {
  const { info, store } = target;
  const { declaration } = store;
  const special = specialSubresources(declaration).find((entry) => entry.name === info.subresource);
  if (special) {
    if (!special.verbs.some((verb) => verb === info.verb)) throw wrongMethod();
    return special.handle(target);
  }
  if (info.subresource === 'scale' && declaration.scale) {
    if (!['get', 'update', 'patch'].includes(info.verb)) throw wrongMethod();
    return scale(target, declaration.scale);
  }
  if (info.subresource === 'status' && declaration.status) return handleStatus(target, declaration.status);
  throw pageNotFound();
}

function handleStatus(
  target: ResourceRequest,
  strategy: NonNullable<ResourceDeclaration['status']>,
): Promise<ApiResult> {
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
