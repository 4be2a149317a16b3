import assert from 'node:assert/strict';
import {
  DEPLOYMENTS,
  JOBS,
  POD_DISRUPTION_BUDGETS,
  PODS,
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  STATEFUL_SETS,
} from '../../client/resources.ts';
import type { V1Pod, V1PodDisruptionBudget } from '../../openapi/generated/types.ts';
import type { KubeObject, ResourceRef } from '../../openapi/object.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';

const WIDGETS: ResourceRef = {
  group: 'example.com',
  version: 'v1',
  resource: 'widgets',
  kind: 'Widget',
  namespaced: true,
};

describe('disruption controller', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster([WIDGETS]);
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0, 'no timer is left');
  });

  const budget = (name = 'b') => cluster.api.peek<V1PodDisruptionBudget>(POD_DISRUPTION_BUDGETS, name, 'default');
  const status = (name = 'b') => budget(name)?.status;
  const createBudget = (spec: V1PodDisruptionBudget['spec'], name = 'b') =>
    cluster.api.create<V1PodDisruptionBudget>(POD_DISRUPTION_BUDGETS, 'default', {
      metadata: { name },
      spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
    });
  const owner = (ref: ResourceRef, uid: string, name = 'web') => ({
    apiVersion: ref.group ? `${ref.group}/${ref.version}` : ref.version,
    kind: ref.kind,
    name,
    uid,
    controller: true,
  });

  function createPods(count: number, reference?: object): void {
    for (let i = 0; i < count; i++) {
      const metadata = {
        name: `p${i}`,
        labels: { app: 'web' },
        ...(reference ? { ownerReferences: [reference] } : {}),
      };
      cluster.api.create(PODS, 'default', { metadata } as V1Pod);
      cluster.run(`p${i}`, { ip: `10.0.0.${i}` });
    }
  }

  it('counts the pods of a budget and follows them', async () => {
    createBudget({ minAvailable: 2 });
    createPods(3);
    await cluster.start(['disruption']);
    await cluster.until('counted', () => status()?.disruptionsAllowed === 1);
    assert.equal(status()!.observedGeneration, 1);
    assert.equal(status()!.expectedPods, 3);
    cluster.run('p0', { ready: false });
    await cluster.until('unready', () => status()?.disruptionsAllowed === 0);
    cluster.api.change<V1PodDisruptionBudget>(POD_DISRUPTION_BUDGETS, 'b', 'default', (old) => ({
      ...old,
      spec: { ...old.spec, minAvailable: 1 },
    }));
    await cluster.until('loosened', () => status()?.disruptionsAllowed === 1 && status()?.observedGeneration === 2);
    cluster.changePod('p1', (pod) => ({ ...pod, metadata: { ...pod.metadata, labels: {} } }));
    await cluster.until('one less', () => status()?.expectedPods === 2);
  });

  const kinds: { title: string; ref: ResourceRef; extra?: () => void }[] = [
    { title: 'a ReplicationController', ref: REPLICATION_CONTROLLERS },
    { title: 'a ReplicaSet', ref: REPLICA_SETS },
    { title: 'a StatefulSet', ref: STATEFUL_SETS },
    { title: 'any kind that can be scaled', ref: WIDGETS },
  ];
  for (const { title, ref } of kinds) {
    it(`expects as many pods as ${title} asks for`, async () => {
      const { metadata } = cluster.api.create(ref, 'default', {
        metadata: { name: 'web' },
        spec: { replicas: 6 },
      } as KubeObject);
      if (ref === WIDGETS) serveScale(metadata!.uid!);
      createPods(3, owner(ref, metadata!.uid!));
      createBudget({ maxUnavailable: '50%' });
      await cluster.start(['disruption']);
      await cluster.until('counted', () => status()?.expectedPods === 6);
      assert.deepEqual([status()!.desiredHealthy, status()!.currentHealthy], [3, 3]);
    });
  }

  function serveScale(uid: string): void {
    const call = cluster.api.call.bind(cluster.api);
    cluster.api.call = (request) => {
      if (request.path.endsWith('/widgets/web/scale')) {
        return Promise.resolve({ kind: 'Scale', metadata: { name: 'web', uid }, spec: { replicas: 6 } });
      }
      return call(request);
    };
  }

  it('counts the sets of a Deployment as the Deployment, and notices that it was scaled', async () => {
    const { metadata } = cluster.api.create(DEPLOYMENTS, 'default', {
      metadata: { name: 'web' },
      spec: { replicas: 4 },
    } as KubeObject);
    const reference = owner(DEPLOYMENTS, metadata!.uid!);
    const set = cluster.api.create(REPLICA_SETS, 'default', {
      metadata: { name: 'web-1', ownerReferences: [reference] },
      spec: { replicas: 1 },
    } as KubeObject);
    createPods(2, owner(REPLICA_SETS, set.metadata!.uid!, 'web-1'));
    createBudget({ minAvailable: '25%' });
    await cluster.start(['disruption']);
    await cluster.until('counted', () => status()?.expectedPods === 4);
    cluster.api.change(DEPLOYMENTS, 'web', 'default', (old) => ({ ...old, spec: { replicas: 8 } }));
    await cluster.clock.advance(30_000);
    await cluster.until('scaled', () => status()?.expectedPods === 8);
  });

  it('allows nothing for pods of a kind that cannot be scaled, and says why', async () => {
    const { metadata } = cluster.api.create<KubeObject>(JOBS, 'default', { metadata: { name: 'web' } });
    const call = cluster.api.call.bind(cluster.api);
    cluster.api.call = (request) =>
      request.path.endsWith('/jobs/web/scale')
        ? call({ ...request, path: request.path.replace(/web.scale/, 'no') })
        : call(request);
    createPods(1, owner(JOBS, metadata!.uid!));
    createBudget({ maxUnavailable: 1 });
    await cluster.start(['disruption']);
    await cluster.until('failed', () => status()?.conditions?.[0]?.reason === 'SyncFailed');
    assert.equal(status()!.conditions![0]!.message, 'jobs.batch does not implement the scale subresource');
    await cluster.until('event', () =>
      cluster
        .events()
        .includes(
          'Warning CalculateExpectedPodCountFailed Failed to calculate the number of expected pods: ' +
            'jobs.batch does not implement the scale subresource',
        ),
    );
  });

  it('tells of pods without a controller and of a budget without pods', async () => {
    createBudget({ maxUnavailable: 1 });
    createBudget({ minAvailable: 1, selector: { matchLabels: { app: 'none' } } }, 'empty');
    createPods(1);
    await cluster.start(['disruption']);
    await cluster.until('unmanaged', () =>
      cluster.events().some((event) => event.startsWith('Warning UnmanagedPods ')),
    );
    await cluster.until('none', () => cluster.events().includes('Normal NoPods No matching pods found'));
    assert.equal(status()!.disruptionsAllowed, 0);
  });

  it('awaits the end of an evicted pod, and counts it again when it does not come', async () => {
    createBudget({ minAvailable: 1 });
    createPods(2);
    await cluster.start(['disruption']);
    await cluster.until('counted', () => status()?.disruptionsAllowed === 1);
    cluster.api.change<V1PodDisruptionBudget>(POD_DISRUPTION_BUDGETS, 'b', 'default', (old) => ({
      ...old,
      status: { ...old.status!, disruptionsAllowed: 0, disruptedPods: { p0: '2026-01-01T00:00:00Z' } },
    }));
    await cluster.clock.advance(60_000);
    await cluster.until('one is going', () => status()?.currentHealthy === 1);
    assert.deepEqual(Object.keys(status()!.disruptedPods!), ['p0']);
    await cluster.clock.advance(61_000);
    await cluster.until('it stays', () => status()?.disruptionsAllowed === 1);
    assert.equal(status()!.disruptedPods, undefined);
    await cluster.until('event', () => cluster.events().some((event) => event.startsWith('Warning NotDeleted ')));
  });

  it('writes nothing while nothing changes', async () => {
    createBudget({ minAvailable: 1 });
    createPods(2);
    await cluster.start(['disruption']);
    await cluster.until('counted', () => status()?.disruptionsAllowed === 1);
    const before = cluster.api.writes.length;
    await cluster.clock.advance(95_000);
    assert.equal(cluster.api.writes.length, before);
  });

  it('tells of a pod that several budgets select, and keeps them all', async () => {
    createBudget({ minAvailable: 1 });
    createBudget({ minAvailable: 0 }, 'c');
    await cluster.start(['disruption']);
    createPods(1);
    await cluster.until('both', () => status('b')?.expectedPods === 1 && status('c')?.expectedPods === 1);
    await cluster.until('event', () =>
      cluster
        .events()
        .includes(
          'Warning MultiplePodDisruptionBudgets Pod "default"/"p0" matches multiple PodDisruptionBudgets.  Chose "b" arbitrarily.',
        ),
    );
  });

  it('takes back a DisruptionTarget that came to nothing', async () => {
    createPods(1);
    await cluster.start(['disruption']);
    cluster.changePod('p0', (pod) => ({
      ...pod,
      status: {
        ...pod.status,
        conditions: [{ type: 'DisruptionTarget', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
      },
    }));
    const target = () => cluster.pod('p0')!.status!.conditions![0]!.status;
    await cluster.clock.advance(119_000);
    assert.equal(target(), 'True');
    await cluster.clock.advance(1000);
    await cluster.until('taken back', () => target() === 'False');
  });
});
