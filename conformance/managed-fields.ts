/** What tests of server-side apply share: applying as somebody, and who manages what afterwards. */
import type { V1ManagedFieldsEntry } from '../openapi/generated/types.ts';
import { type Answer, fetchApi, objectOf, type Wire } from './harness.ts';

export const APPLY_PATCH = 'application/apply-patch+yaml';

/** Applies a configuration as a manager. `query` is appended, for example `&force=true`. */
export function applyAs(manager: string, path: string, configuration: object | string, query = ''): Promise<Answer> {
  return fetchApi('PATCH', `${path}?fieldManager=${encodeURIComponent(manager)}${query}`, {
    headers: { 'content-type': APPLY_PATCH },
    body: configuration,
  });
}

/** Any other write by a program of that name. */
export function writeAs(agent: string, method: string, path: string, type: string, body: object): Promise<Answer> {
  return fetchApi(method, path, { headers: { 'content-type': type, 'user-agent': `${agent}/v1.0 (test)` }, body });
}

export function entriesOf(object: Wire): V1ManagedFieldsEntry[] {
  return object.metadata.managedFields ?? [];
}

/**
 * Who manages what, without the times, in the order of their names: `MANAGER OPERATION`, with `VERSION` where it is not
 * v1 and `/SUBRESOURCE` where there is one, and the fields to the byte.
 */
export function managersOf(object: Wire): Record<string, string> {
  const lines = entriesOf(object).map(({ manager, operation, apiVersion, subresource, fieldsV1 }) => {
    const where = `${apiVersion === 'v1' ? '' : ` ${apiVersion}`}${subresource ? ` /${subresource}` : ''}`;
    return [`${manager} ${operation}${where}`, JSON.stringify(fieldsV1)] as const;
  });
  return Object.fromEntries(lines.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Reads the object and says who manages what. */
export async function managersAt(path: string): Promise<Record<string, string>> {
  return managersOf(objectOf(await fetchApi('GET', path)));
}
