/** Persistent volumes and claims, as the API keeps them. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaves,
  behaviour,
  eventually,
  fetchApi,
  includes,
  listOf,
  MERGE_PATCH,
  mutate,
  namesOf,
  objectOf,
  STRATEGIC_PATCH,
  suite,
  testNamespace,
  type Wire,
} from './harness.ts';

suite('persistent volumes and claims', () => {
  const namespace = testNamespace();
  const volumes = '/api/v1/persistentvolumes';
  const claims = namespace.path('persistentvolumeclaims');
  const pvPath = (name: string) => `${volumes}/${name}`;
  const pvcPath = (name: string) => `${claims}/${name}`;
  const selector = `labelSelector=e2e-pv-pool%3D${namespace.name}`;

  /** A volume and a claim that fit each other and nothing else. */
  const createPair = async (name: string): Promise<[pv: Wire, pvc: Wire]> => {
    const pvName = `${namespace.name}-${name}`;
    const volume = {
      metadata: { name: pvName, labels: { 'e2e-pv-pool': namespace.name } },
      spec: {
        capacity: { storage: '2Gi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName: namespace.name,
        csi: { driver: 'driver.example.com', volumeHandle: name },
      },
    };
    const claim = {
      metadata: { name },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: namespace.name,
        resources: { requests: { storage: '2Gi' } },
      },
    };
    const pv = objectOf(await fetchApi('POST', volumes, { body: volume }), 201);
    const pvc = objectOf(await fetchApi('POST', claims, { body: claim }), 201);
    includes(pv, volume);
    includes(pvc, claim);
    return [pv, pvc];
  };

  // After each, not at the end: without its namespace nothing could lift the protection of a claim.
  afterEach(async () => {
    for (const name of namesOf(listOf(await fetchApi('GET', claims)))) await remove(pvcPath(name));
    const left = listOf(await fetchApi('GET', `${volumes}?${selector}`));
    for (const name of namesOf(left)) await remove(pvPath(name));
  });

  behaves('a volume and a claim are written, listed and go, alone and with others', async () => {
    const [pv, pvc] = await createPair('first');
    assert.deepEqual(namesOf(listOf(await fetchApi('GET', `${volumes}?${selector}`))), [pv.metadata.name]);
    assert.deepEqual(namesOf(listOf(await fetchApi('GET', claims))), ['first']);
    for (const [path, before] of [
      [pvPath(pv.metadata.name), pv],
      [pvcPath('first'), pvc],
    ] as const) {
      const patch = { metadata: { labels: { [before.metadata.name]: 'patched' } } };
      const patched = objectOf(await applyPatch(path, STRATEGIC_PATCH, patch));
      includes(patched, patch);
      assert.ok(Number(patched.metadata.resourceVersion) > Number(before.metadata.resourceVersion));
      assert.equal(objectOf(await fetchApi('GET', path)).metadata.uid, before.metadata.uid);
    }
    for (const path of [pvcPath('first'), pvPath(pv.metadata.name)]) {
      assert.equal((await fetchApi('DELETE', path)).status, 200);
      await released(path);
    }

    const [second] = await createPair('second');
    for (const path of [pvPath(second.metadata.name), pvcPath('second')]) {
      const updated = await mutate(path, (object) => {
        object.metadata.labels = { ...object.metadata.labels, updated: namespace.name };
      });
      includes(updated, { metadata: { labels: { updated: namespace.name } } });
    }
    const updated = `labelSelector=updated%3D${namespace.name}`;
    const everywhere = await fetchApi('GET', `/api/v1/persistentvolumeclaims?${updated}`);
    assert.deepEqual(namesOf(listOf(everywhere)), ['second']);
    for (const [collection, path] of [
      [claims, pvcPath('second')],
      [volumes, pvPath(second.metadata.name)],
    ] as const) {
      assert.equal((await fetchApi('DELETE', `${collection}?${updated}`)).status, 200);
      await released(path);
      assert.deepEqual(namesOf(listOf(await fetchApi('GET', `${collection}?${updated}`))), []);
    }
  });

  behaviour('PersistentVolumes CSI Conformance should apply changes to a pv/pvc status', async () => {
    const [pv] = await createPair('status');
    const [volume, claim] = [pvPath(pv.metadata.name), pvcPath('status')];
    const phaseOf = async (path: string) => at(objectOf(await fetchApi('GET', `${path}/status`)), 'status.phase');
    assert.match(String(await phaseOf(claim)), /^(Pending|Bound)$/);
    assert.match(String(await phaseOf(volume)), /^(Available|Bound|Pending)$/);

    const first = { type: 'StatusPatched', status: 'True', reason: 'E2E patchedStatus', message: 'Set from e2e test' };
    const patchedClaim = await applyPatch(`${claim}/status`, MERGE_PATCH, { status: { conditions: [first] } });
    includes(objectOf(patchedClaim).status, { conditions: [first] });
    const reason = { reason: 'E2E patchStatus', message: 'StatusPatched' };
    includes(objectOf(await applyPatch(`${volume}/status`, MERGE_PATCH, { status: reason })).status, reason);

    const second = { ...first, type: 'StatusUpdated', reason: 'E2E updateStatus' };
    const updatedClaim = await mutate(`${claim}/status`, (object) => {
      const status = object.status as { conditions: object[] };
      object.status = { ...status, conditions: [...status.conditions, second] };
    });
    includes(updatedClaim.status, { conditions: [first, second] });
    const update = { reason: 'E2E updateStatus', message: 'StatusUpdated' };
    const updatedVolume = await mutate(`${volume}/status`, (object) => {
      object.status = { ...(object.status as object), ...update };
    });
    includes(updatedVolume.status, update);
  });
});

/** The object is gone, or waits for its protection to be lifted, which is done here in case no controller does it. */
async function released(path: string): Promise<void> {
  await eventually(async () => {
    const answer = await fetchApi('GET', path);
    if (answer.status === 404) return;
    const { metadata } = objectOf(answer);
    assert.ok(metadata.deletionTimestamp, `${path} is not being deleted`);
    assert.match(String(metadata.finalizers), /^(kubernetes\.io\/pvc?-protection|external-\S+)/);
    await applyPatch(path, MERGE_PATCH, { metadata: { finalizers: null } });
    assert.fail(`${path} is still there`);
  });
}

async function remove(path: string): Promise<void> {
  await fetchApi('DELETE', path);
  await released(path);
}
