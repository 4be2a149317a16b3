import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { customResourceDefinitions } from '../registry/apiextensions/customresourcedefinitions.ts';
import { ALL_VERBS, type ResourceDeclaration } from '../registry/declaration.ts';
import { withRegistry } from '../registry/store/store.fixture.ts';
import {
  aggregatedDiscovery,
  apiGroupList,
  apiGroupOf,
  apiResourceList,
  apiVersions,
  type Discovered,
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
      resources: {
        resource: string;
        scope: string;
        verbs: string[];
        responseKind: object;
        subresources?: { subresource: string; responseKind: object }[];
      }[];
    }[];
  }[];
}

const withServed = (test: (served: Discovered[]) => void) =>
  withRegistry(async ({ registry }) => {
    registry.add(customResourceDefinitions);
    registry.add(WIDGETS);
    registry.add(REVIEWS);
    test(registry.served());
  });

/** A resource of every trait there is. */
const WIDGETS: ResourceDeclaration = {
  group: 'example.com',
  version: 'v1',
  kind: 'Widget',
  plural: 'widgets',
  singular: 'widget',
  shortNames: ['wd'],
  categories: ['all'],
  namespaced: true,
  definition: 'none',
  columns: [],
  strategy: {},
  status: { prepareForUpdate: () => undefined },
  parts: {
    approval: { prepareForUpdate: () => undefined },
    resize: { prepareForUpdate: () => undefined, verbs: ['patch'] },
  },
  alsoServed: [
    { version: 'v1beta1', definition: 'none' },
    { version: 'v2', definition: 'none' },
    { version: 'v1', group: 'old.example.com', definition: 'none' },
  ],
};
const REVIEWS: ResourceDeclaration = {
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'Review',
  plural: 'reviews',
  singular: 'review',
  namespaced: false,
  verbs: ['create'],
  virtual: { create: (object) => object },
  definition: 'none',
  columns: [],
  strategy: {},
};
const hashOf = (groupVersionKind: string) =>
  createHash('sha256').update(groupVersionKind).digest().subarray(0, 8).toString('base64');

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
    withServed((served) => {
      const list = apiResourceList(served, '', 'v1') as { kind: string; resources: Resource[] };
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
    withServed((served) => {
      const { groups } = apiGroupList(served) as { groups: { name: string }[] };
      const names = groups.map(({ name }) => name);
      assert.ok(names.includes('apiextensions.k8s.io') && !names.includes(''));
      assert.deepEqual(apiGroupOf(served, 'apiextensions.k8s.io'), {
        kind: 'APIGroup',
        apiVersion: 'v1',
        ...groups.find(({ name }) => name === 'apiextensions.k8s.io'),
      });
      assert.equal(apiGroupOf(served, 'none'), undefined);
      assert.equal(apiResourceList(served, 'apiextensions.k8s.io', 'v9'), undefined);
    }),
  );
});

describe('discovery of groups and versions', () => {
  it(
    'has the most preferred first',
    withServed((served) => {
      const { groups } = apiGroupList(served) as { groups: { name: string; versions: { version: string }[] }[] };
      const names = groups.map(({ name, versions }) => `${name}: ${versions.map(({ version }) => version).join()}`);
      assert.deepEqual(
        names.filter((name) => /example|authorization/.test(name)),
        ['authorization.k8s.io: v1', 'example.com: v2,v1,v1beta1', 'old.example.com: v1'],
      );
    }),
  );

  it(
    'tells one stored version whatever version is asked for, and none of what is not stored',
    withServed((served) => {
      const first = (group: string, version: string) =>
        (apiResourceList(served, group, version) as { resources: Resource[] }).resources[0];
      const hash = hashOf('example.com/v1/Widget');
      for (const [group, version] of [
        ['example.com', 'v1'],
        ['example.com', 'v1beta1'],
        ['old.example.com', 'v1'],
      ] as const)
        assert.equal(first(group, version)?.storageVersionHash, hash);
      assert.deepEqual(first('authorization.k8s.io', 'v1'), {
        name: 'reviews',
        singularName: 'review',
        namespaced: false,
        kind: 'Review',
        verbs: ['create'],
      });
    }),
  );

  it('hashes as upstream does', () => assert.equal(hashOf('/v1/Pod'), 'xPOwRZ+Yhw8='));

  it(
    'lists what replaces parts of an object with its verbs',
    withServed((served) => {
      const { resources } = apiResourceList(served, 'example.com', 'v1') as { resources: Resource[] };
      assert.deepEqual(
        resources.map(({ name, verbs }) => `${name}: ${verbs.length === 8 ? 'all' : verbs.join()}`),
        [
          'widgets: all',
          'widgets/approval: get,patch,update',
          'widgets/resize: patch',
          'widgets/status: get,patch,update',
        ],
      );
    }),
  );
});

describe('aggregated discovery', () => {
  it(
    'names the group and version of a kind only where they are not those of the list',
    withServed((served) => {
      const document = aggregatedDiscovery(served, true, 'v2') as Aggregated;
      const pods = document.items[0]?.versions[0]?.resources.find(({ resource }) => resource === 'pods');
      assert.deepEqual(pods?.responseKind, { group: '', version: '', kind: 'Pod' });
      const eviction = pods?.subresources?.find(({ subresource }) => subresource === 'eviction');
      assert.deepEqual(eviction?.responseKind, { group: 'policy', version: 'v1', kind: 'Eviction' });
      assert.deepEqual(document.items[0]?.metadata, {});
    }),
  );

  it(
    'says the same as the legacy form',
    withServed((served) => {
      for (const core of [true, false]) {
        const document = aggregatedDiscovery(served, core, 'v2') as Aggregated;
        assert.equal(document.apiVersion, 'apidiscovery.k8s.io/v2');
        for (const { metadata, versions } of document.items) {
          const { version, resources } = versions[0] ?? { version: '', resources: [] };
          const flat = resources.flatMap(({ resource, subresources = [] }) => [
            resource,
            ...subresources.map(({ subresource }) => `${resource}/${subresource}`),
          ]);
          const legacy = apiResourceList(served, metadata.name ?? '', version) as { resources: Resource[] };
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
    withServed((served) => {
      const of = (plural: string) => {
        const declaration = served
          .map((each) => each.declaration)
          .find((each) => each.plural === plural && each.group === '');
        return declaration && subresourcesOf(declaration).map(({ name }) => name);
      };
      assert.deepEqual(of('configmaps'), []);
      assert.deepEqual(of('replicationcontrollers'), ['scale', 'status']);
      assert.deepEqual(of('namespaces'), ['finalize', 'status']);
      assert.deepEqual(of('pods'), [
        'attach',
        'binding',
        'ephemeralcontainers',
        'eviction',
        'exec',
        'log',
        'portforward',
        'proxy',
        'resize',
        'status',
      ]);
    }),
  );
});
