import assert from 'node:assert/strict';
import { CONFIG_MAPS, LEASES, NODES, PODS, REPLICATION_CONTROLLERS, SECRETS } from '../../client/resources.ts';
import type { V1OwnerReference } from '../../openapi/generated/types.ts';
import type { KubeObject, ResourceRef } from '../../openapi/object.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';
import { verdictOn } from './collector.ts';

const WIDGETS: ResourceRef = {
  group: 'example.com',
  version: 'v1',
  resource: 'widgets',
  kind: 'Widget',
  namespaced: true,
};

describe('garbage collector', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster([WIDGETS]);
  });
  afterEach(() => cluster.stop());

  const get = (ref: ResourceRef, name: string, namespace = 'default') =>
    cluster.api.peek<KubeObject>(ref, name, namespace);
  const put = (
    ref: ResourceRef,
    name: string,
    owners: V1OwnerReference[] = [],
    namespace: string | undefined = 'default',
  ) =>
    cluster.api.create<KubeObject>(ref, namespace, {
      metadata: { name, ...(owners.length > 0 ? { ownerReferences: owners } : {}) },
    });
  const owner = (object: KubeObject, blockOwnerDeletion = true): V1OwnerReference => ({
    apiVersion: object.apiVersion ?? '',
    kind: object.kind ?? '',
    name: object.metadata?.name ?? '',
    uid: object.metadata?.uid ?? '',
    controller: true,
    blockOwnerDeletion,
  });
  const start = () => cluster.start(['garbage-collector']);
  const uids = (ref: ResourceRef, name: string) => get(ref, name)?.metadata?.ownerReferences?.map(({ uid }) => uid);

  it('deletes what an owner leaves behind, down to the last descendant', async () => {
    const rc = put(REPLICATION_CONTROLLERS, 'rc');
    const pod = put(PODS, 'pod', [owner(rc)]);
    put(CONFIG_MAPS, 'grandchild', [owner(pod)]);
    put(CONFIG_MAPS, 'bystander');
    await start();
    await cluster.clock.advance(1000);
    assert.deepEqual(cluster.api.writes, [], 'nothing happens while the owner is there');
    await cluster.client.replicationControllers.delete('rc', 'default');
    await cluster.until('all gone', () => !get(PODS, 'pod') && !get(CONFIG_MAPS, 'grandchild'));
    assert.ok(get(CONFIG_MAPS, 'bystander'));
  });

  it('follows every kind that the server serves, as owners and as dependents', async () => {
    const rc = put(REPLICATION_CONTROLLERS, 'rc');
    const widget = put(WIDGETS, 'widget', [owner(rc)]);
    put(CONFIG_MAPS, 'map', [owner(widget)]);
    await start();
    await cluster.until('discovered', () => cluster.api.calls.some(({ path }) => path.endsWith('/widgets')));
    await cluster.client.replicationControllers.delete('rc', 'default');
    await cluster.until('all gone', () => !get(WIDGETS, 'widget') && !get(CONFIG_MAPS, 'map'));
  });

  it('deletes what was left behind before it started, having asked the server', async () => {
    const rc = put(REPLICATION_CONTROLLERS, 'rc');
    put(PODS, 'pod', [owner(rc)]);
    cluster.api.remove(REPLICATION_CONTROLLERS, 'rc', 'default');
    await start();
    await cluster.until('gone', () => !get(PODS, 'pod'));
    assert.ok(
      cluster.api.calls.some((call) => call.method === 'GET' && call.path.endsWith('/replicationcontrollers/rc')),
    );
  });

  it('does not take an owner of the same name for the one that is gone', async () => {
    const rc = put(REPLICATION_CONTROLLERS, 'rc');
    put(PODS, 'pod', [owner(rc)]);
    cluster.api.remove(REPLICATION_CONTROLLERS, 'rc', 'default');
    put(REPLICATION_CONTROLLERS, 'rc');
    await start();
    await cluster.until('gone', () => !get(PODS, 'pod'));
  });

  it('keeps what still has another owner, and takes the one that is gone off it', async () => {
    const gone = put(CONFIG_MAPS, 'gone');
    const stays = put(CONFIG_MAPS, 'stays');
    put(SECRETS, 's', [owner(gone), owner(stays)]);
    await start();
    cluster.api.remove(CONFIG_MAPS, 'gone', 'default');
    await cluster.until('one owner', () => uids(SECRETS, 's')?.length === 1);
    assert.deepEqual(uids(SECRETS, 's'), [stays.metadata!.uid]);
  });

  it('looks an owner up whose kind it does not follow', async () => {
    const event = cluster.api.create<KubeObject>(
      { group: '', version: 'v1', resource: 'events', kind: 'Event', namespaced: true },
      'default',
      { metadata: { name: 'e' } },
    );
    put(SECRETS, 'kept', [owner(event)]);
    put(SECRETS, 'lost', [{ ...owner(event), name: 'other' }]);
    put(SECRETS, 'unknown', [{ ...owner(event), kind: 'Mystery' }]);
    await start();
    await cluster.until('lost is gone', () => !get(SECRETS, 'lost'));
    await cluster.clock.advance(1000);
    assert.ok(get(SECRETS, 'kept'));
    assert.ok(get(SECRETS, 'unknown'), 'a kind that is not served may yet be');
  });

  it('hears of the end of an owner that it has never had in its copy', async () => {
    const ref = { group: '', version: 'v1', resource: 'events', kind: 'Event', namespaced: true };
    const event = cluster.api.create<KubeObject>(ref, 'default', { metadata: { name: 'e' } });
    put(SECRETS, 'dependent', [owner(event)]);
    await start();
    await cluster.clock.advance(1000);
    assert.ok(get(SECRETS, 'dependent'));
    cluster.api.remove(ref, 'e', 'default');
    await cluster.clock.advance(20_000);
    await cluster.until('gone', () => !get(SECRETS, 'dependent'));
  });

  it('deletes the lease of a node that is gone, and spares what is of the cluster but owned in a namespace', async () => {
    const node = put(NODES, 'n', [], undefined);
    put(LEASES, 'n', [owner(node)], 'kube-node-lease');
    const rc = put(REPLICATION_CONTROLLERS, 'rc');
    put(NODES, 'odd', [owner(rc)], undefined);
    await start();
    cluster.api.remove(NODES, 'n');
    cluster.api.remove(REPLICATION_CONTROLLERS, 'rc', 'default');
    await cluster.until('lease is gone', () => !get(LEASES, 'n', 'kube-node-lease'));
    await cluster.clock.advance(1000);
    assert.ok(cluster.node('odd'));
  });

  it('deletes dependents first in the foreground, waiting for those that block', async () => {
    const rc = put(REPLICATION_CONTROLLERS, 'rc');
    put(PODS, 'quick', [owner(rc)]);
    put(PODS, 'slow', [owner(rc)]);
    cluster.run('slow');
    await start();
    await cluster.client.replicationControllers.delete('rc', 'default', { propagationPolicy: 'Foreground' });
    await cluster.until('slow is stopping', () => get(PODS, 'slow')?.metadata?.deletionTimestamp);
    await cluster.until('quick is gone', () => !get(PODS, 'quick'));
    await cluster.clock.advance(1000);
    assert.ok(cluster.rc('rc'), 'the owner waits');
    cluster.api.remove(PODS, 'slow', 'default');
    await cluster.until('owner is gone', () => !cluster.rc('rc'));
  });

  it('does not wait for dependents that do not block, but deletes them afterwards', async () => {
    const rc = put(REPLICATION_CONTROLLERS, 'rc');
    put(PODS, 'slow', [owner(rc, false)]);
    cluster.run('slow');
    await start();
    await cluster.client.replicationControllers.delete('rc', 'default', { propagationPolicy: 'Foreground' });
    await cluster.until('owner is gone', () => !cluster.rc('rc'));
    await cluster.until('slow is stopping', () => get(PODS, 'slow')?.metadata?.deletionTimestamp);
  });

  it('goes on in the foreground with dependents that have dependents', async () => {
    const rc = put(REPLICATION_CONTROLLERS, 'rc');
    const child = put(CONFIG_MAPS, 'child', [owner(rc)]);
    put(PODS, 'leaf', [owner(child)]);
    cluster.run('leaf');
    await start();
    await cluster.client.replicationControllers.delete('rc', 'default', { propagationPolicy: 'Foreground' });
    await cluster.until('leaf is stopping', () => get(PODS, 'leaf')?.metadata?.deletionTimestamp);
    await cluster.clock.advance(1000);
    assert.deepEqual(get(CONFIG_MAPS, 'child')?.metadata?.finalizers, ['foregroundDeletion']);
    assert.ok(cluster.rc('rc'));
    cluster.api.remove(PODS, 'leaf', 'default');
    await cluster.until('all gone', () => !cluster.rc('rc') && !get(CONFIG_MAPS, 'child'));
  });

  it('lets an owner go as soon as its last dependent no longer blocks it', async () => {
    const rc = put(REPLICATION_CONTROLLERS, 'rc');
    put(PODS, 'slow', [owner(rc)]);
    cluster.run('slow');
    await start();
    await cluster.client.replicationControllers.delete('rc', 'default', { propagationPolicy: 'Foreground' });
    await cluster.until('slow is stopping', () => get(PODS, 'slow')?.metadata?.deletionTimestamp);
    cluster.changePod('slow', (pod) => ({
      ...pod,
      metadata: { ...pod.metadata, ownerReferences: [owner(rc, false)] },
    }));
    await cluster.until('owner is gone', () => !cluster.rc('rc'));
  });

  it('deletes two that own each other, though each would wait for the other', async () => {
    const reference = (name: string, uid: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name,
      uid,
      blockOwnerDeletion: true,
    });
    for (const [name, other] of [
      ['x', 'y'],
      ['y', 'x'],
    ] as const) {
      cluster.api.create<KubeObject>(CONFIG_MAPS, 'default', {
        metadata: { name, uid: `uid-${name}`, ownerReferences: [reference(other, `uid-${other}`)] },
      });
    }
    await start();
    await cluster.client.configMaps.delete('x', 'default', { propagationPolicy: 'Foreground' });
    for (let i = 0; i < 10; i++) await cluster.clock.advance(100);
    assert.deepEqual(cluster.api.all(CONFIG_MAPS), []);
  });

  it('leaves dependents behind, without their owner, when they are orphaned', async () => {
    const rc = put(REPLICATION_CONTROLLERS, 'rc');
    const other = put(CONFIG_MAPS, 'other');
    put(PODS, 'a', [owner(rc)]);
    put(PODS, 'b', [owner(rc), owner(other)]);
    await start();
    await cluster.client.replicationControllers.delete('rc', 'default', { propagationPolicy: 'Orphan' });
    await cluster.until('owner is gone', () => !cluster.rc('rc'));
    await cluster.clock.advance(1000);
    assert.deepEqual(uids(PODS, 'a'), []);
    assert.deepEqual(uids(PODS, 'b'), [other.metadata!.uid]);
    assert.equal(get(PODS, 'a')!.metadata!.deletionTimestamp, undefined);
  });

  it('spares an object that found a new owner while it was being judged', async () => {
    const gone = put(CONFIG_MAPS, 'gone');
    const fresh = put(CONFIG_MAPS, 'fresh');
    put(SECRETS, 's', [owner(gone)]);
    await start();
    cluster.api.intercept = (call) => {
      if (call.method !== 'DELETE' || !call.path.endsWith('/secrets/s')) return;
      cluster.api.intercept = undefined;
      cluster.api.change<KubeObject>(SECRETS, 's', 'default', (secret) => ({
        ...secret,
        metadata: { ...secret.metadata, ownerReferences: [owner(fresh)] },
      }));
    };
    cluster.api.remove(CONFIG_MAPS, 'gone', 'default');
    await cluster.until('tried', () => cluster.api.intercept === undefined);
    await cluster.clock.advance(1000);
    assert.ok(get(SECRETS, 's'));
  });
});

describe('verdictOn', () => {
  const reference = (uid: string): V1OwnerReference => ({ apiVersion: 'v1', kind: 'X', name: uid, uid });
  const owners = (solid: string[], dangling: string[], waiting: string[]) => ({
    solid: solid.map(reference),
    dangling: dangling.map(reference),
    waiting: waiting.map(reference),
  });
  const held = (finalizer: string): KubeObject => ({ metadata: { finalizers: [finalizer] } });

  it('keeps what has only owners that stay', () => {
    assert.deepEqual(verdictOn({}, owners(['a'], [], []), true), { action: 'keep' });
  });
  it('unlinks owners that are gone or that wait', () => {
    assert.deepEqual(verdictOn({}, owners(['a'], ['b'], ['c']), true), { action: 'unlink', uids: ['b', 'c'] });
  });
  for (const { title, object, waiting, dependents, policy } of [
    { title: 'in the background by default', object: {}, waiting: [], dependents: true, policy: 'Background' },
    {
      title: 'in the foreground where an owner waits and there are dependents',
      object: {},
      waiting: ['w'],
      dependents: true,
      policy: 'Foreground',
    },
    {
      title: 'in the background where an owner waits and there are none',
      object: {},
      waiting: ['w'],
      dependents: false,
      policy: 'Background',
    },
    {
      title: 'as an orphan’s owner where its finalizer says so',
      object: held('orphan'),
      waiting: [],
      dependents: true,
      policy: 'Orphan',
    },
    {
      title: 'in the foreground where its finalizer says so',
      object: held('foregroundDeletion'),
      waiting: [],
      dependents: true,
      policy: 'Foreground',
    },
  ]) {
    it(`deletes ${title}`, () => {
      assert.deepEqual(verdictOn(object, owners([], ['d'], waiting), dependents), { action: 'delete', policy });
    });
  }
});
