import assert from 'node:assert/strict';
import { PODS, REPLICA_SETS } from '../../client/resources.ts';
import type { V1OwnerReference, V1Pod, V1ReplicaSet } from '../../openapi/generated/types.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';

describe('replica set controller', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0, 'no timer is left');
  });

  const set = (name = 'web') => cluster.api.peek<V1ReplicaSet>(REPLICA_SETS, name, 'default');
  const change = (edit: (set: V1ReplicaSet) => V1ReplicaSet, name = 'web') =>
    cluster.api.change(REPLICA_SETS, name, 'default', edit);
  const scale = (replicas: number) => change((old) => ({ ...old, spec: { selector: {}, ...old.spec, replicas } }));

  function create(replicas: number, more: { name?: string; app?: string; owner?: V1OwnerReference } = {}) {
    const { name = 'web', app = 'web', owner } = more;
    return cluster.api.create<V1ReplicaSet>(REPLICA_SETS, 'default', {
      metadata: { name, ...(owner ? { ownerReferences: [owner] } : {}) },
      spec: {
        replicas,
        selector: { matchLabels: { app }, matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }] },
        template: { metadata: { labels: { app, tier: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    });
  }

  async function startWith(replicas: number): Promise<V1Pod[]> {
    create(replicas);
    await cluster.start(['replicaset']);
    await cluster.until('pods', () => set()?.status?.replicas === replicas);
    return cluster.live();
  }

  it('makes pods that it owns, and tells of each', async () => {
    const [pod] = await startWith(1);
    assert.deepEqual(pod!.metadata!.ownerReferences, [
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: 'web',
        uid: set()!.metadata!.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
    await cluster.until('event', () =>
      cluster.events().includes(`Normal SuccessfulCreate Created pod: ${pod!.metadata!.name}`),
    );
  });

  it('adopts what its expressions select, too, and releases what they no longer do', async () => {
    cluster.api.create(PODS, 'default', { metadata: { name: 'orphan', labels: { app: 'web', tier: 'b' } } });
    cluster.api.create(PODS, 'default', { metadata: { name: 'stranger', labels: { app: 'web', tier: 'c' } } });
    await startWith(1);
    assert.equal(cluster.pod('orphan')!.metadata!.ownerReferences![0]!.uid, set()!.metadata!.uid);
    assert.equal(cluster.pod('stranger')!.metadata!.ownerReferences, undefined);
    cluster.changePod('orphan', (pod) => ({
      ...pod,
      metadata: { ...pod.metadata, labels: { app: 'web', tier: 'z' } },
    }));
    await cluster.until('another', () => cluster.live().length === 3);
    await cluster.until('released', () => cluster.pod('orphan')!.metadata!.ownerReferences!.length === 0);
  });

  it('counts pods that are on their way out until they are gone or have ended', async () => {
    const pods = await startWith(3);
    assert.equal(set()!.status!.terminatingReplicas, 0);
    for (const pod of pods) cluster.run(pod.metadata!.name!);
    scale(1);
    await cluster.until('two going', () => set()?.status?.terminatingReplicas === 2);
    assert.equal(set()!.status!.replicas, 1);
    const [first, second] = cluster.pods().filter(({ metadata }) => metadata?.deletionTimestamp);
    cluster.changePod(first!.metadata!.name!, (pod) => ({ ...pod, status: { phase: 'Succeeded' } }));
    await cluster.until('one ended', () => set()?.status?.terminatingReplicas === 1);
    cluster.api.remove(PODS, second!.metadata!.name!, 'default');
    await cluster.until('none going', () => set()?.status?.terminatingReplicas === 0);
  });

  it('takes the pod first that has most company of its Deployment on its node', async () => {
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd', uid: 'd', controller: true };
    create(2, { owner });
    create(1, { name: 'old', app: 'old', owner });
    await cluster.start(['replicaset']);
    await cluster.until('pods', () => cluster.live().length === 3);
    const of = (uid: string | undefined) =>
      cluster.live().filter(({ metadata }) => metadata?.ownerReferences?.[0]?.uid === uid);
    const [a, b] = of(set()!.metadata!.uid);
    const [other] = of(set('old')!.metadata!.uid);
    cluster.run(a!.metadata!.name!, { node: 'crowded' });
    cluster.run(other!.metadata!.name!, { node: 'crowded' });
    await cluster.clock.advance(100_000);
    // By age alone this one would go.
    cluster.run(b!.metadata!.name!, { node: 'alone' });
    await cluster.until('ready', () => set()?.status?.readyReplicas === 2);
    scale(1);
    await cluster.until('one goes', () => cluster.pod(a!.metadata!.name!)!.metadata!.deletionTimestamp);
    assert.equal(cluster.pod(b!.metadata!.name!)!.metadata!.deletionTimestamp, undefined);
  });

  it('overwrites a status that says something else', async () => {
    await startWith(1);
    change((old) => ({ ...old, status: { replicas: 7, observedGeneration: 1 } }));
    await cluster.until('put right', () => set()?.status?.replicas === 1);
  });

  it('leaves pods of ReplicationControllers of its name alone', async () => {
    const reference = { apiVersion: 'v1', kind: 'ReplicationController', name: 'web', uid: 'x', controller: true };
    cluster.api.create(PODS, 'default', {
      metadata: { name: 'foreign', labels: { app: 'web', tier: 'a' }, ownerReferences: [reference] },
    });
    await startWith(1);
    assert.equal(cluster.live().length, 2);
  });

  it('counts thousands of pods only now and then while they change one by one', async () => {
    const count = 1500;
    create(count);
    await cluster.start(['replicaset']);
    while ((set()?.status?.replicas ?? 0) < count) await cluster.clock.advance(50);
    const statuses = () => cluster.api.writes.filter((write) => write.endsWith('/replicasets/web/status')).length;
    const before = statuses();
    for (const pod of cluster.live()) {
      cluster.run(pod.metadata!.name!);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(statuses(), before, 'no count without time passing');
    await cluster.clock.advance(50);
    await cluster.until('all ready', () => set()?.status?.readyReplicas === count);
  });
});
