/** Operations on ConfigMaps as requests, and their answers as outcomes. */
import type { V1ConfigMap } from '../../openapi/generated/types.ts';
import type { KubeList } from '../../openapi/object.ts';
import type { Call, Outcome, State } from './history.ts';
import type { Request } from './wire.ts';

/** Few, so that clients get into each other's way. */
export const KEYS = Array.from({ length: 18 }, (_, index) => `key-${index}`);

/** Written when all is quiet, one a label: whoever has seen them has seen everything. */
export const FENCES = ['fence-0', 'fence-1'];

const PATH = '/api/v1/namespaces/default/configmaps';

/** A key's only label, so that a watcher can select half of all keys. */
export function labelOf(key: string): string {
  return key.endsWith('0') || key.endsWith('2') || key.endsWith('4') ? 'even' : 'odd';
}

/** `json`: patch with a JSON patch where that can say it, otherwise with a merge patch. */
export function requestFor(key: string, call: Call, json: boolean): Request {
  const path = `${PATH}/${key}`;
  switch (call.type) {
    case 'create':
      return { method: 'POST', path: PATH, body: JSON.stringify(configMap(key, call.data)) };
    case 'update':
      return { method: 'PUT', path, body: JSON.stringify(configMap(key, call.data, call.expected)) };
    case 'patch': {
      if (json && call.expected === undefined) {
        const operations = Object.entries(call.data).map(([name, value]) => ({
          op: 'add',
          path: `/data/${name}`,
          value,
        }));
        return { method: 'PATCH', path, body: JSON.stringify(operations), contentType: 'application/json-patch+json' };
      }
      const metadata = call.expected === undefined ? {} : { resourceVersion: String(call.expected) };
      const body = JSON.stringify({ metadata, data: call.data });
      return { method: 'PATCH', path, body, contentType: 'application/merge-patch+json' };
    }
    case 'delete': {
      const { expected, uid } = call;
      if (expected === undefined && uid === undefined) return { method: 'DELETE', path };
      const version = expected === undefined ? {} : { resourceVersion: String(expected) };
      const preconditions = { ...version, ...(uid === undefined ? {} : { uid }) };
      const options = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions };
      return { method: 'DELETE', path, body: JSON.stringify(options) };
    }
    case 'get':
      return { method: 'GET', path };
    case 'list':
      return { method: 'GET', path: PATH };
  }
}

export function listPath(selector: string): string {
  return `${PATH}${selector === '' ? '' : `?labelSelector=${encodeURIComponent(selector)}`}`;
}

export function watchPath(selector: string, after: number): string {
  const query = new URLSearchParams({ watch: 'true', resourceVersion: String(after), allowWatchBookmarks: 'true' });
  if (selector !== '') query.set('labelSelector', selector);
  return `${PATH}?${query}`;
}

/** What an answer says; a string when it says nothing that the call allows for. */
export function outcomeOf(call: Call, status: number, body: unknown): Outcome | string {
  const told = body as { kind?: string; reason?: string; message?: string; details?: { kind?: string; uid?: string } };
  if (status === 200 || status === 201) {
    if (call.type === 'list') return itemsOf(body);
    if (call.type !== 'delete') return { kind: 'object', state: stateOf(body as V1ConfigMap) };
    if (told.details?.uid !== undefined) return { kind: 'deleted', uid: told.details.uid };
  }
  const { reason, details } = told;
  const known = reason === 'NotFound' || reason === 'AlreadyExists' || reason === 'Conflict';
  if ((status === 404 || status === 409) && known && /configmap/i.test(details?.kind ?? '')) {
    return { kind: 'refused', reason };
  }
  return `${call.type}: ${status} ${reason ?? ''} ${told.message ?? JSON.stringify(body).slice(0, 200)}`;
}

/** Only ours: a server may have ConfigMaps of its own. */
export function itemsOf(body: unknown): Extract<Outcome, { kind: 'items' }> {
  const { metadata, items } = body as KubeList<V1ConfigMap>;
  const ours = items.filter((item) => item.data?.op !== undefined);
  return { kind: 'items', revision: Number(metadata?.resourceVersion), items: ours.map(stateOf) };
}

export function stateOf({ metadata = {}, data = {} }: V1ConfigMap): State {
  return { key: metadata.name ?? '', uid: metadata.uid ?? '', revision: Number(metadata.resourceVersion), data };
}

function configMap(
  name: string,
  data: Call extends { data: infer D } ? D : Readonly<Record<string, string>>,
  expected?: number,
) {
  const version = expected === undefined ? {} : { resourceVersion: String(expected) };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { half: labelOf(name) }, ...version }, data };
}
