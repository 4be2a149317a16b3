/** The verbs tests use most, on top of `fetchApi`. */
import assert from 'node:assert/strict';
import { fetchApi } from './cluster.ts';
import type { Answer } from './http.ts';
import { objectOf, type Wire } from './wire.ts';

export const JSON_PATCH = 'application/json-patch+json';
export const MERGE_PATCH = 'application/merge-patch+json';
export const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';

/** Sends a patch of the given type. */
export function applyPatch(path: string, type: string, body: object | string, query = ''): Promise<Answer> {
  return fetchApi('PATCH', `${path}${query}`, { headers: { 'content-type': type }, body });
}

/** Reads, changes and writes an object back, again after each conflict: others may be writing its status. */
export async function mutate(path: string, change: (object: Wire) => void): Promise<Wire> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const object = objectOf(await fetchApi('GET', path.replace(/\/(status|scale)$/, '')));
    change(object);
    const answer = await fetchApi('PUT', path, { body: object });
    if (answer.status !== 409) return objectOf(answer);
  }
  return assert.fail(`PUT ${path}: ten conflicts in a row`);
}
