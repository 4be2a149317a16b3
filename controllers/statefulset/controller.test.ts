import assert from 'node:assert/strict';
import { CONTROLLER_REVISIONS, PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS } from '../../client/resources.ts';
import type {
  V1ControllerRevision,
  V1PersistentVolumeClaim,
  V1Pod,
  V1StatefulSet,
} from '../../openapi/generated/types.ts';
import { forbidden } from '../../openapi/status.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';
import { statefulSet } from './testing.ts';

const PARALLEL = { podManagementPolicy: 'Parallel' };
const POST_POD = 'POST /api/v1/namespaces/default/pods';

describe('stateful set controller', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0, 'no timer is left');
  });

  const set = () => cluster.api.peek<V1StatefulSet>(STATEFUL_SETS, 'web', 'default')!;
  const change = (edit: (spec: NonNullable<V1StatefulSet['spec']>) => object) =>
    cluster.api.change<V1StatefulSet>(STATEFUL_SETS, 'web', 'default', (old) => ({
      ...old,
      spec: { ...old.spec!, ...edit(old.spec!) },
    }));
  const scale = (replicas: number) => change(() => ({ replicas }));
  const setImage = (image: string) =>
    change((spec) => ({ template: { ...spec.template, spec: { containers: [{ name: 'c', image }] } } }));
  const names = () => cluster.live().map(({ metadata }) => metadata?.name);
  const imageOf = (pod: V1Pod | undefined) => pod?.spec?.containers[0]?.image;
  const revisions = () =>
    cluster.api.all<V1ControllerRevision>(CONTROLLER_REVISIONS, 'default').sort((a, b) => a.revision - b.revision);
  const exists = (name: string) => cluster.until(`${name} is there`, () => cluster.pod(name));
  const gone = (name: string) =>
    cluster.until(`${name} goes`, () => !cluster.pod(name) || cluster.pod(name)?.metadata?.deletionTimestamp);

  async function start(replicas: number, more: object = {}): Promise<void> {
    cluster.api.create(STATEFUL_SETS, 'default', statefulSet(replicas, more));
    await cluster.start(['statefulset']);
  }

  /** Brings pods up one after the other, as a kubelet would. */
  async function startRunning(replicas: number, more: object = {}): Promise<void> {
    await start(replicas, more);
    for (let i = 0; i < replicas; i++) {
      await exists(`web-${i}`);
      cluster.run(`web-${i}`);
    }
    await cluster.until('all are ready', () => set().status?.readyReplicas === replicas);
  }

  /** A pod that goes is gone, and the next of its name runs. */
  async function replace(name: string): Promise<V1Pod> {
    const former = (await gone(name)) && cluster.pod(name);
    if (former) cluster.api.remove(PODS, name, 'default');
    await exists(name);
    cluster.run(name);
    return cluster.pod(name)!;
  }

  it('makes pods in order, each with the identity of its ordinal', async () => {
    await start(2);
    const pod = await exists('web-0');
    const [revision] = revisions();
    assert.deepEqual(pod.metadata?.labels, {
      app: 'web',
      'apps.kubernetes.io/pod-index': '0',
      'controller-revision-hash': revision?.metadata?.name,
      'statefulset.kubernetes.io/pod-name': 'web-0',
    });
    assert.equal(pod.metadata?.generateName, 'web-');
    assert.deepEqual([pod.spec?.hostname, pod.spec?.subdomain], ['web-0', 'web']);
    assert.deepEqual(pod.metadata?.ownerReferences, [
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        name: 'web',
        uid: 'set-uid',
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
    assert.deepEqual(names(), ['web-0'], 'web-1 waits');
    cluster.run('web-0');
    await exists('web-1');
    await cluster.until('event', () =>
      cluster.events().includes('Normal SuccessfulCreate create Pod web-1 in StatefulSet web successful'),
    );
  });

  it('keeps the template in a revision and tells its name', async () => {
    await startRunning(1);
    const [revision, ...others] = revisions();
    assert.equal(others.length, 0);
    assert.equal(revision?.revision, 1);
    assert.deepEqual(revision?.data, {
      spec: {
        template: {
          $patch: 'replace',
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'c', image: 'i:1' }] },
        },
      },
    });
    assert.equal(revision?.metadata?.labels?.app, 'web');
    assert.equal(revision?.metadata?.name, `web-${revision?.metadata?.labels?.['controller.kubernetes.io/hash']}`);
    assert.equal(revision?.metadata?.ownerReferences?.[0]?.kind, 'StatefulSet');
    const name = revision?.metadata?.name;
    await cluster.until('status', () => set().status?.currentReplicas === 1);
    assert.deepEqual(set().status, {
      observedGeneration: 1,
      replicas: 1,
      readyReplicas: 1,
      availableReplicas: 1,
      currentReplicas: 1,
      updatedReplicas: 1,
      currentRevision: name,
      updateRevision: name,
      collisionCount: 0,
    });
  });

  it('removes pods in reverse order, one after the other', async () => {
    await startRunning(3);
    scale(1);
    await gone('web-2');
    assert.deepEqual(names(), ['web-0', 'web-1']);
    cluster.api.remove(PODS, 'web-2', 'default');
    await gone('web-1');
    await cluster.until('event', () =>
      cluster.events().includes('Normal SuccessfulDelete delete Pod web-1 in StatefulSet web successful'),
    );
    assert.deepEqual(names(), ['web-0']);
  });

  it('halts while a pod is unwell', async () => {
    await startRunning(2);
    cluster.run('web-0', { ready: false });
    await cluster.until('seen', () => set().status?.readyReplicas === 1);
    scale(3);
    await cluster.until('seen', () => set().status?.observedGeneration === 2);
    assert.deepEqual(names(), ['web-0', 'web-1']);
    cluster.run('web-0');
    await exists('web-2');
  });

  it('makes all pods at once in parallel', async () => {
    await start(5, PARALLEL);
    await cluster.until('five', () => cluster.live().length === 5);
    scale(0);
    await cluster.until('none', () => cluster.live().length === 0);
  });

  it('replaces a pod that failed once it is gone', async () => {
    await startRunning(1);
    const first = cluster.pod('web-0')!;
    cluster.changePod('web-0', (pod) => ({ ...pod, status: { phase: 'Failed' } }));
    await gone('web-0');
    cluster.api.remove(PODS, 'web-0', 'default');
    const second = await exists('web-0');
    assert.notEqual(second.metadata?.uid, first.metadata?.uid);
  });

  it('rolls out a new template from the highest ordinal, and back to the old revision', async () => {
    await startRunning(2);
    const [first] = revisions();
    setImage('i:2');
    await gone('web-1');
    assert.deepEqual(names(), ['web-0'], 'one at a time');
    assert.equal(imageOf(await replace('web-1')), 'i:2');
    await cluster.until('half', () => set().status?.updatedReplicas === 1 && set().status?.readyReplicas === 1);
    const second = revisions()[1]!;
    assert.equal(set().status?.currentRevision, first?.metadata?.name);
    assert.equal(set().status?.updateRevision, second.metadata?.name);
    assert.equal(imageOf(await replace('web-0')), 'i:2');
    await cluster.until('done', () => set().status?.currentRevision === second.metadata?.name);
    assert.equal(set().status?.currentReplicas, 2);
    setImage('i:1');
    await gone('web-1');
    assert.deepEqual(
      revisions().map(({ metadata, revision }) => [metadata?.name, revision]),
      [
        [second.metadata?.name, 2],
        [first?.metadata?.name, 3],
      ],
    );
    assert.equal(imageOf(await replace('web-1')), 'i:1');
  });

  it('makes a pod below the partition as it was before the update', async () => {
    await startRunning(2, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } });
    setImage('i:2');
    assert.equal(imageOf(await replace('web-1')), 'i:2');
    cluster.api.remove(PODS, 'web-0', 'default');
    assert.equal(imageOf(await exists('web-0')), 'i:1');
    assert.notEqual(set().status?.currentRevision, set().status?.updateRevision);
  });

  it('updates a pod only when somebody deletes it, if told so', async () => {
    await startRunning(1, { updateStrategy: { type: 'OnDelete' } });
    setImage('i:2');
    await cluster.until('seen', () => set().status?.observedGeneration === 2);
    assert.equal(imageOf(cluster.pod('web-0')), 'i:1');
    cluster.api.remove(PODS, 'web-0', 'default');
    assert.equal(imageOf(await exists('web-0')), 'i:2');
  });

  it('keeps as many revisions as the limit says beside those in use', async () => {
    await startRunning(1, { revisionHistoryLimit: 1 });
    for (const image of ['i:2', 'i:3', 'i:4']) {
      setImage(image);
      await replace('web-0');
      const done = () => set().status?.currentRevision === revisions().at(-1)?.metadata?.name;
      await cluster.until(`${image} is current`, () => done() && imageOf(cluster.pod('web-0')) === image);
    }
    await cluster.until('two are left', () => revisions().length === 2);
    assert.deepEqual(
      revisions().map(({ revision }) => revision),
      [3, 4],
    );
  });

  it('takes another name for a revision when one is taken', async () => {
    await startRunning(1);
    const name = revisions()[0]!.metadata!.name!;
    await cluster.stop();
    cluster = new FakeCluster();
    cluster.api.create(CONTROLLER_REVISIONS, 'default', { metadata: { name }, data: { other: 1 }, revision: 1 });
    await startRunning(1);
    await cluster.until('counted', () => set().status?.collisionCount === 1);
    assert.notEqual(set().status?.currentRevision, name);
  });

  it('adopts a pod of its name and labels, and releases one that lost them', async () => {
    cluster.api.create(PODS, 'default', { metadata: { name: 'web-0', labels: { app: 'web' } } });
    cluster.api.create(PODS, 'default', { metadata: { name: 'other-0', labels: { app: 'web' } } });
    await start(1);
    await cluster.until('adopted', () => cluster.pod('web-0')?.metadata?.ownerReferences?.[0]?.uid === 'set-uid');
    assert.equal(cluster.pod('other-0')?.metadata?.ownerReferences, undefined);
    cluster.changePod('web-0', (pod) => ({ ...pod, metadata: { ...pod.metadata, labels: {} } }));
    await cluster.until('released', () => cluster.pod('web-0')?.metadata?.ownerReferences?.length === 0);
  });

  it('makes no pod twice while its copy is behind', async () => {
    cluster.api.create(STATEFUL_SETS, 'default', statefulSet(3, PARALLEL));
    const held: (() => void)[] = [];
    const watch = cluster.api.watch.bind(cluster.api);
    cluster.api.watch = async function* (call) {
      for await (const event of watch(call)) {
        if (call.path.endsWith('/pods')) await new Promise<void>((resolve) => held.push(resolve));
        yield event;
      }
    };
    const creations = () => cluster.api.writes.filter((write) => write === POST_POD).length;
    await cluster.start(['statefulset']);
    await cluster.until('three are made', () => creations() === 3);
    cluster.api.change<V1StatefulSet>(STATEFUL_SETS, 'web', 'default', (old) => ({
      ...old,
      metadata: { ...old.metadata, annotations: { again: '1' } },
    }));
    await cluster.clock.advance(5000);
    assert.equal(creations(), 3);
    while (held.length > 0 || set().status?.replicas !== 3) {
      held.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(creations(), 3);
  });

  it('says why a pod could not be made, and tries again', async () => {
    let refuse = true;
    cluster.api.intercept = (call) => {
      if (refuse && call.method === 'POST' && call.path.endsWith('/pods')) throw forbidden(PODS, '', 'exceeded quota');
    };
    await start(1);
    await cluster.until('event', () =>
      cluster
        .events()
        .includes('Warning FailedCreate create Pod web-0 in StatefulSet web failed error: exceeded quota'),
    );
    refuse = false;
    await cluster.clock.advance(10_000);
    await exists('web-0');
  });

  it('waits until pods have been ready long enough', async () => {
    await start(2, { minReadySeconds: 10 });
    await exists('web-0');
    cluster.run('web-0');
    await cluster.until('ready', () => set().status?.readyReplicas === 1);
    assert.equal(set().status?.availableReplicas, 0);
    assert.deepEqual(names(), ['web-0']);
    await cluster.clock.advance(10_000);
    await exists('web-1');
    await cluster.until('available', () => set().status?.availableReplicas === 1);
  });

  it('looks again at a pod that becomes available in the moment of a look', async () => {
    await start(2, { minReadySeconds: 10 });
    await exists('web-0');
    cluster.run('web-0');
    await cluster.until('ready', () => set().status?.readyReplicas === 1);
    const availableAt = cluster.clock.now() + 10_000;
    // A timer may fire a moment early, and the moment may pass during the look.
    const times = [availableAt - 1, availableAt + 1];
    cluster.clock.now = () => times.shift() ?? availableAt + 2;
    await cluster.clock.advance(10_001);
    await exists('web-1');
  });

  describe('with claims', () => {
    const template = {
      metadata: { name: 'data', labels: { tier: 'store' } },
      spec: { accessModes: ['ReadWriteOnce'] },
    };
    const claims = { volumeClaimTemplates: [template] };
    const claim = (ordinal: number) =>
      cluster.api.peek<V1PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS, `data-web-${ordinal}`, 'default');
    const owner = (ordinal: number) => claim(ordinal)?.metadata?.ownerReferences?.map(({ kind, name }) => [kind, name]);

    it('makes the claims of a pod before the pod, and keeps them', async () => {
      await startRunning(2, claims);
      assert.deepEqual(claim(0)?.metadata?.labels, { tier: 'store', app: 'web' });
      assert.deepEqual(claim(0)?.spec, template.spec);
      assert.equal(claim(0)?.metadata?.ownerReferences, undefined);
      assert.deepEqual(cluster.pod('web-1')?.spec?.volumes, [
        { name: 'data', persistentVolumeClaim: { claimName: 'data-web-1' } },
      ]);
      const claimed = cluster.api.writes.indexOf('POST /api/v1/namespaces/default/persistentvolumeclaims');
      assert.ok(claimed < cluster.api.writes.indexOf(POST_POD));
      await cluster.until('event', () =>
        cluster
          .events()
          .includes('Normal SuccessfulCreate create Claim data-web-0 Pod web-0 in StatefulSet web success'),
      );
      scale(1);
      await gone('web-1');
      cluster.api.remove(PODS, 'web-1', 'default');
      await cluster.until('seen', () => set().status?.replicas === 1);
      assert.equal(claim(1)?.metadata?.ownerReferences, undefined);
    });

    it('gives claims to the set when they are to go with it, and to the pod when with that', async () => {
      const persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Delete', whenScaled: 'Delete' };
      await startRunning(2, { ...claims, persistentVolumeClaimRetentionPolicy });
      await cluster.until('owned', () => owner(0)?.length === 1 && owner(1)?.length === 1);
      assert.deepEqual(owner(1), [['StatefulSet', 'web']]);
      scale(1);
      await gone('web-1');
      assert.deepEqual(owner(1), [['Pod', 'web-1']]);
      assert.deepEqual(owner(0), [['StatefulSet', 'web']]);
    });

    it('makes no pod while one of its claims is going', async () => {
      const going = { name: 'data-web-0', deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['x'] };
      cluster.api.create(PERSISTENT_VOLUME_CLAIMS, 'default', { metadata: going });
      await start(1, claims);
      const why = 'create Pod web-0 in StatefulSet web failed error: pvc data-web-0 is being deleted';
      await cluster.until('event', () => cluster.events().includes(`Warning FailedCreate ${why}`));
      assert.deepEqual(names(), []);
      cluster.api.remove(PERSISTENT_VOLUME_CLAIMS, 'data-web-0', 'default');
      await cluster.clock.advance(10_000);
      await exists('web-0');
    });
  });
});
