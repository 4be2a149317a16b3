/** Kinds of storage.k8s.io and resource.k8s.io. */
import { type KindCase, label, put, spec } from './shape.ts';

const storage = { apiVersion: 'storage.k8s.io/v1', namespaced: false };
const resource = { apiVersion: 'resource.k8s.io/v1', since: 34 };

export const storageKinds: KindCase[] = [
  {
    ...storage,
    kind: 'StorageClass',
    resource: 'storageclasses',
    shortNames: ['sc'],
    sample: (name) => ({ metadata: { name }, provisioner: 'example.com/conformance' }),
    ...put({ allowVolumeExpansion: true }),
    columns: 'Name Provisioner ReclaimPolicy VolumeBindingMode AllowVolumeExpansion Age',
  },
  {
    ...storage,
    kind: 'VolumeAttachment',
    resource: 'volumeattachments',
    subresources: ['status'],
    sample: (name) => ({
      metadata: { name },
      spec: { attacher: 'example.com', nodeName: 'nowhere', source: { persistentVolumeName: 'nothing' } },
    }),
    ...label(),
    columns: 'Name Attacher PV Node Attached Age',
  },
  {
    ...storage,
    kind: 'CSIDriver',
    resource: 'csidrivers',
    sample: (name) => ({ metadata: { name }, spec: { attachRequired: false } }),
    ...label(),
    columns: 'Name AttachRequired PodInfoOnMount StorageCapacity TokenRequests RequiresRepublish Modes Age',
    olderColumns: { until: 21, columns: 'Name AttachRequired PodInfoOnMount Modes Age' },
  },
  {
    ...storage,
    kind: 'CSINode',
    resource: 'csinodes',
    sample: (name) => ({ metadata: { name }, spec: { drivers: [{ name: 'driver.example.com', nodeID: 'one' }] } }),
    ...label(),
    columns: 'Name Drivers Age',
  },
  {
    ...storage,
    kind: 'CSIStorageCapacity',
    since: 24,
    resource: 'csistoragecapacities',
    namespaced: true,
    sample: (name) => ({ metadata: { name }, storageClassName: 'conformance-none', capacity: '100Gi' }),
    ...put({ capacity: '200Gi' }),
    columns: 'Name StorageClassName Capacity',
  },
  {
    ...storage,
    kind: 'VolumeAttributesClass',
    since: 34,
    resource: 'volumeattributesclasses',
    shortNames: ['vac'],
    sample: (name) => ({ metadata: { name }, driverName: 'driver.example.com', parameters: { speed: 'high' } }),
    ...label(),
    columns: 'Name DriverName Age',
  },
  {
    ...resource,
    kind: 'DeviceClass',
    resource: 'deviceclasses',
    namespaced: false,
    sample: (name) => ({
      metadata: { name },
      spec: { selectors: [{ cel: { expression: 'device.driver == "driver.example.com"' } }] },
    }),
    ...put({ spec: { selectors: [{ cel: { expression: 'device.driver == "other.example.com"' } }] } }),
    columns: 'Name Age',
  },
  {
    ...resource,
    kind: 'ResourceClaim',
    resource: 'resourceclaims',
    namespaced: true,
    subresources: ['status'],
    sample: (name) => ({
      metadata: { name },
      spec: { devices: { requests: [{ name: 'one', exactly: { deviceClassName: 'example.com' } }] } },
    }),
    ...label(),
    columns: 'Name State Age',
  },
  {
    ...resource,
    kind: 'ResourceClaimTemplate',
    resource: 'resourceclaimtemplates',
    namespaced: true,
    sample: (name) => ({
      metadata: { name },
      spec: { spec: { devices: { requests: [{ name: 'one', exactly: { deviceClassName: 'example.com' } }] } } },
    }),
    ...label(),
    columns: 'Name Age',
  },
  {
    ...resource,
    kind: 'ResourceSlice',
    resource: 'resourceslices',
    namespaced: false,
    sample: (name) => ({
      metadata: { name },
      spec: {
        driver: 'driver.example.com',
        nodeName: 'nowhere',
        pool: { name: 'pool', generation: 1, resourceSliceCount: 1 },
        devices: [{ name: 'one' }],
      },
    }),
    ...spec({ devices: [{ name: 'one' }, { name: 'two' }] }),
    columns: 'Name Node Driver Pool Age',
  },
];
