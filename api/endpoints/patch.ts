import type { KubeObject } from '../../openapi/object.ts';
import { notFound } from '../../openapi/status.ts';
import type { ApiResult } from '../http/request.ts';
import type { UpdateOptions } from '../registry/store/store.ts';
import { readPatch } from './apply-patch.ts';
import { expectedOf, type ResourceRequest } from './context.ts';
import { mediaType, typed } from './decode.ts';
import { APPLY_YAML, managerOf } from './field-manager.ts';
import { writeContext } from './options.ts';
import { objectOf } from './present.ts';
import { serverSideApply } from './server-side-apply.ts';

/** PATCH of an object: JSON Patch, merge patch, strategic merge patch or a configuration to apply. */
export async function patch(target: ResourceRequest, options: UpdateOptions = {}): Promise<ApiResult> {
  const { request, info, served, store, context } = target;
  if (mediaType(request.header('content-type')) === APPLY_YAML) return serverSideApply(target, options);
  const write = writeContext(request, 'PatchOptions');
  const { declaration } = served;
  const requested = await readPatch(request, declaration);
  const said = request.warnings.length;
  const change = (stored: KubeObject | undefined): KubeObject => {
    if (!stored) throw notFound({ group: declaration.group, resource: declaration.plural }, info.name);
    const old = objectOf(served.shown(stored));
    const patched = requested.apply(old, declaration.definition);
    // A change that is tried again says the same again.
    request.warnings.length = said;
    const refuse = (complaint: string) => requested.refusal(patched, complaint);
    const object = typed(patched, request, expectedOf(declaration), context.known, refuse);
    return served.toStored(withoutVersion(object, old, requested.body));
  };
  const { object } = await store.update(info.namespace, info.name, change, write, {
    ...options,
    createOnUpdate: false,
    fromStored: true,
    manage: served.fields.tracker(managerOf(request), info.subresource),
  });
  return { kind: 'object', status: 200, object: served.shown(object), resource: declaration };
}

/** A patch that does not name the version itself applies to whatever is current, also when it is tried again. */
function withoutVersion(object: KubeObject, old: KubeObject, body: unknown): KubeObject {
  if (object.metadata?.resourceVersion === old.metadata?.resourceVersion && !namesVersion(body))
    delete object.metadata?.resourceVersion;
  return object;
}

function namesVersion(body: unknown): boolean {
  if (Array.isArray(body))
    return body.some((operation) => (operation as { path?: unknown } | null)?.path === '/metadata/resourceVersion');
  const metadata = (body as { metadata?: { resourceVersion?: unknown } | null } | null)?.metadata;
  return metadata?.resourceVersion !== undefined;
}
