/** The `scale` subresource: a view of any resource that counts replicas. */
import type { V1Scale } from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { type FieldError, invalid, notFound } from '../../openapi/status.ts';
import type { ApiResult } from '../http/request.ts';
import type { ScaleMapping } from '../registry/declaration.ts';
import { privateCopy } from '../registry/store/store.ts';
import type { CachedObject } from '../storage/watch-cache.ts';
import { readPatch } from './apply-patch.ts';
import type { ResourceRequest } from './context.ts';
import { bodyValue, type Expected, typed } from './decode.ts';
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
  if (info.verb === 'get') return answer(store.get(info.namespace, info.name), mapping);
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

/** The Scale that the request asks for: its body, or the present one with the patch applied. */
async function wantedScale({ request, info, context }: ResourceRequest, present: V1Scale): Promise<V1Scale> {
  const { resourceVersion: _version, ...metadata } = present.metadata ?? {};
  const value =
    info.verb === 'patch'
      ? (await readPatch(request)).apply({ ...present, metadata }, SCALE.definition)
      : await bodyValue(request, SCALE.kind);
  const wanted = typed(
    value,
    request,
    SCALE,
    (apiVersion, kind) => kind === 'Scale' || context.known(apiVersion, kind),
  ) as V1Scale;
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
