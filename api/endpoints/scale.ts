/** The `scale` subresource: a view of any resource that counts replicas. */
import type { V1Scale } from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { type FieldError, invalid, isStatus, notFound } from '../../openapi/status.ts';
import type { ApiResult } from '../http/request.ts';
import { isCustom, type ScaleMapping } from '../registry/declaration.ts';
import { privateCopy } from '../registry/store/store.ts';
import type { CachedObject } from '../storage/watch-cache.ts';
import { readPatch } from './apply-patch.ts';
import type { ResourceRequest } from './context.ts';
import { decodeBody, type Expected, type KnownKind, typed } from './decode.ts';
import { managerOf } from './field-manager.ts';
import { writeContext } from './options.ts';
import { objectOf } from './present.ts';

const SCALE: Expected = {
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  definition: 'io.k8s.api.autoscaling.v1.Scale',
};

/** GET, PUT and PATCH of `scale`. */
export async function scale(target: ResourceRequest, mapping: ScaleMapping<KubeObject>): Promise<ApiResult> {
  const { request, info, served, store } = target;
  if (info.verb === 'get') return answer(present(target), mapping);
  const write = writeContext(request, 'UpdateOptions');
  const change = async (old: KubeObject | undefined): Promise<KubeObject> => {
    if (!old) throw notFound({ group: served.declaration.group, resource: served.declaration.plural }, info.name);
    const wanted = await wantedScale(target, scaleOf(old, mapping));
    const object = privateCopy(store.get(info.namespace, info.name));
    mapping.setReplicas(object, wanted.spec?.replicas ?? 0);
    if (object.metadata) {
      if (wanted.metadata?.resourceVersion) object.metadata.resourceVersion = wanted.metadata.resourceVersion;
      else delete object.metadata.resourceVersion;
    }
    return object;
  };
  const { object } = await store.update(info.namespace, info.name, change, write, {
    createOnUpdate: false,
    fromStored: true,
    manage: served.fields.tracker(managerOf(request), info.subresource),
  });
  return answer(object, mapping);
}

/** Where GET looks for it upstream does not say that the resource is not there, but that its scale is not. */
const GROUPS_OF_SCALES: Record<string, string> = {
  deployments: 'apps',
  replicasets: 'apps',
  replicationcontrollers: 'autoscaling',
};

function present({ info, store, declaration }: ResourceRequest): CachedObject {
  const group = isCustom(declaration) ? undefined : GROUPS_OF_SCALES[declaration.plural];
  try {
    return store.get(info.namespace, info.name);
  } catch (error) {
    if (group === undefined || !isStatus(error, 'NotFound')) throw error;
    throw notFound({ group, resource: `${declaration.plural}/scale` }, info.name);
  }
}

/** The Scale that the request asks for: its body, or the present one with the patch applied. */
async function wantedScale(target: ResourceRequest, present: V1Scale): Promise<V1Scale> {
  const { request, info, store, context } = target;
  const known: KnownKind = (apiVersion, kind) => kind === 'Scale' || context.known(apiVersion, kind);
  const wanted = (
    info.verb === 'patch' ? await patchedScale(target, present, known) : await decodeBody(request, SCALE, known)
  ) as V1Scale;
  if (info.verb === 'update') store.checkName(wanted, info.name);
  const replicas = wanted.spec?.replicas ?? 0;
  if (replicas < 0) {
    const error: FieldError = {
      type: 'FieldValueInvalid',
      field: 'spec.replicas',
      message: `Invalid value: ${replicas}: must be greater than or equal to 0`,
    };
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, info.name, [error]);
  }
  return wanted;
}

async function patchedScale(
  { request, declaration }: ResourceRequest,
  present: V1Scale,
  known: KnownKind,
): Promise<KubeObject> {
  const { resourceVersion: _version, ...metadata } = present.metadata ?? {};
  const patch = await readPatch(request, declaration);
  const patched = patch.apply({ ...present, metadata }, SCALE.definition);
  return typed(patched, request, SCALE, known, (complaint) => patch.refusal(patched, complaint));
}

function answer(stored: CachedObject | KubeObject, mapping: ScaleMapping<KubeObject>): ApiResult {
  return { kind: 'object', status: 200, object: scaleOf(objectOf(stored), mapping) };
}

/** The object as a `Scale`. */
export function scaleOf(object: KubeObject, mapping: ScaleMapping<KubeObject>): V1Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {};
  const metadata = Object.fromEntries(
    Object.entries({ name, namespace, uid, resourceVersion, creationTimestamp }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const replicas = mapping.specReplicas(object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata,
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: mapping.statusReplicas(object), selector: mapping.selector(object) },
  };
}
