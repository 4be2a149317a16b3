/** The kinds of storage.k8s.io, and pods that name a CSI driver. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaviour,
  fetchApi,
  includes,
  listOf,
  MERGE_PATCH,
  mutate,
  namesOf,
  objectOf,
  statusOf,
  suite,
  testNamespace,
  uniqueName,
} from './harness.ts';
import { supportsOperations } from './kind-operations.ts';
import { samplePodSpec } from './kinds.ts';

const kinds: [resource: string, row: string][] = [
  ['csidrivers', 'CSIInlineVolumes should run through the lifecycle of a CSIDriver'],
  ['csinodes', 'CSINodes CSI Conformance should run through the lifecycle of a csinode'],
  ['csistoragecapacities', 'CSIStorageCapacity should support CSIStorageCapacities API operations'],
  ['storageclasses', 'StorageClasses CSI Conformance should run through the lifecycle of a StorageClass'],
  ['volumeattachments', 'VolumeAttachment Conformance should run through the lifecycle of a VolumeAttachment'],
  [
    'volumeattributesclasses',
    'VolumeAttributesClass [FeatureGate:VolumeAttributesClass] should run through the lifecycle of a VolumeAttributesClass',
  ],
];
for (const [resource, row] of kinds) supportsOperations({ apiVersion: 'storage.k8s.io/v1', resource, rows: [row] });

suite('volume attachments', () => {
  const attachments = '/apis/storage.k8s.io/v1/volumeattachments';
  const name = uniqueName('attachment');
  after(async () => {
    await fetchApi('DELETE', `${attachments}/${name}`);
  });

  behaviour('VolumeAttachment Conformance should apply changes to a volumeattachment status', async () => {
    const path = `${attachments}/${name}`;
    const spec = { attacher: 'example.com', nodeName: 'nowhere', source: { persistentVolumeName: 'nothing' } };
    const created = objectOf(await fetchApi('POST', attachments, { body: { metadata: { name }, spec } }), 201);
    assert.equal(created.metadata.name, name);
    const label = { metadata: { labels: { [name]: 'patched' } } };
    includes(objectOf(await applyPatch(path, MERGE_PATCH, label)), label);
    includes(objectOf(await fetchApi('GET', `${path}/status`)), {
      kind: 'VolumeAttachment',
      metadata: { uid: created.metadata.uid },
      status: { attached: false },
    });
    const patched = objectOf(await applyPatch(`${path}/status`, MERGE_PATCH, { status: { attached: true } }));
    includes(patched, { status: { attached: true }, spec });
    includes(objectOf(await fetchApi('GET', path)), { status: { attached: true } });
    const updated = await mutate(`${path}/status`, (object) => {
      object.status = { attached: false };
    });
    includes(updated, { status: { attached: false }, spec });
    assert.equal((await fetchApi('DELETE', path)).status, 200);
    const left = await fetchApi('GET', `${attachments}?labelSelector=${name}%3Dpatched`);
    assert.deepEqual(namesOf(listOf(left)), []);
  });
});

suite('inline CSI volumes', () => {
  const namespace = testNamespace();

  behaviour('CSIInlineVolumes should support CSIVolumeSource in Pod API', async () => {
    const name = 'pod-csi-inline-volumes';
    const path = namespace.path('pods', name);
    const volumes = [
      { name: 'csi-inline-vol1', csi: { driver: 'e2e.example.com' } },
      { name: 'csi-inline-vol2', csi: { driver: 'e2e.example.com', fsType: 'ext4', readOnly: true } },
    ];
    const volumeMounts = volumes.map(({ name }, index) => ({ name, mountPath: `/mnt/vol${index + 1}` }));
    const body = {
      metadata: { name },
      spec: { ...samplePodSpec(), volumes, containers: [{ name, image: 'example.invalid/main:1', volumeMounts }] },
    };
    const created = objectOf(await fetchApi('POST', namespace.path('pods'), { body }), 201);
    assert.deepEqual(at(created, 'spec.volumes'), volumes);
    statusOf(await fetchApi('POST', namespace.path('pods'), { body }), { code: 409, reason: 'AlreadyExists' });
    assert.equal(objectOf(await fetchApi('GET', path)).metadata.uid, created.metadata.uid);
    assert.deepEqual(namesOf(listOf(await fetchApi('GET', namespace.path('pods')))), [name]);
    const patch = { metadata: { annotations: { patched: 'true' } } };
    includes(objectOf(await applyPatch(path, MERGE_PATCH, patch)), { ...patch, spec: { volumes } });
    assert.equal((await fetchApi('DELETE', path)).status, 200);
    // Nobody has scheduled it, so it goes at once.
    statusOf(await fetchApi('GET', path), { code: 404, reason: 'NotFound' });
  });
});
