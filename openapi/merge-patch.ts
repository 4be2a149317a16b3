/** JSON merge patch, RFC 7386. */
import { getOwn, isJsonObject, type JsonObject, jsonKind, setOwn } from './json.ts';
import { clonePatch, PatchError } from './patch-error.ts';

/**
 * `original` with `patch` applied. Mutates neither; shares with `original` what did not change. Throws `PatchError`
 * when the patch is no object: an API object cannot become a list or a string.
 */
export function applyMergePatch(original: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) {
    throw new PatchError(
      `error decoding patch: json: cannot unmarshal ${jsonKind(patch)} into Go value of type map[string]interface {}`,
      400,
    );
  }
  return merge(original, clonePatch(patch));
}

function merge(original: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const result: JsonObject = {};
  if (isJsonObject(original)) for (const [key, value] of Object.entries(original)) setOwn(result, key, value);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else setOwn(result, key, merge(getOwn(result, key), value));
  }
  return result;
}
