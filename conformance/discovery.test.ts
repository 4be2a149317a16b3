/** Discovery: what the server says it serves, in the old form and the aggregated one. */
import assert from 'node:assert/strict';
import { behaves, behaviour, fetchApi, includes, suite } from './harness.ts';
import { kinds } from './kinds.ts';

interface Resource {
  name: string;
  singularName?: string;
  namespaced: boolean;
  kind: string;
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
  group?: string;
  version?: string;
}

interface Group {
  name: string;
  versions: { groupVersion: string; version: string }[];
  preferredVersion: { groupVersion: string; version: string };
}

const get = async <T>(path: string): Promise<T> => {
  const answer = await fetchApi('GET', path);
  assert.equal(answer.status, 200, answer.text);
  return answer.json<T>();
};
const resourcesOf = async (path: string) => (await get<{ resources: Resource[] }>(path)).resources;
const groups = async () => (await get<{ groups: Group[] }>('/apis')).groups;

suite('discovery', () => {
  behaves('/api names v1 and how to reach the server', async () => {
    includes(await get('/api'), { kind: 'APIVersions', versions: ['v1'] });
    const { serverAddressByClientCIDRs } = await get<{ serverAddressByClientCIDRs: object[] }>('/api');
    includes(serverAddressByClientCIDRs, [{ clientCIDR: '0.0.0.0/0', serverAddress: /^[\w.[\]:-]+:\d+$/ }]);
  });

  behaves('/apis lists the groups', async () => {
    includes(await get('/apis'), { kind: 'APIGroupList', apiVersion: 'v1' });
    const names = (await groups()).map(({ name }) => name);
    assert.ok(names.includes('coordination.k8s.io'), names.join());
    assert.equal(new Set(names).size, names.length);
  });

  behaviour('Discovery should validate PreferredVersion for each APIGroup', async () => {
    for (const { name, versions, preferredVersion } of await groups()) {
      const group = await get<Group & { kind: string }>(`/apis/${name}`);
      includes(group, { kind: 'APIGroup', apiVersion: 'v1', name, preferredVersion });
      assert.ok(
        versions.some(({ groupVersion }) => groupVersion === preferredVersion.groupVersion),
        name,
      );
    }
  });

  behaviour('Discovery should locate the groupVersion and a resource within each APIGroup', async () => {
    for (const { versions } of await groups()) {
      for (const { groupVersion } of versions) {
        const list = await get<{ resources: Resource[] }>(`/apis/${groupVersion}`);
        includes(list, { kind: 'APIResourceList', groupVersion });
        assert.ok(list.resources.length > 0, groupVersion);
      }
    }
  });

  const CRUD = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
  for (const kind of kinds) {
    behaves(
      `${kind.apiVersion} ${kind.resource} are there with verbs, short names and scope`,
      { since: kind.since ?? 0 },
      async () => {
        const root = kind.apiVersion === 'v1' ? '/api/v1' : `/apis/${kind.apiVersion}`;
        const resource = (await resourcesOf(root)).find(({ name }) => name === kind.resource);
        includes(resource, { kind: kind.kind, namespaced: kind.namespaced });
        const wanted = CRUD.filter(
          (verb) => verb !== 'deletecollection' || !['namespaces', 'services'].includes(kind.resource),
        );
        for (const verb of wanted) assert.ok(resource?.verbs.includes(verb), `${kind.resource} ${verb}`);
        assert.deepEqual(resource?.shortNames ?? [], kind.shortNames ?? []);
        assert.deepEqual(resource?.categories ?? [], kind.categories ?? []);
      },
    );
  }

  behaves('subresources are listed with their own kinds and verbs', async () => {
    const resources = await resourcesOf('/api/v1');
    const find = (name: string) => resources.find((resource) => resource.name === name);
    for (const name of ['pods/status', 'nodes/status', 'namespaces/status', 'replicationcontrollers/status']) {
      assert.deepEqual([...(find(name)?.verbs ?? [])].sort(), ['get', 'patch', 'update'], name);
    }
    includes(find('replicationcontrollers/scale'), { kind: 'Scale', group: 'autoscaling', version: 'v1' });
    includes(find('pods/binding'), { kind: 'Binding', verbs: ['create'] });
    includes(find('bindings'), { kind: 'Binding', verbs: ['create'] });
    includes(find('namespaces/finalize'), { kind: 'Namespace', verbs: ['update'] });
    assert.ok(find('pods/log') && find('pods/exec'));
  });

  behaves('every resource has a singular name, as kubectl 1.27 and later rely on', { since: 27 }, async () => {
    for (const { name, singularName, kind } of await resourcesOf('/api/v1')) {
      if (!name.includes('/')) assert.equal(singularName, kind.toLowerCase(), name);
    }
  });

  behaves('an unknown group or version answers 404', async () => {
    for (const path of [
      '/apis/coordination.k8s.io/v9',
      '/api/v9',
      '/apis/nothing.example.com',
      '/apis/nothing.example.com/v1',
    ]) {
      assert.equal((await fetchApi('GET', path)).status, 404, path);
    }
  });
});

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

interface Aggregated {
  kind: string;
  apiVersion: string;
  items: {
    metadata: { name?: string };
    versions: {
      version: string;
      freshness: string;
      resources: {
        resource: string;
        singularResource: string;
        scope: string;
        verbs: string[];
        responseKind: { group: string; version: string; kind: string };
        subresources?: { subresource: string; responseKind: { kind: string } }[];
      }[];
    }[];
  }[];
}

suite('aggregated discovery', () => {
  const aggregated = async (path: string, accept = AGGREGATED) => {
    const answer = await fetchApi('GET', path, { headers: { accept } });
    assert.equal(answer.status, 200, answer.text);
    return { answer, list: answer.json<Aggregated>() };
  };

  behaves(
    '/api and /apis tell everything in one answer each',
    {
      since: 30,
      covers: 'AggregatedDiscovery should support aggregated discovery interface',
    },
    async () => {
      const { list } = await aggregated('/api');
      includes(list, { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' });
      const pods = list.items[0]?.versions[0]?.resources.find(({ resource }) => resource === 'pods');
      includes(pods, { scope: 'Namespaced', singularResource: 'pod', responseKind: { kind: 'Pod' } });
      assert.ok(pods?.subresources?.some(({ subresource }) => subresource === 'status'));
      const leases = (await aggregated('/apis')).list.items.find(
        ({ metadata }) => metadata.name === 'coordination.k8s.io',
      );
      assert.equal(leases?.versions[0]?.resources[0]?.resource.startsWith('lease'), true);
      assert.equal(leases?.versions[0]?.freshness, 'Current');
    },
  );

  behaves(
    'the answer says in its content type which form it has',
    {
      since: 30,
      covers: 'AggregatedDiscovery should support raw aggregated discovery endpoint Accept headers',
    },
    async () => {
      const { answer } = await aggregated('/apis');
      const type = String(answer.headers['content-type']).replaceAll(' ', '');
      assert.match(type, /^application\/json;/);
      for (const part of ['g=apidiscovery.k8s.io', 'v=v2', 'as=APIGroupDiscoveryList'])
        assert.ok(type.includes(part), type);
      assert.match(String(answer.headers.vary ?? ''), /Accept/i);
    },
  );

  behaves('a client that accepts both gets the first it names that the server has', { since: 30 }, async () => {
    const v9 = AGGREGATED.replace('v=v2', 'v=v9');
    const { list } = await aggregated('/apis', `${v9},${AGGREGATED},application/json`);
    assert.equal(list.kind, 'APIGroupDiscoveryList');
    assert.equal((await aggregated('/apis', 'application/json')).list.kind, 'APIGroupList');
  });

  behaves('an unchanged answer is not sent again: ETag and 304', { since: 30 }, async () => {
    const { answer } = await aggregated('/apis');
    const etag = answer.headers.etag;
    assert.ok(etag);
    const again = await fetchApi('GET', '/apis', { headers: { accept: AGGREGATED, 'if-none-match': etag } });
    assert.equal(again.status, 304);
  });

  behaves('a server without it falls back to the old form', { until: 26 }, async () => {
    const { list } = await aggregated('/apis', `${AGGREGATED},application/json`);
    assert.equal(list.kind, 'APIGroupList');
  });
});
