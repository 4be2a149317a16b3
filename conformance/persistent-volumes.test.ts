/** Claims and volumes as controllers, scheduler and kubelet keep them: bound, held, let go, and made when needed. */
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
  removeAll,
  STRATEGIC_PATCH,
  suite,
  uniqueName,
  type Wire,
} from './harness.ts';
import { livePods, ROLLOUT_MS, template, workloadNamespace } from './replicas.ts';

const needsNode = true;
const VOLUMES = '/api/v1/persistentvolumes';
const CLASSES = '/apis/storage.k8s.io/v1/storageclasses';
const LIFECYCLE = 'PersistentVolumes CSI Conformance should run through the lifecycle of a PV and a PVC';

suite('persistent volumes', () => {
  const own = { names: [] as string[], classes: [] as string[] };
  // Before the namespace goes: pods and claims first, then what they held.
  after(async () => {
    await removeAll(namespace.apps('statefulsets'));
    await removeAll(namespace.path('pods'));
    await removeAll(namespace.path('persistentvolumeclaims'));
    for (const name of own.names) {
      await fetchApi('DELETE', `${VOLUMES}/${name}`);
      await isGone(`${VOLUMES}/${name}`);
    }
    for (const name of own.classes) await fetchApi('DELETE', `${CLASSES}/${name}`);
  });
  const namespace = workloadNamespace();
  const claimPath = (name?: string) => namespace.path('persistentvolumeclaims', name);
  const claimOf = async (name: string) => objectOf(await fetchApi('GET', claimPath(name)));
  const volumeOf = async (name: string) => objectOf(await fetchApi('GET', `${VOLUMES}/${name}`));

  const makeVolume = async (spec: object = {}, labels: object = {}): Promise<string> => {
    const name = uniqueName('pv');
    own.names.push(name);
    const common = {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: namespace.name,
      hostPath: { path: `/tmp/${name}`, type: 'DirectoryOrCreate' },
    };
    objectOf(
      await fetchApi('POST', VOLUMES, { body: { metadata: { name, labels }, spec: { ...common, ...spec } } }),
      201,
    );
    return name;
  };
  const makeClaim = async (name: string, spec: object = {}, labels: object = {}): Promise<Wire> => {
    const common = {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName: namespace.name,
    };
    const body = { metadata: { name, labels }, spec: { ...common, ...spec } };
    return objectOf(await fetchApi('POST', claimPath(), { body }), 201);
  };
  const remove = async (path: string) => assert.equal((await fetchApi('DELETE', path)).status, 200);

  /** Waits until the claim is bound, and to what. */
  const bound = (name: string): Promise<string> =>
    eventually(async () => {
      const claim = await claimOf(name);
      assert.equal(at(claim, 'status.phase'), 'Bound');
      return String(at(claim, 'spec.volumeName'));
    });
  const volumeIs = (name: string, phase: string) =>
    eventually(async () => assert.equal(at(await volumeOf(name), 'status.phase'), phase));

  /** Waits until an event of the claim says so. */
  const told = (claim: string, reason: string, message: string) =>
    eventually(async () => {
      const query = `fieldSelector=involvedObject.name%3D${claim}%2Creason%3D${reason}`;
      const events = listOf(await fetchApi('GET', `${namespace.path('events')}?${query}`)).items;
      assert.ok(
        events.some((event) => event.message === message),
        JSON.stringify(events.map((event) => event.message)),
      );
    });

  const makePod = async (name: string, claimName: string) => {
    const { metadata, spec } = template({ app: name });
    const containers = spec.containers.map((each) => ({
      ...each,
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    }));
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName } }];
    const body = { metadata: { ...metadata, name }, spec: { ...spec, containers, volumes } };
    objectOf(await fetchApi('POST', namespace.path('pods'), { body }), 201);
  };
  const runs = (name: string) =>
    eventually(async () => {
      const pod = objectOf(await fetchApi('GET', namespace.path('pods', name)));
      assert.equal(at(pod, 'status.phase'), 'Running');
      return pod;
    }, ROLLOUT_MS);

  behaves('a claim gets the smallest volume that will do, and both say so', { needsNode }, async () => {
    const [large, fitting] = [
      await makeVolume({ capacity: { storage: '5Gi' } }),
      await makeVolume({ capacity: { storage: '2Gi' } }),
    ];
    await makeVolume({ capacity: { storage: '500Mi' } });
    const elsewhere = await makeVolume({ accessModes: ['ReadOnlyMany'] });
    await volumeIs(fitting, 'Available');
    await volumeIs(large, 'Available');
    const { metadata } = await makeClaim('smallest', { resources: { requests: { storage: '1500Mi' } } });
    assert.equal(await bound('smallest'), fitting);
    includes(await claimOf('smallest'), {
      metadata: {
        annotations: { 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' },
      },
      status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '2Gi' } },
    });
    includes(await volumeOf(fitting), {
      metadata: { annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes' } },
      spec: {
        claimRef: { kind: 'PersistentVolumeClaim', name: 'smallest', namespace: namespace.name, uid: metadata.uid },
      },
      status: { phase: 'Bound' },
    });
    await volumeIs(elsewhere, 'Available');
  });

  behaves('a claim gets what its selector and its volume mode ask for', { needsNode }, async () => {
    const selector = { matchLabels: { disk: namespace.name } };
    const storageClassName = `${namespace.name}-selected`;
    await makeVolume({ storageClassName });
    const device = await makeVolume({
      storageClassName,
      volumeMode: 'Block',
      local: { path: '/dev/x' },
      hostPath: undefined,
      nodeAffinity: anyNode(),
    });
    const chosen = await makeVolume({ storageClassName, capacity: { storage: '9Gi' } }, { disk: namespace.name });
    await makeClaim('selected', { storageClassName, selector });
    await makeClaim('device', { storageClassName, volumeMode: 'Block' });
    assert.equal(await bound('selected'), chosen);
    assert.equal(await bound('device'), device);
  });

  behaves('a volume can be meant for a claim, and a claim for a volume', { needsNode }, async () => {
    const storageClassName = `${namespace.name}-meant`;
    const claimRef = { namespace: namespace.name, name: 'meant' };
    const reserved = await makeVolume({ storageClassName, capacity: { storage: '9Gi' }, claimRef });
    const named = await makeVolume({ storageClassName, capacity: { storage: '7Gi' } });
    await makeVolume({ storageClassName });
    await volumeIs(reserved, 'Available');
    await makeClaim('meant', { storageClassName });
    await makeClaim('naming', { storageClassName, volumeName: named });
    assert.equal(await bound('meant'), reserved);
    assert.equal(await bound('naming'), named);
    assert.equal((await volumeOf(reserved)).metadata.annotations?.['pv.kubernetes.io/bound-by-controller'], undefined);
    assert.equal((await claimOf('naming')).metadata.annotations?.['pv.kubernetes.io/bound-by-controller'], undefined);
  });

  behaves('a claim says why it waits, and gets what comes later', { needsNode }, async () => {
    const none = 'no persistent volumes available for this claim and no storage class is set';
    await makeClaim('waiting', { storageClassName: '', selector: { matchLabels: { only: namespace.name } } });
    await told('waiting', 'FailedBinding', none);
    const small = await makeVolume({ storageClassName: '', capacity: { storage: '1Mi' } }, { only: namespace.name });
    await makeClaim('mismatched', { storageClassName: '', volumeName: small });
    const mismatch = `Cannot bind to requested volume "${small}": requested PV is too small`;
    await told('mismatched', 'VolumeMismatch', mismatch);
    assert.equal(at(await claimOf('waiting'), 'status.phase'), 'Pending');
    const late = await makeVolume({ storageClassName: '' }, { only: namespace.name });
    assert.equal(await bound('waiting'), late);
  });

  behaves('a volume that is to be retained is released with its claim, and nobody gets it', { needsNode }, async () => {
    const storageClassName = `${namespace.name}-retained`;
    const volume = await makeVolume({ storageClassName });
    await makeClaim('retained', { storageClassName });
    await bound('retained');
    await remove(claimPath('retained'));
    await volumeIs(volume, 'Released');
    await isGone(claimPath('retained'));
    await makeClaim('retained', { storageClassName });
    const fresh = await makeVolume({ storageClassName });
    assert.equal(await bound('retained'), fresh);
    await volumeIs(volume, 'Released');
  });

  behaves('a claim is lost with its volume', { needsNode }, async () => {
    const storageClassName = `${namespace.name}-lost`;
    const volume = await makeVolume({ storageClassName });
    await makeClaim('lost', { storageClassName });
    await bound('lost');
    await remove(`${VOLUMES}/${volume}`);
    assert.ok(at(await volumeOf(volume), 'metadata.deletionTimestamp'), 'what is bound is held');
    await applyPatch(`${VOLUMES}/${volume}`, MERGE_PATCH, { metadata: { finalizers: null } });
    await eventually(async () => assert.equal(at(await claimOf('lost'), 'status.phase'), 'Lost'));
    await told('lost', 'ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
  });

  behaviour(LIFECYCLE, { needsNode }, async () => {
    const labels = { lifecycle: namespace.name };
    const selector = `labelSelector=lifecycle%3D${namespace.name}`;
    const storageClassName = `${namespace.name}-lifecycle`;
    for (const how of ['one by one', 'together']) {
      const volume = await makeVolume({ storageClassName }, labels);
      await makeClaim('lifecycle', { storageClassName }, labels);
      assert.deepEqual(namesOf(listOf(await fetchApi('GET', `${VOLUMES}?${selector}`))), [volume]);
      await bound('lifecycle');
      for (const path of [`${VOLUMES}/${volume}`, claimPath('lifecycle')]) {
        const patch = { metadata: { labels: { patched: 'yes' } } };
        includes(objectOf(await applyPatch(path, STRATEGIC_PATCH, patch)), patch);
        const updated = await mutate(path, (object) => {
          object.metadata.labels = { ...object.metadata.labels, updated: 'yes' };
        });
        includes(updated, { metadata: { labels: { ...labels, patched: 'yes', updated: 'yes' } } });
      }
      for (const [collection, path] of [
        [claimPath(), claimPath('lifecycle')],
        [VOLUMES, `${VOLUMES}/${volume}`],
      ] as const) {
        await remove(how === 'together' ? `${collection}?${selector}` : path);
        await isGone(path);
      }
    }
  });

  behaves('a claim that a pod uses goes after the pod', { needsNode }, async () => {
    const storageClassName = `${namespace.name}-held`;
    await makeVolume({ storageClassName });
    await makeClaim('held', { storageClassName });
    await bound('held');
    await makePod('holder', 'held');
    await runs('holder');
    await remove(claimPath('held'));
    includes(await claimOf('held'), { metadata: { finalizers: ['kubernetes.io/pvc-protection'] } });
    assert.equal(at(await claimOf('held'), 'status.phase'), 'Bound');
    await remove(namespace.path('pods', 'holder'));
    await isGone(claimPath('held'));
  });

  behaves('a late class leaves the choice of volumes to the scheduler', { needsNode }, async () => {
    const name = uniqueName('late');
    own.classes.push(name);
    const late = { provisioner: 'kubernetes.io/no-provisioner', volumeBindingMode: 'WaitForFirstConsumer' };
    objectOf(await fetchApi('POST', CLASSES, { body: { metadata: { name }, ...late } }), 201);
    const away = await makeVolume({ storageClassName: name, nodeAffinity: noNode() });
    const here = await makeVolume({ storageClassName: name, capacity: { storage: '2Gi' }, nodeAffinity: anyNode() });
    await volumeIs(here, 'Available');
    await makeClaim('late', { storageClassName: name });
    await told('late', 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding');
    assert.equal(at(await claimOf('late'), 'status.phase'), 'Pending');
    await makePod('first', 'late');
    await runs('first');
    assert.equal(await bound('late'), here);
    await volumeIs(away, 'Available');
  });

  behaves(
    'a stateful set keeps its claims and their volumes when it is deleted and made anew',
    { needsNode },
    async () => {
      const body = statefulSet();
      const volumesOf = () => Promise.all(['data-kept-0', 'data-kept-1'].map(bound));
      const isRunning = () =>
        eventually(async () => {
          const set = objectOf(await fetchApi('GET', namespace.apps('statefulsets', 'kept')));
          assert.equal(at(set, 'status.readyReplicas'), 2);
        }, ROLLOUT_MS);
      objectOf(await fetchApi('POST', namespace.apps('statefulsets'), { body }), 201);
      await isRunning();
      const before = await volumesOf();
      assert.equal(new Set(before).size, 2);
      const uids = await claimUids();
      for (const name of before) {
        const { provisioner } = await defaultClass();
        includes(await volumeOf(name), {
          metadata: { annotations: { 'pv.kubernetes.io/provisioned-by': provisioner } },
        });
      }
      await remove(namespace.apps('statefulsets', 'kept'));
      await eventually(async () => assert.equal((await livePods(namespace, 'app=kept')).length, 0), ROLLOUT_MS);
      assert.deepEqual(await volumesOf(), before);

      objectOf(await fetchApi('POST', namespace.apps('statefulsets'), { body }), 201);
      await isRunning();
      assert.deepEqual(await volumesOf(), before);
      assert.deepEqual(await claimUids(), uids);

      await remove(namespace.apps('statefulsets', 'kept'));
      for (const name of ['data-kept-0', 'data-kept-1']) await remove(claimPath(name));
      for (const name of before) await isGone(`${VOLUMES}/${name}`, ROLLOUT_MS);
    },
  );

  function statefulSet() {
    const labels = { app: 'kept' };
    const pod = template(labels);
    const containers = pod.spec.containers.map((each) => ({
      ...each,
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    }));
    // No class: the cluster's default.
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } };
    return {
      metadata: { name: 'kept', labels },
      spec: {
        serviceName: 'kept',
        replicas: 2,
        selector: { matchLabels: labels },
        template: { ...pod, spec: { ...pod.spec, containers } },
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec }],
      },
    };
  }

  const claimUids = async () =>
    Promise.all(['data-kept-0', 'data-kept-1'].map(async (name) => (await claimOf(name)).metadata.uid));
}, 60_000);

async function defaultClass(): Promise<Wire & { provisioner?: string }> {
  const classes = listOf(await fetchApi('GET', CLASSES)).items;
  const found = classes.find(
    ({ metadata }) => metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true',
  );
  assert.ok(found, 'the cluster has a default storage class');
  return found;
}

async function isGone(path: string, deadlineMs?: number): Promise<void> {
  await eventually(async () => assert.equal((await fetchApi('GET', path)).status, 404, `${path} is there`), deadlineMs);
}

function anyNode() {
  return affinity({ key: 'kubernetes.io/hostname', operator: 'Exists' });
}

function noNode() {
  return affinity({ key: 'kubernetes.io/hostname', operator: 'In', values: ['no-such-node'] });
}

function affinity(expression: object) {
  return { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } };
}
