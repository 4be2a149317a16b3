/** Claims, volumes and classes for tests. */
import type {
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1PersistentVolumeClaimSpec,
  V1PersistentVolumeSpec,
  V1StorageClass,
} from '../../openapi/generated/types.ts';

type Meta = V1PersistentVolumeClaim['metadata'];

export function claim(
  name: string,
  spec: V1PersistentVolumeClaimSpec = {},
  metadata: Meta = {},
): V1PersistentVolumeClaim {
  return {
    metadata: { name, namespace: 'default', uid: `uid-of-${name}`, ...metadata },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName: '',
      ...spec,
    },
    status: { phase: 'Pending' },
  };
}

export function volume(
  name: string,
  spec: V1PersistentVolumeSpec = {},
  metadata: Meta = {},
  phase = 'Available',
): V1PersistentVolume {
  return {
    metadata: { name, ...metadata },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path: `/mnt/${name}` },
      ...spec,
    },
    status: { phase },
  };
}

export function storageClass(name: string, more: Partial<V1StorageClass> = {}): V1StorageClass {
  return { metadata: { name }, provisioner: 'example.com/disks', volumeBindingMode: 'Immediate', ...more };
}

/** What a volume says of the claim of a name. */
export function reference(name: string, uid?: string): V1PersistentVolumeSpec {
  return { claimRef: { namespace: 'default', name, ...(uid === undefined ? {} : { uid }) } };
}
