import assert from 'node:assert/strict';
import { PODS, REPLICATION_CONTROLLERS } from '../../client/resources.ts';
import type { V1Pod } from '../../openapi/generated/types.ts';
import { forbidden } from '../../openapi/status.ts';
import { FakeCluster, webController } from '../runtime/fake-cluster.ts';

describe('replication controller', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0, 'no timer is left');
  });

  const create = (replicas: number, more: object = {}) =>
    cluster.api.create(REPLICATION_CONTROLLERS, 'default', webController(replicas, more));
  const scale = (replicas: number) => cluster.changeRc((rc) => ({ ...rc, spec: { ...rc.spec, replicas } }));
  const creations = () => cluster.api.writes.filter((write) => write === 'POST /api/v1/namespaces/default/pods').length;

  async function startWith(replicas: number, more: object = {}): Promise<V1Pod[]> {
    create(replicas, more);
    await cluster.start(['replication']);
    await cluster.until('pods', () => cluster.rc()?.status?.replicas === replicas);
    return cluster.live();
  }

  it('makes pods from the template, owned by the controller', async () => {
    const [pod] = await startWith(1);
    assert.match(pod!.metadata!.name!, /^web-[a-z0-9]{5}$/);
    assert.equal(pod!.metadata!.generateName, 'web-');
    assert.deepEqual(pod!.metadata!.labels, { app: 'web' });
    assert.deepEqual(pod!.metadata!.ownerReferences, [
      {
        apiVersion: 'v1',
        kind: 'ReplicationController',
        name: 'web',
        uid: cluster.rc()!.metadata!.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
    assert.deepEqual(pod!.spec, { containers: [{ name: 'c', image: 'i' }] });
    await cluster.until('event', () =>
      cluster.events().includes(`Normal SuccessfulCreate Created pod: ${pod!.metadata!.name}`),
    );
  });

  it('replaces a pod that is deleted, that fails, or that is going', async () => {
    const [a, b, c] = await startWith(3);
    cluster.api.remove(PODS, a!.metadata!.name!, 'default');
    await cluster.until('a replaced', () => cluster.live().length === 3);
    cluster.changePod(b!.metadata!.name!, (pod) => ({ ...pod, status: { phase: 'Failed' } }));
    await cluster.until('b replaced', () => cluster.live().length === 4);
    cluster.run(c!.metadata!.name!);
    await cluster.client.pods.delete(c!.metadata!.name!, 'default');
    await cluster.until('c replaced while it still stops', () => cluster.live().length === 4);
    assert.equal(cluster.rc()!.status!.replicas, 3);
  });

  it('deletes the surplus, unready pods first, and tells so', async () => {
    const pods = await startWith(3);
    cluster.run(pods[0]!.metadata!.name!);
    cluster.run(pods[1]!.metadata!.name!, { ready: false });
    cluster.run(pods[2]!.metadata!.name!);
    scale(2);
    await cluster.until('one goes', () => cluster.live().length === 2);
    assert.ok(cluster.pod(pods[1]!.metadata!.name!)!.metadata!.deletionTimestamp);
    await cluster.until('event', () =>
      cluster.events().includes(`Normal SuccessfulDelete Deleted pod: ${pods[1]!.metadata!.name}`),
    );
    scale(0);
    await cluster.until('all go', () => cluster.live().length === 0);
  });

  it('keeps its status up to date', async () => {
    const [pod] = await startWith(2, { minReadySeconds: 10 });
    cluster.run(pod!.metadata!.name!);
    await cluster.until('ready', () => cluster.rc()?.status?.readyReplicas === 1);
    assert.equal(cluster.rc()!.status!.availableReplicas, 0);
    await cluster.clock.advance(11_000);
    await cluster.until('available', () => cluster.rc()?.status?.availableReplicas === 1);
    scale(3);
    await cluster.until('generation', () => cluster.rc()?.status?.observedGeneration === 2);
  });

  it('makes no pod twice while its copy is behind', async () => {
    create(5);
    // What is created shows in the watch only when the test lets it.
    const held: (() => void)[] = [];
    const watch = cluster.api.watch.bind(cluster.api);
    cluster.api.watch = async function* (call) {
      for await (const event of watch(call)) {
        if (call.path.endsWith('/pods')) await new Promise<void>((resolve) => held.push(resolve));
        yield event;
      }
    };
    await cluster.start(['replication']);
    await cluster.until('five are made', () => creations() === 5);
    for (let i = 0; i < 3; i++) {
      cluster.changeRc((rc) => ({ ...rc, metadata: { ...rc.metadata, annotations: { again: String(i) } } }));
      await cluster.until('it looked again', () => held.length > 0);
      await cluster.clock.advance(1000);
    }
    assert.equal(creations(), 5);
    while (held.length > 0 || cluster.rc()?.status?.replicas !== 5) {
      held.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(creations(), 5);
  });

  it('stops at the first failure of a large batch, says why, and tries again later', async () => {
    let refuse = true;
    cluster.api.intercept = (call) => {
      if (refuse && call.method === 'POST' && call.path.endsWith('/pods')) throw forbidden(PODS, '', 'exceeded quota');
    };
    create(100);
    await cluster.start(['replication']);
    await cluster.until('failure', () => cluster.rc()?.status?.conditions?.[0]);
    assert.ok(creations() < 5, `${creations()} attempts`);
    const condition = cluster.rc()!.status!.conditions![0]!;
    assert.deepEqual(
      [condition.type, condition.reason, condition.message],
      ['ReplicaFailure', 'FailedCreate', 'exceeded quota'],
    );
    await cluster.until('event', () =>
      cluster.events().includes('Warning FailedCreate Error creating: exceeded quota'),
    );
    refuse = false;
    await cluster.clock.advance(10_000);
    await cluster.until('all are there', () => cluster.live().length === 100);
    await cluster.until('no complaint', () => !cluster.rc()?.status?.conditions);
  });

  it('makes no more than 500 at once', async () => {
    create(501);
    let most = 0;
    cluster.api.intercept = (call) => {
      if (call.path.endsWith('/replicationcontrollers/web/status') && most === 0) most = creations();
    };
    await cluster.start(['replication']);
    await cluster.until('all are there', () => cluster.live().length === 501);
    assert.equal(most, 500);
  });

  it('adopts matching orphans instead of making pods', async () => {
    cluster.api.create(PODS, 'default', { metadata: { name: 'orphan', labels: { app: 'web' } } });
    cluster.api.create(PODS, 'default', { metadata: { name: 'stranger', labels: { app: 'other' } } });
    await startWith(1);
    assert.equal(creations(), 0);
    assert.equal(cluster.pod('orphan')!.metadata!.ownerReferences![0]!.uid, cluster.rc()!.metadata!.uid);
    assert.equal(cluster.pod('stranger')!.metadata!.ownerReferences, undefined);
  });

  it('releases a pod whose labels no longer match, and makes another', async () => {
    const [pod] = await startWith(1);
    const name = pod!.metadata!.name!;
    cluster.changePod(name, (old) => ({ ...old, metadata: { ...old.metadata, labels: { app: 'debug' } } }));
    await cluster.until('another', () => cluster.live().length === 2);
    await cluster.until('released', () => cluster.pod(name)!.metadata!.ownerReferences!.length === 0);
  });

  it('leaves pods of another controller alone though they match', async () => {
    const reference = { apiVersion: 'v1', kind: 'ReplicationController', name: 'x', uid: 'other', controller: true };
    cluster.api.create(PODS, 'default', {
      metadata: { name: 'foreign', labels: { app: 'web' }, ownerReferences: [reference] },
    });
    await startWith(1);
    assert.equal(creations(), 1);
    assert.deepEqual(cluster.pod('foreign')!.metadata!.ownerReferences, [reference]);
  });

  it('does not adopt when the server says that the controller is being deleted', async () => {
    cluster.api.create(PODS, 'default', { metadata: { name: 'orphan', labels: { app: 'web' } } });
    const rc = create(1);
    cluster.api.intercept = (call) => {
      if (call.method === 'GET' && call.path.endsWith('/replicationcontrollers/web')) {
        cluster.changeRc((old) => ({ ...old, metadata: { ...old.metadata, finalizers: ['x'] } }));
        cluster.api.intercept = undefined;
        return cluster.client.replicationControllers.delete('web', 'default').then(() => undefined);
      }
    };
    await cluster.start(['replication']);
    await cluster.until('deleted', () => cluster.rc()?.metadata?.deletionTimestamp);
    await cluster.clock.advance(5000);
    assert.equal(cluster.pod('orphan')!.metadata!.ownerReferences, undefined);
    assert.equal(rc.metadata!.name, 'web');
    assert.equal(cluster.live().length, 1, 'and makes no pod');
  });
});
