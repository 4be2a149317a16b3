/** Discovery, in its legacy and its aggregated form, from the declarations alone. */
import { createHash } from 'node:crypto';
import { ALL_VERBS, type ResourceDeclaration, type Verb } from '../registry/declaration.ts';
import { specialSubresources } from './resource.ts';

export interface Subresource {
  name: string;
  verbs: readonly Verb[];
  group: string;
  version: string;
  kind: string;
  definition: string;
}

/** All subresources of a resource, in order of name. */
export function subresourcesOf(declaration: ResourceDeclaration): Subresource[] {
  const own = {
    group: declaration.group,
    version: declaration.version,
    kind: declaration.kind,
    definition: declaration.definition,
  };
  const found: Subresource[] = specialSubresources(declaration).map(
    ({ handle: _handle, ...subresource }) => subresource,
  );
  if (declaration.status) found.push({ name: 'status', verbs: ['get', 'patch', 'update'], ...own });
  if (declaration.scale) {
    found.push({
      name: 'scale',
      verbs: ['get', 'patch', 'update'],
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
export function apiGroupList(declarations: readonly ResourceDeclaration[]): object {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groupsOf(declarations).map((group) => apiGroup(group.name, group.versions)),
  };
}

/** `/apis/GROUP`; `undefined` when it is not served. */
export function apiGroupOf(declarations: readonly ResourceDeclaration[], name: string): object | undefined {
  const group = groupsOf(declarations).find((candidate) => candidate.name === name);
  return group && { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group.name, group.versions) };
}

function apiGroup(name: string, versions: readonly string[]) {
  const entries = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

/** Named groups in order of registration, with their versions. */
function groupsOf(declarations: readonly ResourceDeclaration[]): { name: string; versions: string[] }[] {
  const groups = new Map<string, Set<string>>();
  for (const { group, version } of declarations) {
    if (group === '') continue;
    groups.set(group, (groups.get(group) ?? new Set()).add(version));
  }
  return [...groups].map(([name, versions]) => ({ name, versions: [...versions] }));
}

/** `/api/v1` and `/apis/GROUP/VERSION`; `undefined` when it is not served. */
export function apiResourceList(
  declarations: readonly ResourceDeclaration[],
  group: string,
  version: string,
): object | undefined {
  const mine = declarations.filter((declaration) => declaration.group === group && declaration.version === version);
  if (mine.length === 0) return undefined;
  const resources = mine.flatMap((declaration) => [
    {
      name: declaration.plural,
      singularName: declaration.singular,
      namespaced: declaration.namespaced,
      kind: declaration.kind,
      verbs: declaration.verbs ?? ALL_VERBS,
      ...(declaration.shortNames?.length ? { shortNames: declaration.shortNames } : {}),
      ...(declaration.categories?.length ? { categories: declaration.categories } : {}),
      storageVersionHash: storageVersionHash(declaration),
    },
    ...subresourcesOf(declaration).map((subresource) => ({
      name: `${declaration.plural}/${subresource.name}`,
      singularName: '',
      namespaced: declaration.namespaced,
      ...(subresource.group === group && subresource.version === version
        ? {}
        : { group: subresource.group, version: subresource.version }),
      kind: subresource.kind,
      verbs: subresource.verbs,
    })),
  ]);
  if (group === '' && version === 'v1') resources.push(BINDINGS);
  resources.sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources,
  };
}

const BINDINGS = {
  name: 'bindings',
  singularName: 'binding',
  namespaced: true,
  kind: 'Binding',
  verbs: ['create'] as Verb[],
};

function storageVersionHash({ group, version, kind }: ResourceDeclaration): string {
  return createHash('sha256').update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString('base64');
}

/** The aggregated form: `/api` when `core`, else `/apis`. `version` is that of apidiscovery.k8s.io. */
export function aggregatedDiscovery(
  declarations: readonly ResourceDeclaration[],
  core: boolean,
  version: string,
): object {
  const groups = core ? [{ name: '', versions: ['v1'] }] : groupsOf(declarations);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map((group) => ({
      metadata: { ...(group.name ? { name: group.name } : {}), creationTimestamp: null },
      versions: group.versions.map((groupVersion) => ({
        version: groupVersion,
        resources: aggregatedResources(declarations, group.name, groupVersion),
        freshness: 'Current',
      })),
    })),
  };
}

function aggregatedResources(declarations: readonly ResourceDeclaration[], group: string, version: string): object[] {
  const resources = declarations
    .filter((declaration) => declaration.group === group && declaration.version === version)
    .map((declaration) => {
      const subresources = subresourcesOf(declaration).map((subresource) => ({
        subresource: subresource.name,
        responseKind: { group: subresource.group, version: subresource.version, kind: subresource.kind },
        verbs: subresource.verbs,
      }));
      return {
        resource: declaration.plural,
        responseKind: { group: declaration.group, version: declaration.version, kind: declaration.kind },
        scope: declaration.namespaced ? 'Namespaced' : 'Cluster',
        singularResource: declaration.singular,
        verbs: declaration.verbs ?? ALL_VERBS,
        ...(declaration.shortNames?.length ? { shortNames: declaration.shortNames } : {}),
        ...(declaration.categories?.length ? { categories: declaration.categories } : {}),
        ...(subresources.length > 0 ? { subresources } : {}),
      };
    });
  if (group === '') {
    const responseKind = { group: '', version: 'v1', kind: 'Binding' };
    resources.push({
      resource: 'bindings',
      responseKind,
      scope: 'Namespaced',
      singularResource: 'binding',
      verbs: ['create'],
    });
  }
  return resources.sort((a, b) => (a.resource < b.resource ? -1 : 1));
}
