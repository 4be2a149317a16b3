/** Keeps requests that went astray from writing outside the playground, and marks watches. */
import { type FuzzRequest, fuzzNames, type Universe } from './request.ts';
import type { Surface } from './surface.ts';

const READS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

interface Allowed {
  /** Collections of the cluster that objects may be made in. */
  collections: ReadonlySet<string>;
  /** Objects of the cluster that are the fuzzer's. */
  objects: ReadonlySet<string>;
}

const known = new WeakMap<readonly Surface[], Allowed>();

function allowedOf(surfaces: readonly Surface[]): Allowed {
  const before = known.get(surfaces);
  if (before) return before;
  const inCluster = surfaces.filter(({ namespaced }) => !namespaced);
  const paths = inCluster.map(({ root, resource }) => `${root}/${resource}`);
  const objects = inCluster.flatMap(({ root, resource, model }) =>
    fuzzNames.map((name) => `${root}/${resource}/${model.nameFor(name)}`),
  );
  const allowed = { collections: new Set(paths), objects: new Set(objects) };
  known.set(surfaces, allowed);
  return allowed;
}

/** The request as it is where it may do no harm; otherwise a GET of the same path. */
export function tame(request: FuzzRequest, universe: Universe): FuzzRequest {
  const watch = /[?&]watch=(?!false|0\b)/.test(request.path) || request.path.includes('/watch/');
  if (READS.has(request.method) || mayWrite(request, universe)) return { ...request, watch };
  const { body: _body, ...rest } = request;
  return { ...rest, method: 'GET', watch };
}

function mayWrite({ method, path: target }: FuzzRequest, { playground, surfaces }: Universe): boolean {
  const [path = ''] = target.split('?');
  // These are handed on to what runs a pod.
  if (/\/(exec|attach|portforward|proxy|log)(\/|$)/.test(path)) return false;
  if (new RegExp(`/namespaces/${playground}/[^/]`).test(path)) return true;
  if (!path.startsWith('/api') && !path.includes('//')) return true;
  const { collections, objects } = allowedOf(surfaces);
  const bare = path.replace(/\/$/, '');
  if (method === 'POST' && collections.has(bare)) return true;
  // The object itself, or a subresource of it.
  return objects.has(bare) || objects.has(bare.slice(0, bare.lastIndexOf('/')));
}
