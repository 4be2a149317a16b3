/** What there is to be fuzzed: every resource that discovery lists, with its verbs and subresources. */
import { definitionOfKind } from '../../openapi/protobuf-table.ts';
import { kinds } from '../kinds.ts';
import { type Model, modelOf } from './samples.ts';

/** Something with a path and a kind of body. */
export interface Endpoint {
  apiVersion: string;
  kind: string;
  verbs: readonly string[];
  /** Its place in the schema; `undefined` where that knows nothing of it. */
  definition: string | undefined;
  model: Model;
}

export interface Surface extends Endpoint {
  /** `/api/v1`, `/apis/apps/v1`. */
  root: string;
  resource: string;
  namespaced: boolean;
  custom: boolean;
  parts: readonly Part[];
}

/** A subresource. Its kind may be of another group. */
export interface Part extends Endpoint {
  name: string;
}

export interface DiscoveredResource {
  name: string;
  kind: string;
  group?: string;
  version?: string;
  namespaced: boolean;
  verbs: string[];
}

/** These hand what they are asked on to a node or a pod; fuzzing goes no further than the API server. */
const CONNECTED = new Set(['exec', 'attach', 'portforward', 'proxy', 'log']);

/** The surfaces in one list of discovery. `groupVersion` is `v1`, `apps/v1`. */
export function surfacesIn(groupVersion: string, resources: readonly DiscoveredResource[]): Surface[] {
  const endpoint = (resource: DiscoveredResource, plural: string): Endpoint => {
    const { kind, group, version, verbs } = resource;
    const apiVersion = version === undefined ? groupVersion : group ? `${group}/${version}` : version;
    const custom = kind === 'Gadget' ? 'fuzz.Gadget' : undefined;
    const definition = custom ?? definitionOfKind(apiVersion, kind);
    return { apiVersion, kind, verbs, definition, model: modelOf(apiVersion, kind, plural) };
  };
  const partsOf = (plural: string): Part[] =>
    resources
      .filter(({ name }) => name.startsWith(`${plural}/`) && !CONNECTED.has(name.slice(plural.length + 1)))
      .map((part) => ({ name: part.name.slice(plural.length + 1), ...endpoint(part, plural) }));
  const root = groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`;
  return resources
    .filter(({ name }) => !name.includes('/'))
    .map((resource) => ({
      ...endpoint(resource, resource.name),
      root,
      resource: resource.name,
      namespaced: resource.namespaced,
      custom: resource.kind === 'Gadget',
      parts: partsOf(resource.name),
    }));
}

const STORED = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** The surfaces that the table of kinds promises: for tests of the fuzzer, which have no server to ask. */
export function promisedSurfaces(): Surface[] {
  const groupVersions = [...new Set(kinds.map(({ apiVersion }) => apiVersion))];
  return groupVersions.flatMap((groupVersion) =>
    surfacesIn(
      groupVersion,
      kinds
        .filter(({ apiVersion }) => apiVersion === groupVersion)
        .flatMap(({ resource, kind, namespaced, subresources = [] }) => [
          { name: resource, kind, namespaced, verbs: STORED },
          ...subresources.map((part) => ({
            name: `${resource}/${part}`,
            kind: part === 'scale' ? 'Scale' : kind,
            ...(part === 'scale' ? { group: 'autoscaling', version: 'v1' } : {}),
            namespaced,
            verbs: ['get', 'patch', 'update'],
          })),
        ]),
    ),
  );
}
