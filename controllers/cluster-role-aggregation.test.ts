import assert from 'node:assert/strict';
import { CLUSTER_ROLES } from '../client/resources.ts';
import type { V1ClusterRole, V1PolicyRule } from '../openapi/generated/types.ts';
import { unsupportedMediaType } from '../openapi/status.ts';
import { aggregatedRules } from './cluster-role-aggregation.ts';
import { FakeCluster } from './runtime/fake-cluster.ts';

const rule = (resource: string): V1PolicyRule => ({ apiGroups: [''], resources: [resource], verbs: ['get'] });
const role = (name: string, labels: Record<string, string>, rules: V1PolicyRule[]): V1ClusterRole => ({
  metadata: { name, labels },
  rules,
});
const aggregate = (...selected: Record<string, string>[]): V1ClusterRole => ({
  metadata: { name: 'all', labels: { a: '1' } },
  aggregationRule: { clusterRoleSelectors: selected.map((matchLabels) => ({ matchLabels })) },
  rules: [rule('its-own')],
});

describe('aggregatedRules', () => {
  const all = [
    role('z', { a: '1' }, [rule('z'), rule('both')]),
    role('b', { b: '1' }, [rule('b'), { ...rule('both'), resourceNames: [] }]),
    role('a', { a: '1' }, [rule('a')]),
    role('x', {}, [rule('x')]),
  ];
  const names = (given: V1ClusterRole) => aggregatedRules(given, [...all, given]).map(({ resources }) => resources![0]);

  it('are those of the roles selected, by name, selector after selector', () => {
    assert.deepEqual(names(aggregate({ a: '1' })), ['a', 'z', 'both']);
    assert.deepEqual(names(aggregate({ b: '1' }, { a: '1' })), ['b', 'both', 'a', 'z']);
  });

  it('are none where nothing is selected', () => {
    assert.deepEqual(names(aggregate({ c: '1' })), []);
  });
});

describe('cluster role aggregation', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0, 'no timer is left');
  });

  const rules = () => cluster.api.peek<V1ClusterRole>(CLUSTER_ROLES, 'all')!.rules!.map((each) => each.resources![0]);
  const create = (given: V1ClusterRole) => cluster.api.create<V1ClusterRole>(CLUSTER_ROLES, undefined, given);

  it('follows roles that come, change and go, and writes only what changed', async () => {
    create(aggregate({ a: '1' }));
    create(role('a', { a: '1' }, [rule('a')]));
    await cluster.start(['clusterrole-aggregation']);
    await cluster.until('filled', () => rules().join() === 'a');
    create(role('b', { a: '1' }, [rule('b')]));
    await cluster.until('another', () => rules().join() === 'a,b');
    cluster.api.change<V1ClusterRole>(CLUSTER_ROLES, 'a', undefined, (old) => ({ ...old, rules: [rule('c')] }));
    await cluster.until('changed', () => rules().join() === 'c,b');
    const writes = cluster.api.writes.length;
    create(role('x', {}, [rule('x')]));
    cluster.api.remove(CLUSTER_ROLES, 'a');
    await cluster.until('gone', () => rules().join() === 'b');
    assert.equal(cluster.api.writes.length, writes + 1);
  });

  it('applies as the controller that it is', async () => {
    create(aggregate({ a: '1' }));
    await cluster.start(['clusterrole-aggregation']);
    await cluster.until('emptied', () => rules().length === 0);
    const call = cluster.api.calls.find(({ method }) => method === 'PATCH')!;
    assert.equal(call.contentType, 'application/apply-patch+yaml');
    assert.deepEqual(call.query, { fieldManager: 'clusterrole-aggregation-controller', force: 'true' });
    assert.deepEqual(call.body, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'all' },
      rules: [],
    });
  });

  it('updates where the server knows no apply', async () => {
    cluster.api.intercept = (call) => {
      if (call.method === 'PATCH') throw unsupportedMediaType([]);
    };
    create(aggregate({ a: '1' }));
    create(role('a', { a: '1' }, [rule('a')]));
    await cluster.start(['clusterrole-aggregation']);
    await cluster.until('filled', () => rules().join() === 'a');
  });
});
