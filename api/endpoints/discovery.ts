/** Discovery, in its legacy and its aggregated form, both from the same list of what is served. */
import { createHash } from 'node:crypto';
import { ALL_VERBS, type ResourceDeclaration, type Verb } from '../registry/declaration.ts';
import { compareGroups, compareVersions } from './discovery-order.ts';
import { specialSubresources } from './resource.ts';

export interface Subresource {
  name: string;
  verbs: readonly Verb[];
  group: string;
  version: string;
  kind: string;
  definition: string;
}

/** A resource in one of its versions, and the declaration whose version is stored. */
export interface Discovered {
  declaration: ResourceDeclaration;
  store: { declaration: ResourceDeclaration };
}

/** What GET, PATCH and PUT replace a part of an object by. */
const PART_VERBS: readonly Verb[] = ['get', 'patch', 'update'];

/** All subresources of a resource, in order of name. */
export function subresourcesOf(declaration: ResourceDeclaration): Subresource[] {
  const { group, version, kind, definition } = declaration;
  const own = { group, version, kind, definition };
  const found: Subresource[] = specialSubresources(declaration).map(
    ({ handle: _handle, ...subresource }) => subresource,
  );
  for (const [name, { verbs = PART_VERBS }] of Object.entries(declaration.parts ?? {}))
    found.push({ name, verbs, ...own });
  if (declaration.status) found.push({ name: 'status', verbs: PART_VERBS, ...own });
  if (declaration.scale) {
    found.push({
      name: 'scale',
      verbs: PART_VERBS,
      group: 'autoscaling',
      version: 'v1',
      kind: 'Scale',
      definition: 'io.k8s.api.autoscaling.v1.Scale',
    });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `/api`. */
export function apiVersions(serverAddress: string): object {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** `/apis`. */
export function apiGroupList(served: readonly Discovered[]): object {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groupsOf(served).map((group) => apiGroup(group.name, group.versions)),
  };
}

/** `/apis/GROUP`; `undefined` when it is not served. */
export function apiGroupOf(served: readonly Discovered[], name: string): object | undefined {
  const group = groupsOf(served).find((candidate) => candidate.name === name);
  return group && { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group.name, group.versions) };
}

function apiGroup(name: string, versions: readonly string[]) {
  const entries = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

/** Named groups with their versions, the most preferred first. */
export function groupsOf(served: readonly Discovered[]): { name: string; versions: string[] }[] {
  const groups = new Map<string, Set<string>>();
  for (const { declaration } of served) {
    const { group, version } = declaration;
    if (group !== '') groups.set(group, (groups.get(group) ?? new Set()).add(version));
  }
  return [...groups]
    .sort(([a], [b]) => compareGroups(a, b))
    .map(([name, versions]) => ({ name, versions: [...versions].sort((a, b) => compareVersions(name, a, b)) }));
}

/** What discovery says of a resource or a subresource: upstream's `APIResource`. */
interface ApiResource {
  name: string;
  singularName: string;
  namespaced: boolean;
  /** Only where it is not that of the list. */
  group?: string;
  version?: string;
  kind: string;
  verbs: readonly Verb[];
  shortNames?: readonly string[];
  categories?: readonly string[];
  storageVersionHash?: string;
}

/** `/api/v1` and `/apis/GROUP/VERSION`; `undefined` when it is not served. */
export function apiResourceList(served: readonly Discovered[], group: string, version: string): object | undefined {
  const resources = resourcesIn(served, group, version);
  if (resources.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources,
  };
}

/** All resources of a version, each followed by its subresources. */
function resourcesIn(served: readonly Discovered[], group: string, version: string): ApiResource[] {
  const mine = served.filter(({ declaration }) => declaration.group === group && declaration.version === version);
  const resources = mine.flatMap((resource) => [apiResource(resource), ...apiSubresources(resource.declaration)]);
  if (group === '' && version === 'v1' && mine.length > 0) resources.push(BINDINGS);
  return resources.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function apiResource({ declaration, store }: Discovered): ApiResource {
  const { plural, singular, namespaced, kind, verbs = ALL_VERBS, shortNames, categories, virtual } = declaration;
  return {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames?.length ? { shortNames } : {}),
    ...(categories?.length ? { categories } : {}),
    ...(virtual ? {} : { storageVersionHash: storageVersionHash(store.declaration) }),
  };
}

function apiSubresources(declaration: ResourceDeclaration): ApiResource[] {
  return subresourcesOf(declaration).map(({ name, group, version, kind, verbs }) => ({
    name: `${declaration.plural}/${name}`,
    singularName: '',
    namespaced: declaration.namespaced,
    ...(group === declaration.group && version === declaration.version ? {} : { group, version }),
    kind,
    verbs,
  }));
}

/** Bindings are created without naming the pod in the path, too. */
const BINDINGS: ApiResource = {
  name: 'bindings',
  singularName: 'binding',
  namespaced: true,
  kind: 'Binding',
  verbs: ['create'],
};

/** Upstream's: it changes when objects have to be rewritten because another version is stored. */
function storageVersionHash({ group, version, kind }: ResourceDeclaration): string {
  return createHash('sha256').update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString('base64');
}

/** The aggregated form: `/api` when `core`, else `/apis`. `version` is that of apidiscovery.k8s.io. */
export function aggregatedDiscovery(served: readonly Discovered[], core: boolean, version: string): object {
  const groups = core ? [{ name: '', versions: ['v1'] }] : groupsOf(served);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(({ name, versions }) => ({
      metadata: name ? { name } : {},
      versions: versions.map((each) => ({
        version: each,
        resources: aggregatedResources(resourcesIn(served, name, each)),
        freshness: 'Current',
      })),
    })),
  };
}

/** The same resources, with their subresources within. A kind of the version's own names neither group nor version. */
function aggregatedResources(resources: readonly ApiResource[]): object[] {
  const found = new Map<string, { resource: string; subresources?: object[] }>();
  for (const { name, singularName, namespaced, kind, verbs, shortNames, categories, ...rest } of resources) {
    const responseKind = { group: rest.group ?? '', version: rest.version ?? '', kind };
    const [resource = '', subresource] = name.split('/');
    if (subresource === undefined) {
      const scope = namespaced ? 'Namespaced' : 'Cluster';
      const names = { ...(shortNames ? { shortNames } : {}), ...(categories ? { categories } : {}) };
      found.set(resource, { ...{ resource, responseKind, scope, singularResource: singularName, verbs, ...names } });
      continue;
    }
    const parent = found.get(resource);
    if (parent) parent.subresources = [...(parent.subresources ?? []), { subresource, responseKind, verbs }];
  }
  return [...found.values()];
}
