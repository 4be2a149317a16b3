import assert from 'node:assert/strict';
import { CONFIG_MAPS, NAMESPACES, PODS, SECRETS, SERVICE_ACCOUNTS } from '../../client/resources.ts';
import type { V1ConfigMap, V1Namespace, V1Pod } from '../../openapi/generated/types.ts';
import { serviceUnavailable } from '../../openapi/status.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';
import { conditionsAfter, type DeletionReport } from './conditions.ts';
import { estimateOf } from './content.ts';

describe('namespace controller', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
    cluster.api.create<V1Namespace>(NAMESPACES, undefined, {
      metadata: { name: 'doomed' },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0);
  });

  const namespace = () => cluster.api.peek<V1Namespace>(NAMESPACES, 'doomed');
  const condition = (type: string) => namespace()?.status?.conditions?.find((entry) => entry.type === type);
  const put = (name: string, finalizers?: string[], where = 'doomed') =>
    cluster.api.create<V1ConfigMap>(CONFIG_MAPS, where, { metadata: { name, ...(finalizers ? { finalizers } : {}) } });

  it('deletes everything in it, then lets it go', async () => {
    put('one');
    put('elsewhere', undefined, 'safe');
    cluster.api.create(SECRETS, 'doomed', { metadata: { name: 's' } });
    await cluster.start(['namespace']);
    await cluster.clock.advance(1000);
    assert.ok(cluster.api.peek(CONFIG_MAPS, 'one', 'doomed'), 'nothing is touched before');
    await cluster.client.namespaces.delete('doomed');
    await cluster.until('gone', () => !namespace());
    assert.deepEqual(cluster.api.all(SECRETS), []);
    assert.deepEqual(
      cluster.api.all<V1ConfigMap>(CONFIG_MAPS).map((map) => map.metadata?.name),
      ['elsewhere'],
    );
    const finalized = cluster.api.calls.find((call) => call.path === '/api/v1/namespaces/doomed/finalize');
    assert.equal(finalized?.method, 'PUT');
  });

  it('goes on with a deletion that began before it started', async () => {
    await cluster.client.namespaces.delete('doomed');
    await cluster.start(['namespace']);
    await cluster.until('gone', () => !namespace());
  });

  it('waits for pods before it touches the rest, and goes on as soon as the last is gone', async () => {
    cluster.api.create<V1Pod>(PODS, 'doomed', {
      metadata: { name: 'p' },
      spec: { containers: [], nodeName: 'n', terminationGracePeriodSeconds: 30 },
    });
    put('config');
    await cluster.start(['namespace']);
    await cluster.client.namespaces.delete('doomed');
    await cluster.until('told', () => condition('NamespaceContentRemaining')?.status === 'True');
    assert.equal(namespace()!.status!.phase, 'Terminating');
    assert.equal(
      condition('NamespaceContentRemaining')!.message,
      'Some resources are remaining: pods. has 1 resource instances',
    );
    assert.ok(cluster.pod('p', 'doomed')!.metadata!.deletionTimestamp);
    await cluster.clock.advance(20_000);
    assert.ok(cluster.api.peek(CONFIG_MAPS, 'config', 'doomed'));
    cluster.api.remove(PODS, 'p', 'doomed');
    await cluster.until('gone', () => !namespace());
  });

  it('tells of finalizers that hold it up, and goes on once they are gone', async () => {
    put('held', ['example.com/x']);
    await cluster.start(['namespace']);
    await cluster.client.namespaces.delete('doomed');
    const told = await cluster.until('told', () => condition('NamespaceFinalizersRemaining'));
    assert.deepEqual(
      [told.status, told.reason, told.message],
      [
        'True',
        'SomeFinalizersRemain',
        'Some content in the namespace has finalizers remaining: example.com/x in 1 resource instances',
      ],
    );
    cluster.api.change<V1ConfigMap>(CONFIG_MAPS, 'held', 'doomed', (map) => ({
      ...map,
      metadata: { ...map.metadata, finalizers: [] },
    }));
    await cluster.clock.advance(8000);
    await cluster.until('gone', () => !namespace());
  });

  it('deletes what it can where a resource fails, tells why, and tries again', async () => {
    put('one');
    cluster.api.create(SERVICE_ACCOUNTS, 'doomed', { metadata: { name: 'default' } });
    let fail = true;
    cluster.api.intercept = (call) => {
      if (fail && call.method === 'DELETE' && call.path.endsWith('/configmaps')) throw serviceUnavailable('broken');
    };
    await cluster.start(['namespace']);
    await cluster.client.namespaces.delete('doomed');
    const told = await cluster.until('told', () => condition('NamespaceDeletionContentFailure'));
    assert.equal(told.message, 'Failed to delete all resource types, 1 remaining: broken');
    assert.deepEqual(cluster.api.all(SERVICE_ACCOUNTS), []);
    fail = false;
    await cluster.clock.advance(60_000);
    await cluster.until('gone', () => !namespace());
  });

  it('does not let it go while a group cannot be discovered', async () => {
    let fail = true;
    cluster.api.intercept = (call) => {
      if (fail && call.path === '/apis/coordination.k8s.io/v1') throw serviceUnavailable('down');
    };
    await cluster.start(['namespace']);
    await cluster.client.namespaces.delete('doomed');
    const told = await cluster.until('told', () => condition('NamespaceDeletionDiscoveryFailure'));
    assert.deepEqual(
      [told.status, told.message],
      [
        'True',
        'Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: coordination.k8s.io/v1: down',
      ],
    );
    fail = false;
    await cluster.clock.advance(60_000);
    await cluster.until('gone', () => !namespace());
  });

  it('leaves finalizers of others in place', async () => {
    cluster.api.change<V1Namespace>(NAMESPACES, 'doomed', undefined, (found) => ({
      ...found,
      spec: { finalizers: ['kubernetes', 'example.com/mine'] },
    }));
    await cluster.start(['namespace']);
    await cluster.client.namespaces.delete('doomed');
    await cluster.until('ours is gone', () => namespace()?.spec?.finalizers?.length === 1);
    await cluster.clock.advance(1000);
    assert.deepEqual(namespace()!.spec!.finalizers, ['example.com/mine']);
  });
});

describe('conditionsAfter', () => {
  const clean = (): DeletionReport => ({ contentFailures: [], remaining: new Map(), finalizers: new Map() });

  it('says that all is well in five conditions', () => {
    const { conditions, changed } = conditionsAfter(undefined, clean(), 0);
    assert.equal(changed, true);
    assert.deepEqual(
      conditions.map(({ type, status, reason }) => [type, status, reason]),
      [
        ['NamespaceDeletionDiscoveryFailure', 'False', 'ResourcesDiscovered'],
        ['NamespaceDeletionGroupVersionParsingFailure', 'False', 'ParsedGroupVersions'],
        ['NamespaceDeletionContentFailure', 'False', 'ContentDeleted'],
        ['NamespaceContentRemaining', 'False', 'ContentRemoved'],
        ['NamespaceFinalizersRemaining', 'False', 'ContentHasNoFinalizers'],
      ],
    );
    assert.equal(conditionsAfter(conditions, clean(), 99).changed, false);
  });

  it('keeps the time of a condition whose status stays, and conditions of others', () => {
    const report = { ...clean(), remaining: new Map([['pods.', 2]]) };
    const first = conditionsAfter([{ type: 'Foreign', status: 'True' }], report, 0);
    report.remaining = new Map([
      ['pods.', 1],
      ['a.b', 3],
    ]);
    const second = conditionsAfter(first.conditions, report, 5000);
    const remaining = second.conditions.find(({ type }) => type === 'NamespaceContentRemaining')!;
    assert.equal(
      remaining.message,
      'Some resources are remaining: a.b has 3 resource instances, pods. has 1 resource instances',
    );
    assert.equal(remaining.lastTransitionTime, '1970-01-01T00:00:00Z');
    const third = conditionsAfter(second.conditions, clean(), 9000);
    assert.equal(
      third.conditions.find(({ type }) => type === 'NamespaceContentRemaining')!.lastTransitionTime,
      '1970-01-01T00:00:09Z',
    );
    assert.equal(third.conditions[0]!.type, 'Foreign');
  });
});

describe('estimateOf', () => {
  const pods: V1Pod[] = [
    { spec: { containers: [], terminationGracePeriodSeconds: 30 } },
    { spec: { containers: [], terminationGracePeriodSeconds: 90 }, status: { phase: 'Succeeded' } },
  ];
  const resource = { group: '', resource: 'pods' };
  it('is the longest grace of a pod that still runs', () => assert.equal(estimateOf(resource, pods, 5), 30));
  it('is nothing once that has passed', () => assert.equal(estimateOf(resource, pods, 30), 0));
  it('is nothing for other resources', () => assert.equal(estimateOf({ group: 'x', resource: 'pods' }, pods, 5), 0));
});
