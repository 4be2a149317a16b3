import assert from 'node:assert/strict';
import { settle } from '../../base/fake-clock.ts';
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS, STORAGE_CLASSES } from '../../client/resources.ts';
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '../../openapi/generated/types.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';
import { BIND_COMPLETED, BOUND_BY_CONTROLLER, SELECTED_NODE, STORAGE_PROVISIONER } from './objects.ts';
import { claim, reference, storageClass, volume } from './testing.ts';

type Claim = V1PersistentVolumeClaim;
type Volume = V1PersistentVolume;

describe('persistent volume binder', () => {
  let cluster: FakeCluster;
  const makeClaim = (body: Claim) => cluster.api.create(PERSISTENT_VOLUME_CLAIMS, 'default', body);
  const makeVolume = (body: Volume) => cluster.api.create(PERSISTENT_VOLUMES, undefined, body);
  const claimOf = (name = 'c') => cluster.api.peek<Claim>(PERSISTENT_VOLUME_CLAIMS, name, 'default');
  const volumeOf = (name = 'v') => cluster.api.peek<Volume>(PERSISTENT_VOLUMES, name);
  const phases = () => [claimOf()?.status?.phase, volumeOf()?.status?.phase];
  const writes = () => cluster.api.writes.filter((write) => !write.includes('/events'));
  const inPhases = (...wanted: string[]) => cluster.until(`${wanted}`, () => `${phases()}` === `${wanted}`);

  beforeEach(() => {
    cluster = new FakeCluster();
    return cluster.start(['persistentvolume-binder']);
  });
  afterEach(() => cluster.stop());

  it('binds a claim and a volume both ways, and writes nothing more', async () => {
    makeVolume(volume('v', {}, {}, 'Pending'));
    await cluster.until('available', () => volumeOf()?.status?.phase === 'Available');
    makeClaim(claim('c'));
    await inPhases('Bound', 'Bound');
    assert.equal(claimOf()?.spec?.volumeName, 'v');
    assert.deepEqual(claimOf()?.metadata?.annotations, { [BIND_COMPLETED]: 'yes', [BOUND_BY_CONTROLLER]: 'yes' });
    assert.deepEqual(claimOf()?.status?.capacity, { storage: '1Gi' });
    assert.equal(volumeOf()?.spec?.claimRef?.uid, 'uid-of-c');
    await settle();
    const before = writes().length;
    await cluster.clock.advance(60_000);
    assert.equal(writes().length, before);
  });

  it('gives a volume that comes later to the claim that waits', async () => {
    makeClaim(claim('c'));
    await cluster.until('told', () => cluster.events().some((event) => event.includes('FailedBinding')));
    makeVolume(volume('v', {}, {}, 'Pending'));
    await inPhases('Bound', 'Bound');
  });

  it('gives each of many claims a volume of its own', async () => {
    for (let i = 0; i < 20; i++) makeVolume(volume(`v${i}`, {}, {}, 'Pending'));
    for (let i = 0; i < 20; i++) makeClaim(claim(`c${i}`));
    const claims = () => cluster.api.all<Claim>(PERSISTENT_VOLUME_CLAIMS);
    await cluster.until('all bound', () => claims().every(({ status }) => status?.phase === 'Bound'));
    assert.equal(new Set(claims().map(({ spec }) => spec?.volumeName)).size, 20);
  });

  it('releases and keeps a volume whose claim is gone, also when the next of the name is there', async () => {
    makeVolume(volume('v'));
    makeClaim(claim('c'));
    await inPhases('Bound', 'Bound');
    cluster.api.remove(PERSISTENT_VOLUME_CLAIMS, 'c', 'default');
    await cluster.until('released', () => volumeOf()?.status?.phase === 'Released');
    makeClaim(claim('c', {}, { uid: 'another' }));
    await settle();
    assert.deepEqual(phases(), ['Pending', 'Released']);
  });

  it('marks a volume as failed that nobody can delete, and says why', async () => {
    makeVolume(volume('v', { persistentVolumeReclaimPolicy: 'Delete' }));
    makeClaim(claim('c'));
    await inPhases('Bound', 'Bound');
    cluster.api.remove(PERSISTENT_VOLUME_CLAIMS, 'c', 'default');
    await cluster.until('failed', () => volumeOf()?.status?.phase === 'Failed');
    const message = 'Error getting deleter volume plugin for volume "v": no deletable volume plugin matched';
    assert.equal(volumeOf()?.status?.message, message);
    await cluster.until('told', () => cluster.events().includes(`Warning VolumeFailedDelete ${message}`));
  });

  it('loses a claim with its volume, and finds it again', async () => {
    makeVolume(volume('v'));
    makeClaim(claim('c'));
    await inPhases('Bound', 'Bound');
    cluster.api.remove(PERSISTENT_VOLUMES, 'v');
    await cluster.until('lost', () => claimOf()?.status?.phase === 'Lost');
    assert.equal(claimOf()?.status?.capacity, undefined);
    makeVolume(volume('v', {}, {}, 'Pending'));
    await inPhases('Bound', 'Bound');
  });

  it('sets a volume free that its claim does not have', async () => {
    makeVolume(volume('v'));
    makeClaim(claim('c'));
    await inPhases('Bound', 'Bound');
    const byUs = { annotations: { [BOUND_BY_CONTROLLER]: 'yes' } };
    makeVolume(volume('w', reference('c', 'uid-of-c'), byUs, 'Bound'));
    await cluster.until('free', () => volumeOf('w')?.status?.phase === 'Available');
    assert.equal(volumeOf('w')?.spec?.claimRef, undefined);
    assert.deepEqual(phases(), ['Bound', 'Bound']);
  });

  it('does not take a volume for released whose claim it has not seen', async () => {
    // The claim is there, but the watch of claims has not told of it yet.
    cluster.api.intercept = (call) => {
      if (call.path.endsWith('/persistentvolumeclaims') && call.method === 'GET') throw new Error('not now');
    };
    cluster.api.dropWatches();
    await cluster.clock.advance(1000);
    makeClaim(claim('c'));
    makeVolume(volume('v', reference('c', 'uid-of-c'), {}, 'Pending'));
    await cluster.until('asked', () =>
      cluster.api.calls.some(({ path }) => path.endsWith('/persistentvolumeclaims/c')),
    );
    await settle();
    assert.equal(volumeOf()?.status?.phase, 'Pending');
    cluster.api.intercept = undefined;
    await cluster.clock.advance(60_000);
    assert.deepEqual(phases(), ['Bound', 'Bound']);
  });

  it('asks a provisioner by annotation, and tells what the claim waits for', async () => {
    cluster.api.create(STORAGE_CLASSES, undefined, storageClass('disks'));
    makeClaim(claim('c', { storageClassName: 'disks' }));
    await cluster.until('asked', () => claimOf()?.metadata?.annotations?.[STORAGE_PROVISIONER] === 'example.com/disks');
    const message =
      "Waiting for a volume to be created either by the external provisioner 'example.com/disks' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.";
    await cluster.until('told', () => cluster.events().includes(`Normal ExternalProvisioning ${message}`));
    makeVolume(volume('v', { ...reference('c', 'uid-of-c'), storageClassName: 'disks' }, {}, 'Pending'));
    await inPhases('Bound', 'Bound');
    assert.equal(volumeOf()?.metadata?.annotations?.[BOUND_BY_CONTROLLER], undefined);
  });

  it('leaves the volumes of a late class to the scheduler, and finishes what that began', async () => {
    cluster.api.create(STORAGE_CLASSES, undefined, storageClass('late', { volumeBindingMode: 'WaitForFirstConsumer' }));
    makeVolume(volume('v', { storageClassName: 'late' }));
    makeClaim(claim('c', { storageClassName: 'late' }));
    await cluster.until('told', () => cluster.events().some((event) => event.includes('WaitForFirstConsumer')));
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'c' } }];
    cluster.api.create(PODS, 'default', { metadata: { name: 'p' }, spec: { containers: [], volumes } });
    await cluster.clock.advance(15_000);
    const waiting = 'Normal WaitForPodScheduled waiting for pod p to be scheduled';
    await cluster.until('told', () => cluster.events().includes(waiting));
    assert.deepEqual(phases(), ['Pending', 'Available']);
    cluster.api.change<Volume>(PERSISTENT_VOLUMES, 'v', undefined, (old) => ({
      ...old,
      metadata: { ...old.metadata, annotations: { [BOUND_BY_CONTROLLER]: 'yes' } },
      spec: { ...old.spec, ...reference('c', 'uid-of-c') },
    }));
    await inPhases('Bound', 'Bound');
    assert.equal(claimOf()?.metadata?.annotations?.[SELECTED_NODE], undefined);
  });

  it('gives claims without a class the default class that comes later', async () => {
    const { storageClassName: _, ...spec } = claim('c').spec ?? {};
    makeClaim({ ...claim('c'), spec });
    await settle();
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    cluster.api.create(STORAGE_CLASSES, undefined, storageClass('usual', { metadata: { name: 'usual', annotations } }));
    await cluster.until('assigned', () => claimOf()?.spec?.storageClassName === 'usual');
    await cluster.until('asked', () => claimOf()?.metadata?.annotations?.[STORAGE_PROVISIONER] !== undefined);
  });
});
