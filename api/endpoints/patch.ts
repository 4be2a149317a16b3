import { applyJsonPatch } from '../../openapi/json-patch.ts';
import { applyMergePatch } from '../../openapi/merge-patch.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { PatchError } from '../../openapi/patch-error.ts';
import { badRequest, notFound, StatusError, tooLarge, unsupportedMediaType } from '../../openapi/status.ts';
import { applyStrategicMergePatch } from '../../openapi/strategic-merge.ts';
import type { ApiRequest, ApiResult } from '../http/request.ts';
import type { ResourceDeclaration } from '../registry/declaration.ts';
import type { UpdateOptions } from '../registry/store/store.ts';
import { expectedOf, type ResourceRequest } from './context.ts';
import { mediaType, parseJson, typed } from './decode.ts';
import { writeContext } from './options.ts';

const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

type Apply = (original: unknown, patch: unknown, resource: ResourceDeclaration) => unknown;

const APPLY: Record<string, Apply> = {
  'application/json-patch+json': (original, patch) => applyJsonPatch(original, patch),
  'application/merge-patch+json': (original, patch) => applyMergePatch(original, patch),
  'application/strategic-merge-patch+json': (original, patch, resource) =>
    applyStrategicMergePatch(resource.definition, original, patch),
};

/** PATCH of an object: JSON Patch, merge patch or strategic merge patch. */
export async function patch(
  { request, info, store, context }: ResourceRequest,
  options: UpdateOptions = {},
): Promise<ApiResult> {
  const write = writeContext(request, 'PatchOptions');
  const apply = APPLY[mediaType(request.header('content-type'))];
  if (!apply) throw unsupportedMediaType(PATCH_TYPES);
  const body = await patchBody(request);
  const { declaration } = store;
  const change = (old: KubeObject | undefined): KubeObject => {
    if (!old) throw notFound({ group: declaration.group, resource: declaration.plural }, info.name);
    // What the patch left alone is still the cache's.
    const patched = structuredClone(patchOnce(apply, old, body, declaration));
    const warnings: string[] = [];
    const object = typed(patched, { query: request.query, warnings }, expectedOf(store), context.known);
    request.warnings = warnings;
    return withoutVersion(object, old, body);
  };
  const { object } = await store.update(info.namespace, info.name, change, write, {
    ...options,
    createOnUpdate: false,
    fromStored: true,
  });
  return { kind: 'object', status: 200, object, resource: declaration };
}

function patchOnce(apply: Apply, old: KubeObject, body: unknown, declaration: ResourceDeclaration): unknown {
  try {
    return apply(old, body, declaration);
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    // Upstream tells a patch that cannot be read (400) from one that cannot be applied to this object (422).
    if (error.code === 400) throw badRequest(error.message);
    if (error.code === 413) throw tooLarge(error.message);
    throw new StatusError({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: error.message,
      reason: 'Invalid',
      details: {},
      code: 422,
    });
  }
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

async function patchBody(request: ApiRequest): Promise<unknown> {
  if (request.value !== undefined) return request.value;
  const bytes = await request.bytes();
  try {
    return parseJson(bytes);
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : String(error)}`);
  }
}
