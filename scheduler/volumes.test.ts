import assert from 'node:assert/strict';
import { settle } from '../base/fake-clock.ts';
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '../openapi/generated/types.ts';
import { node } from './testing/objects.ts';
import { RunningScheduler } from './testing/running.ts';
import { claim, podWith, storageClass, volume } from './testing/volumes.ts';

const SELECTED = 'volume.kubernetes.io/selected-node';
const COMPLETED = 'pv.kubernetes.io/bind-completed';

describe('pods with claims', () => {
  let scheduler: RunningScheduler;

  beforeEach(() => {
    scheduler = new RunningScheduler();
    scheduler.api.put('nodes', node('n1'));
  });
  afterEach(() => scheduler.stop());

  const claimNow = (name: string) =>
    scheduler.api.get<V1PersistentVolumeClaim>('persistentvolumeclaims', 'default', name);
  const volumeNow = (name: string) => scheduler.api.get<V1PersistentVolume>('persistentvolumes', undefined, name);
  /** As the volume controller does. */
  const complete = (name: string, volumeName: string) => {
    const now = claimNow(name);
    scheduler.api.put('persistentvolumeclaims', {
      ...now,
      metadata: { ...now?.metadata, annotations: { ...now?.metadata?.annotations, [COMPLETED]: 'yes' } },
      spec: { ...now?.spec, volumeName },
    });
  };

  it('tell the provisioner of the node, and are bound when it has done its work', async () => {
    const { api } = scheduler;
    api.put('storageclasses', storageClass('local', { provisioner: 'example.com/disks' }));
    api.put('persistentvolumeclaims', claim('c'));
    await scheduler.start();
    api.put('pods', podWith('a', 'c'));
    await settle();
    assert.equal(claimNow('c')?.metadata?.annotations?.[SELECTED], 'n1');
    assert.equal(scheduler.nodeOf('a'), undefined);
    assert.equal(scheduler.pod('a')?.status?.nominatedNodeName, 'n1');
    api.put('persistentvolumes', volume('made', { nodeName: 'n1' }));
    complete('c', 'made');
    await settle();
    assert.equal(scheduler.nodeOf('a'), 'n1');
  });

  it('take a free volume, which nobody else gets', async () => {
    const { api } = scheduler;
    api.put('storageclasses', storageClass('local'));
    for (const name of ['c', 'd']) api.put('persistentvolumeclaims', claim(name));
    api.put('persistentvolumes', volume('v', { nodeName: 'n1' }));
    await scheduler.start();
    api.put('pods', podWith('a', 'c'));
    api.put('pods', podWith('b', 'd'));
    await settle();
    const { claimRef } = volumeNow('v')?.spec ?? {};
    assert.deepEqual([claimRef?.namespace, claimRef?.name, claimRef?.uid], ['default', 'c', 'uid-of-c']);
    assert.equal(volumeNow('v')?.metadata?.annotations?.['pv.kubernetes.io/bound-by-controller'], 'yes');
    assert.match(
      scheduler.condition('b', 'PodScheduled')?.message ?? '',
      /1 node\(s\) didn't find available persistent volumes to bind/,
    );
    complete('c', 'v');
    await settle();
    assert.equal(scheduler.nodeOf('a'), 'n1');
    api.put('persistentvolumes', volume('w', { nodeName: 'n1' }));
    await settle();
    assert.equal(volumeNow('w')?.spec?.claimRef?.name, 'd');
    complete('d', 'w');
    await settle();
    assert.equal(scheduler.nodeOf('b'), 'n1');
  });

  it('are looked at again when a provisioner gives up', async () => {
    const { api, clock } = scheduler;
    api.put('storageclasses', storageClass('local', { provisioner: 'example.com/disks' }));
    api.put('persistentvolumeclaims', claim('c'));
    await scheduler.start();
    api.put('pods', podWith('a', 'c'));
    await settle();
    const chosen = claimNow('c');
    api.put('persistentvolumeclaims', { ...chosen, metadata: { ...chosen?.metadata, annotations: {} } });
    await settle();
    const condition = scheduler.condition('a', 'PodScheduled');
    assert.equal(condition?.reason, 'SchedulerError');
    assert.equal(
      condition?.message,
      'running PreBind plugin "VolumeBinding": binding volumes: provisioning failed for PVC "c"',
    );
    await clock.advance(1000);
    await settle();
    assert.equal(claimNow('c')?.metadata?.annotations?.[SELECTED], 'n1');
  });

  it('give up after the time that the profile allows', async () => {
    const { api, clock } = scheduler;
    api.put('storageclasses', storageClass('local', { provisioner: 'example.com/disks' }));
    api.put('persistentvolumeclaims', claim('c'));
    const pluginConfig = [{ name: 'VolumeBinding', args: { bindTimeoutSeconds: 5 } }];
    await scheduler.start({ configuration: { profiles: [{ pluginConfig }] } });
    api.put('pods', podWith('a', 'c'));
    await settle();
    for (let second = 0; second < 5; second++) await clock.advance(1000);
    await settle();
    assert.match(scheduler.condition('a', 'PodScheduled')?.message ?? '', /binding volumes: context deadline exceeded/);
  });

  it('wait for a claim that is missing, and no longer', async () => {
    const { api } = scheduler;
    await scheduler.start();
    api.put('pods', podWith('a', 'c'));
    await settle();
    assert.equal(
      scheduler.condition('a', 'PodScheduled')?.message,
      '0/1 nodes are available: persistentvolumeclaim "c" not found. preemption: 0/1 nodes are available: ' +
        '1 Preemption is not helpful for scheduling.',
    );
    api.put('persistentvolumes', volume('v', { nodeName: 'n1' }));
    api.put('persistentvolumeclaims', claim('c', { volumeName: 'v' }));
    await settle();
    assert.equal(scheduler.nodeOf('a'), 'n1');
  });
});
