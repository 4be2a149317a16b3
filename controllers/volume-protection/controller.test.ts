import assert from 'node:assert/strict';
import { settle } from '../../base/fake-clock.ts';
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS } from '../../client/resources.ts';
import type { V1PersistentVolume, V1PersistentVolumeClaim, V1Pod, V1Volume } from '../../openapi/generated/types.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';
import { claim, volume } from '../volume-binding/testing.ts';
import { LiveUses } from './live-uses.ts';
import { uses } from './protection.ts';

const PVC_FINALIZER = 'kubernetes.io/pvc-protection';
const PV_FINALIZER = 'kubernetes.io/pv-protection';

/** A pod on a node, with the claim `c` unless told otherwise. */
function user(
  name: string,
  volume: Partial<V1Volume> = { persistentVolumeClaim: { claimName: 'c' } },
  node = 'n1',
): V1Pod {
  return {
    metadata: { name, namespace: 'default', uid: `uid-of-${name}` },
    spec: { containers: [], ...(node ? { nodeName: node } : {}), volumes: [{ name: 'v', ...volume }] },
  };
}

describe('protection of claims and volumes', () => {
  let cluster: FakeCluster;
  const claims = () => cluster.client.resource<V1PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS);
  const volumes = () => cluster.client.resource<V1PersistentVolume>(PERSISTENT_VOLUMES);
  const claimOf = () => cluster.api.peek<V1PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS, 'c', 'default');
  const volumeOf = () => cluster.api.peek<V1PersistentVolume>(PERSISTENT_VOLUMES, 'v');
  const makeClaim = (finalizers = [PVC_FINALIZER, 'example.com/mine']) =>
    cluster.api.create(PERSISTENT_VOLUME_CLAIMS, 'default', claim('c', {}, { finalizers }));
  const ours = () => claimOf()?.metadata?.finalizers?.includes(PVC_FINALIZER);

  beforeEach(() => {
    cluster = new FakeCluster();
    return cluster.start(['pvc-protection', 'pv-protection']);
  });
  afterEach(() => cluster.stop());

  it('protects what came past admission, and touches nothing else', async () => {
    makeClaim([]);
    cluster.api.create(PERSISTENT_VOLUMES, undefined, volume('v'));
    await cluster.until('protected', () => ours() && volumeOf()?.metadata?.finalizers?.includes(PV_FINALIZER));
    assert.deepEqual(claimOf()?.spec, claim('c').spec);
  });

  it('lets an unused claim go, and leaves the finalizers of others', async () => {
    makeClaim();
    await claims().delete('c', 'default');
    await cluster.until('let go', () => !ours());
    assert.deepEqual(claimOf()?.metadata?.finalizers, ['example.com/mine']);
  });

  it('holds a claim until the last pod that uses it is gone', async () => {
    makeClaim([PVC_FINALIZER]);
    cluster.api.create(PODS, 'default', user('a'));
    cluster.api.create(PODS, 'default', user('b'));
    await claims().delete('c', 'default');
    await settle();
    cluster.api.remove(PODS, 'a', 'default');
    await settle();
    assert.ok(ours());
    cluster.api.remove(PODS, 'b', 'default');
    await cluster.until('gone', () => claimOf() === undefined);
  });

  it('holds a claim whose pod only the server knows yet', async () => {
    makeClaim([PVC_FINALIZER]);
    let isDown = true;
    cluster.api.intercept = (call) => {
      if (isDown && call.query?.watch && call.path.endsWith('/pods')) throw new Error('not now');
    };
    cluster.api.dropWatches();
    await cluster.clock.advance(1);
    cluster.api.create(PODS, 'default', user('a'));
    await claims().delete('c', 'default');
    await cluster.clock.advance(500);
    const lists = cluster.api.calls.filter(({ path, query }) => path.endsWith('/default/pods') && !query?.watch);
    assert.ok(lists.length > 0, 'the server was asked');
    assert.ok(ours());
    isDown = false;
    cluster.api.remove(PODS, 'a', 'default');
    await cluster.clock.advance(60_000);
    assert.equal(claimOf(), undefined);
  });

  it('holds a volume as long as it is bound', async () => {
    const metadata = { finalizers: [PV_FINALIZER] };
    cluster.api.create(PERSISTENT_VOLUMES, undefined, volume('v', {}, metadata, 'Bound'));
    await volumes().delete('v');
    await settle();
    assert.ok(volumeOf());
    cluster.api.change<V1PersistentVolume>(PERSISTENT_VOLUMES, 'v', undefined, (old) => ({
      ...old,
      status: { phase: 'Released' },
    }));
    await cluster.until('gone', () => volumeOf() === undefined);
  });
});

describe('uses', () => {
  const ephemeral = { ephemeral: {} };
  const owned = claim(
    'p-v',
    {},
    { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'uid-of-p', controller: true }] },
  );
  const shutDown = user('p', ephemeral);
  shutDown.metadata = {
    ...shutDown.metadata,
    deletionTimestamp: '2026-01-01T00:00:00Z',
    deletionGracePeriodSeconds: 0,
  };
  const cases: [what: string, pod: V1Pod, claim: V1PersistentVolumeClaim, used: boolean][] = [
    ['a pod on a node', user('p'), claim('c'), true],
    ['a pod that has ended', { ...user('p'), status: { phase: 'Succeeded' } }, claim('c'), true],
    ['no pod without a node', user('p', undefined, ''), claim('c'), false],
    ['no pod with another claim', user('p'), claim('d'), false],
    ['no pod of another namespace', user('p'), claim('c', {}, { namespace: 'other' }), false],
    ['a pod whose ephemeral volume it is', user('p', ephemeral), owned, true],
    ['no pod that it was not made for', user('p', ephemeral), claim('p-v'), false],
    ['no pod that the kubelet is done with', shutDown, owned, false],
  ];
  for (const [what, pod, held, used] of cases) {
    it(`a claim is used by ${what}`, () => assert.equal(uses(pod, held), used));
  }
});

describe('LiveUses', () => {
  it('shares one list among all who ask, but none that began before they asked', async () => {
    const answers: (() => void)[] = [];
    const live = new LiveUses(
      () => new Promise((resolve) => answers.push(() => resolve({ items: answers.length > 1 ? [user('p')] : [] }))),
    );
    const first = live.isUsed(claim('c'));
    const others = [live.isUsed(claim('c')), live.isUsed(claim('c')), live.isUsed(claim('d'))];
    assert.equal(answers.length, 1);
    answers[0]?.();
    assert.equal(await first, false);
    await settle();
    assert.equal(answers.length, 2);
    answers[1]?.();
    assert.deepEqual(await Promise.all(others), [true, true, false]);
  });

  it('asks again after a failure', async () => {
    let fails = true;
    const live = new LiveUses(async () => {
      if (fails) throw new Error('not now');
      return { items: [] };
    });
    await assert.rejects(live.isUsed(claim('c')), /not now/);
    fails = false;
    assert.equal(await live.isUsed(claim('c')), false);
  });
});
