/** Claims, volumes and classes for tests. */
import type {
  V1CSINode,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1StorageClass,
} from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import { classOfVolume } from '../volumes/claims.ts';
import type { VolumeListers } from '../volumes/listers.ts';
import { pod } from './objects.ts';

export interface VolumeObjects {
  claims?: readonly V1PersistentVolumeClaim[];
  volumes?: readonly V1PersistentVolume[];
  classes?: readonly V1StorageClass[];
  csiNodes?: readonly V1CSINode[];
}

export function volumeListers({
  claims = [],
  volumes = [],
  classes = [],
  csiNodes = [],
}: VolumeObjects): VolumeListers {
  return {
    claim: (key) => claims.find((claim) => keyOf(claim) === key),
    volume: (name) => volumes.find(({ metadata }) => metadata?.name === name),
    volumesOfClass: (name) => volumes.filter((volume) => classOfVolume(volume) === name),
    storageClass: (name) => classes.find(({ metadata }) => metadata?.name === name),
    csiNode: (name) => csiNodes.find(({ metadata }) => metadata?.name === name),
  };
}

/** Bound to `volumeName` when that is given. */
export function claim(
  name: string,
  options: { storage?: string; className?: string; volumeName?: string; annotations?: Record<string, string> } = {},
): V1PersistentVolumeClaim {
  const { storage = '1Gi', className = 'local', volumeName } = options;
  const bound: Record<string, string> = volumeName ? { 'pv.kubernetes.io/bind-completed': 'yes' } : {};
  return {
    metadata: { name, namespace: 'default', uid: `uid-of-${name}`, annotations: { ...bound, ...options.annotations } },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage } },
      storageClassName: className,
      ...(volumeName ? { volumeName } : {}),
    },
    status: { phase: volumeName ? 'Bound' : 'Pending' },
  };
}

/** On `nodeName` only, when that is given. */
export function volume(
  name: string,
  options: { storage?: string; className?: string; nodeName?: string; labels?: Record<string, string> } = {},
): V1PersistentVolume {
  const { storage = '1Gi', className = 'local', nodeName, labels } = options;
  const expression = { key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName ?? ''] };
  return {
    metadata: { name, uid: `uid-of-${name}`, ...(labels ? { labels } : {}) },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage },
      storageClassName: className,
      ...(nodeName ? { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } } } : {}),
    },
    status: { phase: 'Available' },
  };
}

export function storageClass(name: string, options: Partial<V1StorageClass> = {}): V1StorageClass {
  return {
    metadata: { name },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
    ...options,
  };
}

/** A pod that uses claims. */
export function podWith(name: string, ...claims: string[]): V1Pod {
  const volumes = claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } }));
  return pod(name, { volumes });
}
