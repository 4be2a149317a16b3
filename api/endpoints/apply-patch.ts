/** The kinds of patch that work on any value, with their errors as upstream answers them. */
import { cloneJson } from '../../openapi/json.ts';
import { applyJsonPatch } from '../../openapi/json-patch.ts';
import { applyMergePatch } from '../../openapi/merge-patch.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { PatchError } from '../../openapi/patch-error.ts';
import { badRequest, invalid, StatusError, tooLarge, unsupportedMediaType } from '../../openapi/status.ts';
import { applyStrategicMergePatch } from '../../openapi/strategic-merge.ts';
import { goText } from '../../openapi/strategic-merge-errors.ts';
import { converterMessage } from '../../openapi/unstructured-errors.ts';
import type { ApiRequest } from '../http/request.ts';
import { isCustom, type ResourceDeclaration } from '../registry/declaration.ts';
import { mediaType, parseJson } from './decode.ts';
import { APPLY_YAML } from './field-manager.ts';

const STRATEGIC = 'application/strategic-merge-patch+json';

const APPLY: Record<string, (original: unknown, patch: unknown, definition: string) => unknown> = {
  'application/json-patch+json': (original, patch) => applyJsonPatch(original, patch),
  'application/merge-patch+json': (original, patch) => applyMergePatch(original, patch),
  [STRATEGIC]: (original, patch, definition) => applyStrategicMergePatch(definition, original, patch),
};

export interface Patch {
  /** The patch as it was sent. */
  body: unknown;
  /** A new value: `original`, an object of that definition, after the patch. Shares nothing with it. */
  apply(original: unknown, definition: string): unknown;
  /** The refusal of what became of an object, with the decoder's complaint of it. */
  refusal(patched: unknown, complaint: string): StatusError;
}

/** Reads a request's patch. Throws 415 for a type that this resource does not take, 400 for an unreadable body. */
export async function readPatch(request: ApiRequest, declaration: ResourceDeclaration): Promise<Patch> {
  const types = Object.keys(APPLY).filter((type) => type !== STRATEGIC || !isCustom(declaration));
  const type = mediaType(request.header('content-type'));
  const apply = types.includes(type) ? APPLY[type] : undefined;
  if (!apply) throw isCustom(declaration) ? unsupportedMediaType([...types, APPLY_YAML]) : noRoute();
  const body = await patchBody(request);
  return {
    body,
    apply(original, definition) {
      try {
        // What the patch left alone is still the cache's.
        const patched = cloneJson(apply(original, body, definition));
        // Merged strategically is what a kind holds; which one that is, is known.
        if (type === STRATEGIC) Object.assign(patched as KubeObject, typeOf(original as KubeObject));
        return patched;
      } catch (error) {
        throw error instanceof PatchError ? refusal(error) : error;
      }
    },
    refusal(patched, complaint) {
      const isStrategic = type === STRATEGIC;
      const shown = isStrategic ? goText(body) : JSON.stringify(patched);
      const detail = isStrategic ? converterMessage(complaint) : complaint;
      const message = `Invalid value: ${JSON.stringify(shown)}: ${detail}`;
      return invalid({ group: '', kind: '' }, '', [{ type: 'FieldValueInvalid', field: 'patch', message }]);
    },
  };
}

function typeOf({ apiVersion, kind }: KubeObject): KubeObject {
  return { ...(apiVersion === undefined ? {} : { apiVersion }), ...(kind === undefined ? {} : { kind }) };
}

/** Of built-in resources upstream's router knows what patches they take, and answers by itself. */
function noRoute(): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: '415: Unsupported Media Type',
    reason: 'UnsupportedMediaType',
    details: {},
    code: 415,
  });
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
    message: error.withheld ? 'the server rejected our request due to an error in our request' : error.message,
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
