import assert from 'node:assert/strict';
import { customResourceDefinitions } from '../registry/apiextensions/customresourcedefinitions.ts';
import { ALL_VERBS, type ResourceDeclaration } from '../registry/declaration.ts';
import { withRegistry } from '../registry/store/store.fixture.ts';
import {
  aggregatedDiscovery,
  apiGroupList,
  apiGroupOf,
  apiResourceList,
  apiVersions,
  subresourcesOf,
} from './discovery.ts';

interface Resource {
  name: string;
  kind: string;
  namespaced: boolean;
  verbs: string[];
  group?: string;
  version?: string;
  shortNames?: string[];
  storageVersionHash?: string;
}
interface Aggregated {
  apiVersion: string;
  items: {
    metadata: { name?: string };
    versions: {
      version: string;
      resources: { resource: string; scope: string; verbs: string[]; subresources?: { subresource: string }[] }[];
    }[];
  }[];
}

const withDeclarations = (test: (declarations: ResourceDeclaration[]) => void) =>
  withRegistry(async ({ registry }) => {
    registry.add(customResourceDefinitions);
    test(registry.declarations());
  });

describe('legacy discovery', () => {
  it('names the core version and where the server is', () => {
    assert.deepEqual(apiVersions('127.0.0.1:6443'), {
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '127.0.0.1:6443' }],
    });
  });

  it(
    'lists every resource and subresource of a version once, in order',
    withDeclarations((declarations) => {
      const list = apiResourceList(declarations, '', 'v1') as { kind: string; resources: Resource[] };
      assert.deepEqual([list.kind, 'apiVersion' in list], ['APIResourceList', false]);
      const names = list.resources.map(({ name }) => name);
      assert.deepEqual(names, [...new Set(names)].sort());
      for (const name of [
        'bindings',
        'namespaces/finalize',
        'pods/binding',
        'pods/log',
        'replicationcontrollers/scale',
      ])
        assert.ok(names.includes(name), name);
      const find = (name: string) => list.resources.find((resource) => resource.name === name);
      assert.deepEqual(find('pods')?.shortNames, ['po']);
      assert.deepEqual(find('pods')?.verbs, [...ALL_VERBS]);
      assert.match(find('pods')?.storageVersionHash ?? '', /^[A-Za-z0-9+/]{11}=$/);
      assert.equal(find('namespaces')?.verbs.includes('deletecollection'), false);
      const { group, version, kind } = find('replicationcontrollers/scale') ?? {};
      assert.deepEqual([group, version, kind], ['autoscaling', 'v1', 'Scale']);
    }),
  );

  it(
    'knows named groups, and nothing that is not served',
    withDeclarations((declarations) => {
      const { groups } = apiGroupList(declarations) as { groups: { name: string }[] };
      const names = groups.map(({ name }) => name);
      assert.ok(names.includes('apiextensions.k8s.io') && !names.includes(''));
      assert.deepEqual(apiGroupOf(declarations, 'apiextensions.k8s.io'), {
        kind: 'APIGroup',
        apiVersion: 'v1',
        ...groups.find(({ name }) => name === 'apiextensions.k8s.io'),
      });
      assert.equal(apiGroupOf(declarations, 'none'), undefined);
      assert.equal(apiResourceList(declarations, 'apiextensions.k8s.io', 'v9'), undefined);
    }),
  );
});

describe('aggregated discovery', () => {
  it(
    'says the same as the legacy form',
    withDeclarations((declarations) => {
      for (const core of [true, false]) {
        const document = aggregatedDiscovery(declarations, core, 'v2') as Aggregated;
        assert.equal(document.apiVersion, 'apidiscovery.k8s.io/v2');
        for (const { metadata, versions } of document.items) {
          const { version, resources } = versions[0] ?? { version: '', resources: [] };
          const flat = resources.flatMap(({ resource, subresources = [] }) => [
            resource,
            ...subresources.map(({ subresource }) => `${resource}/${subresource}`),
          ]);
          const legacy = apiResourceList(declarations, metadata.name ?? '', version) as { resources: Resource[] };
          assert.deepEqual(
            flat.sort(),
            legacy.resources.map(({ name }) => name),
          );
        }
      }
    }),
  );
});

describe('subresourcesOf', () => {
  it(
    'gives what the declaration and the server know of, in order',
    withDeclarations((declarations) => {
      const of = (plural: string) => {
        const declaration = declarations.find((each) => each.plural === plural && each.group === '');
        return declaration && subresourcesOf(declaration).map(({ name }) => name);
      };
      assert.deepEqual(of('configmaps'), []);
      assert.deepEqual(of('replicationcontrollers'), ['scale', 'status']);
      assert.deepEqual(of('namespaces'), ['finalize', 'status']);
      assert.deepEqual(of('pods'), ['attach', 'binding', 'eviction', 'exec', 'log', 'status']);
    }),
  );
});
