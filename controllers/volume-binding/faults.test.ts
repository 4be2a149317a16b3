import assert from 'node:assert/strict';
import { NODES, PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, STORAGE_CLASSES } from '../../client/resources.ts';
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '../../openapi/generated/types.ts';
import { Chaos } from '../runtime/chaos.ts';
import { SELECTED_NODE } from './objects.ts';
import { claim, storageClass, volume } from './testing.ts';

type Claim = V1PersistentVolumeClaim;
type Volume = V1PersistentVolume;

const SEEDS = [1, 2, 3, 4, 5, 6];
const STEPS = 250;
const CONTROLLERS = ['persistentvolume-binder', 'pvc-protection', 'pv-protection', 'local-provisioner'];

describe('claims and volumes among faults', () => {
  for (const seed of SEEDS) {
    it(`${seed}: none is bound twice, none is half bound, and what was made for a claim goes with it`, async () => {
      const chaos = new Chaos(seed, CONTROLLERS);
      const { cluster, random } = chaos;
      const { api } = cluster;
      const claims = () => api.all<Claim>(PERSISTENT_VOLUME_CLAIMS);
      const volumes = () => api.all<Volume>(PERSISTENT_VOLUMES);
      api.create(NODES, undefined, { metadata: { name: 'n1', labels: { 'kubernetes.io/hostname': 'n1' } } });
      const late = { provisioner: 'kubets.dev/local', volumeBindingMode: 'WaitForFirstConsumer' };
      api.create(STORAGE_CLASSES, undefined, storageClass('local', late));
      let made = 0;
      const makeClaim = (storageClassName: string, annotations = {}) => {
        const name = `c${made++ % 8}`;
        if (api.peek(PERSISTENT_VOLUME_CLAIMS, name, 'default')) return;
        api.create(
          PERSISTENT_VOLUME_CLAIMS,
          'default',
          claim(name, { storageClassName }, { annotations, uid: `u${made}` }),
        );
      };
      const drop = async () => {
        const some = claims();
        const chosen = some[Math.floor(random.next() * some.length)];
        const { name = '', namespace } = chosen?.metadata ?? {};
        if (chosen)
          await cluster.client.resource<Claim>(PERSISTENT_VOLUME_CLAIMS).delete(name, namespace).catch(refused);
      };
      await chaos.run(STEPS, [
        () => makeClaim(''),
        () => makeClaim('local', { [SELECTED_NODE]: 'n1' }),
        () => {
          if (volumes().length < 12) api.create(PERSISTENT_VOLUMES, undefined, volume(`v${made++}`, {}, {}, 'Pending'));
        },
        drop,
      ]);
      await chaos.calm('all settled', () => isSettled(claims(), volumes()));
      const holders = volumes().flatMap(({ spec, status }) => (status?.phase === 'Bound' ? [spec?.claimRef?.uid] : []));
      assert.equal(new Set(holders).size, holders.length);
      for (const { metadata, spec, status } of claims()) {
        if (status?.phase !== 'Bound') continue;
        const held = volumes().find((each) => each.metadata?.name === spec?.volumeName);
        assert.equal(held?.spec?.claimRef?.uid, metadata?.uid);
        assert.equal(held?.status?.phase, 'Bound');
      }
      const uids = new Set(claims().map(({ metadata }) => metadata?.uid));
      const orphans = volumes().filter(
        ({ metadata, spec }) => metadata?.name?.startsWith('pvc-') && !uids.has(spec?.claimRef?.uid),
      );
      assert.deepEqual(orphans, []);
      await chaos.assertQuiet();
    }).timeout(20_000);
  }
});

/** Nothing is on its way: claims of the local class are bound, no free volume is left while a claim waits for one. */
function isSettled(claims: readonly Claim[], volumes: readonly Volume[]): boolean {
  const waiting = claims.filter(({ status }) => status?.phase !== 'Bound');
  const isLeaving = [...claims, ...volumes].some(({ metadata }) => metadata?.deletionTimestamp !== undefined);
  const isFree = volumes.some(({ status }) => status?.phase === 'Available');
  const isOdd = volumes.some(({ status }) => !['Available', 'Bound', 'Released'].includes(status?.phase ?? ''));
  if (isLeaving || isOdd || waiting.some(({ spec }) => spec?.storageClassName === 'local')) return false;
  return waiting.length === 0 || !isFree;
}

/** The user's own deletion may meet a fault, too. */
function refused(): undefined {
  return undefined;
}
