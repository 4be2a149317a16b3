import assert from 'node:assert/strict';
import { CONFIG_MAPS, DEPLOYMENTS, PODS, RESOURCE_QUOTAS } from '../../client/resources.ts';
import type { V1ResourceQuota } from '../../openapi/generated/types.ts';
import type { KubeObject, ResourceRef } from '../../openapi/object.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';

const WIDGETS: ResourceRef = {
  group: 'example.com',
  version: 'v1',
  resource: 'widgets',
  kind: 'Widget',
  namespaced: true,
};

describe('resource quota controller', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster([WIDGETS]);
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0, 'no timer is left');
  });

  const quota = () => cluster.api.peek<V1ResourceQuota>(RESOURCE_QUOTAS, 'q', 'default');
  const used = (name: string) => quota()?.status?.used?.[name];
  const writes = () => cluster.api.writes.filter((write) => write.includes('/resourcequotas/')).length;
  const create = (hard: Record<string, string>, more: object = {}) =>
    cluster.api.create<V1ResourceQuota>(RESOURCE_QUOTAS, 'default', {
      metadata: { name: 'q' },
      spec: { hard, ...more },
    });
  const make = (ref: ResourceRef, name: string, more: object = {}, namespace = 'default') =>
    cluster.api.create<KubeObject>(ref, namespace, { metadata: { name }, ...more });

  it('says at once what is limited and what is used', async () => {
    make(CONFIG_MAPS, 'a');
    make(CONFIG_MAPS, 'b', {}, 'elsewhere');
    create({ configmaps: '3', pods: '2' });
    await cluster.start(['resourcequota']);
    await cluster.until('counted', () => quota()?.status?.used);
    assert.deepEqual(quota()!.status, { hard: { configmaps: '3', pods: '2' }, used: { configmaps: '1', pods: '0' } });
  });

  it('gives back what was deleted, and writes once for many', async () => {
    for (let i = 0; i < 20; i++) make(CONFIG_MAPS, `c${i}`);
    create({ configmaps: '30' });
    await cluster.start(['resourcequota']);
    await cluster.until('counted', () => used('configmaps') === '20');
    const before = writes();
    for (let i = 0; i < 10; i++) cluster.api.remove(CONFIG_MAPS, `c${i}`, 'default');
    await cluster.clock.advance(100);
    await cluster.until('given back', () => used('configmaps') === '10');
    assert.equal(writes(), before + 1);
  });

  it('gives back what an ended pod has used', async () => {
    make(PODS, 'a', { spec: { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] } });
    create({ cpu: '2', 'count/pods': '5' });
    await cluster.start(['resourcequota']);
    await cluster.until('counted', () => used('cpu') === '1');
    cluster.changePod('a', (pod) => ({ ...pod, status: { phase: 'Succeeded' } }));
    await cluster.clock.advance(100);
    await cluster.until('given back', () => used('cpu') === '0');
    assert.equal(used('count/pods'), '1');
  });

  it('counts what admission did not charge', async () => {
    create({ configmaps: '3' });
    await cluster.start(['resourcequota']);
    await cluster.until('counted', () => used('configmaps') === '0');
    make(CONFIG_MAPS, 'a');
    await cluster.clock.advance(1000);
    await cluster.until('found', () => used('configmaps') === '1');
  });

  it('follows its limits, and puts right a status that somebody else has changed', async () => {
    create({ configmaps: '3' });
    await cluster.start(['resourcequota']);
    await cluster.until('counted', () => used('configmaps') === '0');
    const change = (edit: (old: V1ResourceQuota) => V1ResourceQuota) =>
      cluster.api.change<V1ResourceQuota>(RESOURCE_QUOTAS, 'q', 'default', edit);
    change((old) => ({ ...old, spec: { hard: { secrets: '1' } } }));
    await cluster.until('new limits', () => used('secrets') === '0');
    assert.deepEqual(quota()!.status!.hard, { secrets: '1' });
    change((old) => ({ ...old, status: { hard: { secrets: '99' }, used: {} } }));
    await cluster.until('put right', () => quota()!.status!.hard!.secrets === '1');
    assert.equal(used('secrets'), '0');
  });

  it('leaves alone what admission charges, and looks again after five minutes', async () => {
    create({ configmaps: '3' });
    await cluster.start(['resourcequota']);
    await cluster.until('counted', () => used('configmaps') === '0');
    cluster.api.change<V1ResourceQuota>(RESOURCE_QUOTAS, 'q', 'default', (old) => ({
      ...old,
      status: { ...old.status, used: { configmaps: '1' } },
    }));
    await cluster.clock.advance(10_000);
    assert.equal(used('configmaps'), '1');
    await cluster.clock.advance(300_000);
    await cluster.until('a charge for nothing is given back', () => used('configmaps') === '0');
  });

  it('counts kinds of any group, those that users bring among them', async () => {
    make(DEPLOYMENTS, 'd');
    make(WIDGETS, 'w');
    create({ 'count/deployments.apps': '3', 'count/widgets.example.com': '3', 'count/gadgets.example.com': '1' });
    await cluster.start(['resourcequota']);
    await cluster.until('counted', () => used('count/widgets.example.com') === '1');
    assert.equal(used('count/deployments.apps'), '1');
    assert.equal(used('count/gadgets.example.com'), undefined, 'nobody knows these');
    cluster.api.remove(WIDGETS, 'w', 'default');
    await cluster.clock.advance(100);
    await cluster.until('given back', () => used('count/widgets.example.com') === '0');
  });
});
