/** The kinds of patch that work on any value, with their errors as upstream answers them. */
import { applyJsonPatch } from '../../openapi/json-patch.ts';
import { applyMergePatch } from '../../openapi/merge-patch.ts';
import { PatchError } from '../../openapi/patch-error.ts';
import { badRequest, StatusError, tooLarge, unsupportedMediaType } from '../../openapi/status.ts';
import { applyStrategicMergePatch } from '../../openapi/strategic-merge.ts';
import type { ApiRequest } from '../http/request.ts';
import { mediaType, parseJson } from './decode.ts';
import { APPLY_YAML } from './field-manager.ts';

const APPLY: Record<string, (original: unknown, patch: unknown, definition: string) => unknown> = {
  'application/json-patch+json': (original, patch) => applyJsonPatch(original, patch),
  'application/merge-patch+json': (original, patch) => applyMergePatch(original, patch),
  'application/strategic-merge-patch+json': (original, patch, definition) =>
    applyStrategicMergePatch(definition, original, patch),
};

export interface Patch {
  /** The patch as it was sent. */
  body: unknown;
  /** A new value: `original`, an object of that definition, after the patch. Shares nothing with it. */
  apply(original: unknown, definition: string): unknown;
}

/** Reads a request's patch. Throws 415 for a type that is none, 400 for a body that cannot be read. */
export async function readPatch(request: ApiRequest): Promise<Patch> {
  const apply = APPLY[mediaType(request.header('content-type'))];
  if (!apply) throw unsupportedMediaType([...Object.keys(APPLY), APPLY_YAML]);
  const body = await patchBody(request);
  return {
    body,
    apply(original, definition) {
      try {
        // What the patch left alone is still the cache's.
        return structuredClone(apply(original, body, definition));
      } catch (error) {
        throw error instanceof PatchError ? refusal(error) : error;
      }
    },
  };
}

/** Upstream tells a patch that cannot be read (400) from one that cannot be applied to this object (422). */
function refusal(error: PatchError): StatusError {
  if (error.code === 400) return badRequest(error.message);
  if (error.code === 413) return tooLarge(error.message);
  return new StatusError({
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

async function patchBody(request: ApiRequest): Promise<unknown> {
  if (request.value !== undefined) return request.value;
  const bytes = await request.bytes();
  try {
    return parseJson(bytes);
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : String(error)}`);
  }
}
