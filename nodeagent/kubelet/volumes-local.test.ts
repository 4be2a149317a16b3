import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '../../base/fake-clock.ts';
import { silentLog } from '../../base/log.ts';
import { seededRandom } from '../../base/random.ts';
import { Client } from '../../client/client.ts';
import { FakeApi } from '../../client/fake-api.ts';
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES } from '../../client/resources.ts';
import type {
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1PersistentVolumeSpec,
} from '../../openapi/generated/types.ts';
import { eventually, pod } from './fixtures.ts';
import { claimNameOf, claimPath, claimVolumes, isReadOnlyClaim } from './volumes-claims.ts';
import { localVolumesAnnotation, runLocalVolumeAgent } from './volumes-local.ts';

const SOURCE = { name: 'data', persistentVolumeClaim: { claimName: 'c' } };

describe('volumes of claims', () => {
  let rootDir: string;
  let api: FakeApi;
  let clock: FakeClock;
  let checked: string[];
  const folder = () => join(rootDir, 'local-volumes', 'v');
  const makeVolume = (spec: V1PersistentVolumeSpec, metadata: V1PersistentVolume['metadata'] = {}, phase = 'Bound') =>
    api.create<V1PersistentVolume>(PERSISTENT_VOLUMES, undefined, {
      metadata: { name: 'v', ...metadata },
      spec: { claimRef: { namespace: 'default', name: 'c', uid: 'u' }, ...spec },
      status: { phase },
    });
  const makeClaim = (more: Partial<V1PersistentVolumeClaim> = {}) =>
    api.create<V1PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS, 'default', {
      metadata: { name: 'c', uid: 'u' },
      spec: { volumeName: 'v' },
      status: { phase: 'Bound' },
      ...more,
    });
  const path = (of = pod()) =>
    claimPath(of, SOURCE, 'c', {
      claims: claimVolumes(new Client(api)),
      rootDir,
      checkHostPath: async (source) => {
        checked.push(`${source.type} ${source.path}`);
      },
    });

  beforeEach(() => {
    rootDir = mkdtempSync(join(tmpdir(), 'kubelet-claims-'));
    clock = new FakeClock();
    api = new FakeApi({ clock, resources: [PERSISTENT_VOLUMES, PERSISTENT_VOLUME_CLAIMS] });
    checked = [];
  });
  afterEach(() => rmSync(rootDir, { recursive: true, force: true }));

  it('are where the host has them, once that is as it should be', async () => {
    makeClaim();
    makeVolume({ hostPath: { path: '/mnt/x', type: 'Directory' } });
    assert.equal(await path(), '/mnt/x');
    assert.deepEqual(checked, ['Directory /mnt/x']);
  });

  it('are made in our own folder for whatever user a container has, and for nobody else of the host', async () => {
    makeClaim();
    makeVolume({ hostPath: { path: folder(), type: 'DirectoryOrCreate' } });
    assert.equal(await path(), folder());
    assert.equal(statSync(folder()).mode & 0o777, 0o777);
    assert.equal(statSync(join(rootDir, 'local-volumes')).mode & 0o777, 0o700);
    writeFileSync(join(folder(), 'kept'), 'x');
    await path();
    assert.ok(existsSync(join(folder(), 'kept')));
  });

  it('that are local must be there', async () => {
    makeClaim();
    makeVolume({ local: { path: rootDir } });
    assert.equal(await path(), rootDir);
    api.change<V1PersistentVolume>(PERSISTENT_VOLUMES, 'v', undefined, (old) => ({
      ...old,
      spec: { ...old.spec, local: { path: '/not/there' } },
    }));
    await assert.rejects(path(), /^Error: path "\/not\/there" does not exist$/);
  });

  it('are refused as upstream refuses them', async () => {
    const refused = (words: string) => assert.rejects(path(), { message: `error processing PVC default/c: ${words}` });
    await refused('failed to fetch PVC from API server: persistentvolumeclaims "c" not found');
    makeClaim({ status: { phase: 'Pending' } });
    await refused('PVC is not bound');
    api.remove(PERSISTENT_VOLUME_CLAIMS, 'c', 'default');
    makeClaim();
    await refused('failed to fetch PV v from API server: persistentvolumes "v" not found');
    makeVolume({ claimRef: { namespace: 'default', name: 'c', uid: 'other' } });
    await assert.rejects(path(), /spec\.claimRef\.UID other/);
    api.remove(PERSISTENT_VOLUMES, 'v');
    makeVolume({ csi: { driver: 'd', volumeHandle: 'h' } });
    await assert.rejects(path(), { message: 'no volume plugin matched' });
    api.remove(PERSISTENT_VOLUME_CLAIMS, 'c', 'default');
    makeClaim({ metadata: { name: 'c', uid: 'u', deletionTimestamp: '2026-01-01T00:00:00Z' } });
    await refused('PVC is being deleted');
  });

  it('are only read where the pod says so', () => {
    const volumes = [SOURCE, { name: 'fixed', persistentVolumeClaim: { claimName: 'c', readOnly: true } }];
    assert.equal(isReadOnlyClaim(pod({ volumes }), 'data'), false);
    assert.equal(isReadOnlyClaim(pod({ volumes }), 'fixed'), true);
  });

  it('are those of the pod itself where they are ephemeral', () => {
    assert.equal(claimNameOf(pod(), { name: 'scratch', ephemeral: {} }), 'web-scratch');
    assert.equal(claimNameOf(pod(), { name: 'x', emptyDir: {} }), undefined);
  });

  describe('that are deleted', () => {
    let abort: AbortController;
    let agent: Promise<void>;
    const deleted = {
      annotations: { 'kubets.dev/node': 'n1' },
      finalizers: ['kubets.dev/local-volume', 'example.com/other'],
      deletionTimestamp: '2026-01-01T00:00:00Z',
    };
    const makeFolder = () => {
      mkdirSync(folder(), { recursive: true });
      writeFileSync(join(folder(), 'data'), 'x');
    };
    const finalizers = () => api.peek<V1PersistentVolume>(PERSISTENT_VOLUMES, 'v')?.metadata?.finalizers;
    const letGo = () => eventually(() => assert.deepEqual(finalizers(), ['example.com/other']));

    beforeEach(() => {
      abort = new AbortController();
      const { signal } = abort;
      const options = { clock, random: seededRandom(1), log: silentLog, nodeName: 'n1', rootDir, signal };
      agent = runLocalVolumeAgent({ client: new Client(api), ...options });
    });
    afterEach(async () => {
      abort.abort();
      await agent;
    });

    it('are removed with all that is in them, and then let go', async () => {
      makeFolder();
      makeVolume({ hostPath: { path: folder() }, persistentVolumeReclaimPolicy: 'Delete' }, deleted, 'Released');
      await letGo();
      assert.ok(!existsSync(folder()));
    });

    it('stay where they are to be retained', async () => {
      makeFolder();
      makeVolume({ hostPath: { path: folder() }, persistentVolumeReclaimPolicy: 'Retain' }, deleted, 'Released');
      await letGo();
      assert.ok(existsSync(join(folder(), 'data')));
    });

    it('are not removed where they are not in our folder', async () => {
      const elsewhere = join(rootDir, 'elsewhere');
      mkdirSync(elsewhere);
      makeVolume({ hostPath: { path: elsewhere }, persistentVolumeReclaimPolicy: 'Delete' }, deleted, 'Released');
      await letGo();
      assert.ok(existsSync(elsewhere));
    });

    it('stay as long as they are bound, or of another node', async () => {
      makeFolder();
      makeVolume({ hostPath: { path: folder() }, persistentVolumeReclaimPolicy: 'Delete' }, deleted, 'Bound');
      const away = { ...deleted, name: 'w', annotations: { 'kubets.dev/node': 'n2' } };
      makeVolume({ persistentVolumeReclaimPolicy: 'Delete' }, away, 'Released');
      const last = { ...deleted, name: 'x' };
      makeVolume({ persistentVolumeReclaimPolicy: 'Retain' }, last, 'Released');
      await eventually(() =>
        assert.deepEqual(api.peek<V1PersistentVolume>(PERSISTENT_VOLUMES, 'x')?.metadata?.finalizers, [
          'example.com/other',
        ]),
      );
      assert.ok(existsSync(folder()));
      assert.deepEqual(finalizers(), deleted.finalizers);
    });

    it('are looked after by whoever says so of its node', () => {
      assert.deepEqual(localVolumesAnnotation('/x'), { 'kubets.dev/local-volumes': '/x/local-volumes' });
    });
  });
});
