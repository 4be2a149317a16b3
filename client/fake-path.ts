/** How `FakeApi` reads paths and selectors. */
import { nameSuffix, seededRandom } from '../base/random.ts';
import { apiVersionOf, type KubeObject, type ResourceRef } from '../openapi/object.ts';
import { matchesFields, matchesLabels, parseFieldSelector, parseLabelSelector } from '../openapi/selectors.ts';
import { pageNotFound } from '../openapi/status.ts';

export interface Parsed {
  resource: ResourceRef;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
}

/** Throws upstream's 404 for what no resource serves. */
export function parsePath(path: string, resources: readonly ResourceRef[]): Parsed {
  const parts = path.split('/').slice(1).map(decodeURIComponent);
  const version = parts[0] === 'api' ? parts[1] : `${parts[1]}/${parts[2]}`;
  let rest = parts.slice(parts[0] === 'api' ? 2 : 3);
  let namespace: string | undefined;
  const nested = resources.find((ref) => ref.namespaced && ref.resource === rest[2] && apiVersionOf(ref) === version);
  if (rest[0] === 'namespaces' && nested) {
    namespace = rest[1];
    rest = rest.slice(2);
  }
  const resource = resources.find((ref) => ref.resource === rest[0] && apiVersionOf(ref) === version);
  if (!resource) throw pageNotFound();
  return { resource, namespace, name: rest[1], subresource: rest[2] };
}

export type FakeFilter = (object: KubeObject) => boolean;

export function filterOf(at: Parsed, query: Record<string, string> = {}): FakeFilter {
  const labels = parseLabelSelector(query.labelSelector ?? '');
  const fields = parseFieldSelector(query.fieldSelector ?? '');
  return (object) =>
    (at.namespace === undefined || object.metadata?.namespace === at.namespace) &&
    matchesLabels(labels, object.metadata?.labels) &&
    matchesFields(fields, fieldsOf(object));
}

function fieldsOf(object: KubeObject): Record<string, string> {
  const { name = '', namespace = '' } = object.metadata ?? {};
  const spec = 'spec' in object ? (object.spec as { nodeName?: string } | undefined) : undefined;
  return { 'metadata.name': name, 'metadata.namespace': namespace, 'spec.nodeName': spec?.nodeName ?? '' };
}

/** A generated name, the same in every run. */
export function nameFrom(prefix: string, seed: number): string {
  return prefix + nameSuffix(seededRandom(seed));
}
