import assert from 'node:assert/strict';
import { settle } from '../../base/fake-clock.ts';
import { NODES, PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, STORAGE_CLASSES } from '../../client/resources.ts';
import type {
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1PersistentVolumeClaimSpec,
} from '../../openapi/generated/types.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';
import { SELECTED_NODE, STORAGE_PROVISIONER } from '../volume-binding/objects.ts';
import { claim, storageClass } from '../volume-binding/testing.ts';
import { LOCAL_FINALIZER, LOCAL_NODE, LOCAL_PROVISIONER, LOCAL_VOLUMES, refusalOf, removalOf } from './volume.ts';

const ASKED = { [STORAGE_PROVISIONER]: LOCAL_PROVISIONER, [SELECTED_NODE]: 'n1' };
const NAME = 'pvc-uid-of-c';

function node(name: string, folder?: string): V1Node {
  const annotations: Record<string, string> = folder === undefined ? {} : { [LOCAL_VOLUMES]: folder };
  return { metadata: { name, labels: { 'kubernetes.io/hostname': `${name}.host` }, annotations } };
}

describe('local provisioner', () => {
  let cluster: FakeCluster;
  const volumeOf = () => cluster.api.peek<V1PersistentVolume>(PERSISTENT_VOLUMES, NAME);
  const claimOf = () => cluster.api.peek<V1PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS, 'c', 'default');
  const ask = (spec: V1PersistentVolumeClaimSpec = {}, annotations: Record<string, string> = ASKED) =>
    cluster.api.create(
      PERSISTENT_VOLUME_CLAIMS,
      'default',
      claim('c', { storageClassName: 'local', ...spec }, { annotations }),
    );
  const made = () => cluster.until('made', () => volumeOf());
  const told = (event: string) => cluster.until(event, () => cluster.events().includes(event));
  const release = () =>
    cluster.api.change<V1PersistentVolume>(PERSISTENT_VOLUMES, NAME, undefined, (old) => ({
      ...old,
      status: { phase: 'Released' },
    }));

  beforeEach(async () => {
    cluster = new FakeCluster();
    const late = { provisioner: LOCAL_PROVISIONER, volumeBindingMode: 'WaitForFirstConsumer' };
    cluster.api.create(STORAGE_CLASSES, undefined, storageClass('local', late));
    cluster.api.create(STORAGE_CLASSES, undefined, storageClass('now', { provisioner: LOCAL_PROVISIONER }));
    cluster.api.create(NODES, undefined, node('n1', '/state/local-volumes'));
    cluster.api.create(NODES, undefined, node('n2'));
    await cluster.start(['local-provisioner']);
  });
  afterEach(() => cluster.stop());

  it('makes a folder on the chosen node, held by the agent there', async () => {
    ask();
    const { metadata, spec } = await made();
    assert.deepEqual(metadata?.finalizers, [LOCAL_FINALIZER]);
    assert.equal(metadata?.annotations?.[LOCAL_NODE], 'n1');
    assert.deepEqual(spec?.hostPath, { path: `/state/local-volumes/${NAME}`, type: 'DirectoryOrCreate' });
    assert.deepEqual(spec?.capacity, { storage: '1Gi' });
    assert.equal(spec?.claimRef?.uid, 'uid-of-c');
    assert.equal(spec?.persistentVolumeReclaimPolicy, 'Delete');
    const term = { key: 'kubernetes.io/hostname', operator: 'In', values: ['n1.host'] };
    assert.deepEqual(spec?.nodeAffinity?.required?.nodeSelectorTerms, [{ matchExpressions: [term] }]);
    await told(`Normal ProvisioningSucceeded Successfully provisioned volume ${NAME}`);
  });

  it('makes a volume with nothing behind it where the node has no agent, and lets it go by itself', async () => {
    ask({}, { ...ASKED, [SELECTED_NODE]: 'n2' });
    assert.equal((await made()).metadata?.finalizers, undefined);
    release();
    await cluster.until('gone', () => volumeOf() === undefined);
  });

  it('deletes a released volume, and leaves the finalizer to the agent', async () => {
    ask();
    await made();
    release();
    await cluster.until('deleted', () => volumeOf()?.metadata?.deletionTimestamp !== undefined);
    await settle();
    assert.deepEqual(volumeOf()?.metadata?.finalizers, [LOCAL_FINALIZER]);
  });

  it('lets go of what was on a node that is no more', async () => {
    ask();
    await made();
    release();
    await cluster.until('deleted', () => volumeOf()?.metadata?.deletionTimestamp !== undefined);
    cluster.api.remove(NODES, 'n1');
    await cluster.until('gone', () => volumeOf() === undefined);
  });

  it('gives a claim back to the scheduler whose node is no more', async () => {
    ask({}, { ...ASKED, [SELECTED_NODE]: 'gone' });
    const why = 'failed to get target node: nodes "gone" not found';
    await told(`Warning ProvisioningFailed failed to provision volume with StorageClass "local": ${why}`);
    await cluster.until('given back', () => claimOf()?.metadata?.annotations?.[SELECTED_NODE] === undefined);
    assert.equal(volumeOf(), undefined);
  });

  it('waits for the choice of a node, and refuses a class for which nobody chooses', async () => {
    ask({}, { [STORAGE_PROVISIONER]: LOCAL_PROVISIONER });
    await settle();
    assert.deepEqual([volumeOf(), cluster.events()], [undefined, []]);
    cluster.api.remove(PERSISTENT_VOLUME_CLAIMS, 'c', 'default');
    ask({ storageClassName: 'now' }, { [STORAGE_PROVISIONER]: LOCAL_PROVISIONER });
    const why = 'no node was chosen: the class needs volumeBindingMode WaitForFirstConsumer';
    await told(`Warning ProvisioningFailed failed to provision volume with StorageClass "now": ${why}`);
    assert.equal(volumeOf(), undefined);
  });

  it("leaves other provisioners' claims alone", async () => {
    ask({}, { ...ASKED, [STORAGE_PROVISIONER]: 'example.com/disks' });
    await settle();
    assert.equal(volumeOf(), undefined);
  });

  it('cannot make devices, copies or what a selector asks for', () => {
    assert.equal(refusalOf(claim('c')), undefined);
    assert.match(refusalOf(claim('c', { volumeMode: 'Block' })) ?? '', /block volume/);
    assert.match(refusalOf(claim('c', { selector: {} })) ?? '', /Selector/);
    assert.match(refusalOf(claim('c', { dataSource: { kind: 'x', name: 'y' } })) ?? '', /DataSource/);
  });

  it('keeps what is to be retained, and what is bound', async () => {
    ask();
    const volume = await made();
    const policy = (persistentVolumeReclaimPolicy: string, phase: string): V1PersistentVolume => ({
      ...volume,
      spec: { ...volume.spec, persistentVolumeReclaimPolicy },
      status: { phase },
    });
    assert.equal(removalOf(policy('Retain', 'Released'), undefined), undefined);
    assert.equal(removalOf(policy('Delete', 'Bound'), undefined), undefined);
    assert.equal(removalOf(policy('Delete', 'Released'), undefined), 'delete');
  });
});
