/** VolumeRestrictions: some volumes cannot be mounted twice: disks of some kinds on one node, ReadWriteOncePod claims anywhere. */
import type { V1PersistentVolumeClaim, V1Pod, V1Volume } from '../../openapi/generated/types.ts';
import { always } from '../events.ts';
import type { Cycle, Plugin, Rejection } from '../framework.ts';
import type { PodInfo } from '../pod-info.ts';
import type { VolumeListers } from '../volumes/listers.ts';

const NAME = 'VolumeRestrictions';
const DISK_CONFLICT: Rejection = { plugin: NAME, reasons: ['node(s) had no available disk'], resolvable: true };
const IN_USE: Rejection = {
  plugin: NAME,
  reasons: ['node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode'],
  resolvable: true,
};

export function volumeRestrictions(listers: VolumeListers): Plugin {
  return {
    name: NAME,
    events: {
      AssignedPodDelete: (pod, gone) => sharesClaim(pod, gone) || disksOf(pod.pod).some((disk) => usesDisk(gone, disk)),
      NodeAdd: always,
      ClaimAdd: ({ claims }, { metadata }: V1PersistentVolumeClaim) =>
        claims.includes(`${metadata?.namespace}/${metadata?.name}`),
    },
    preFilter({ pod, cluster }: Cycle) {
      const disks = disksOf(pod.pod);
      const named = (pod.pod.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []);
      const missing = named.find((name) => !listers.claim(`${pod.namespace}/${name}`));
      if (missing !== undefined) {
        const reason = `persistentvolumeclaim ${JSON.stringify(missing)} not found`;
        return { rejection: { plugin: NAME, reasons: [reason], resolvable: false } };
      }
      const exclusive = pod.claims.filter((key) => listers.claim(key)?.spec?.accessModes?.includes('ReadWriteOncePod'));
      if (disks.length + exclusive.length === 0) return undefined;
      return {
        filter: (node) => {
          for (const other of disks.length > 0 ? node.pods.values() : []) {
            if (disks.some((disk) => usesDisk(other.pod, disk))) return DISK_CONFLICT;
          }
          return exclusive.some((key) => cluster.claimUsers(key) > 0) ? IN_USE : undefined;
        },
      };
    },
  };
}

function sharesClaim(pod: PodInfo, { metadata, spec }: V1Pod): boolean {
  return (spec?.volumes ?? []).some(
    ({ persistentVolumeClaim: claim }) => claim && pod.claims.includes(`${metadata?.namespace}/${claim.claimName}`),
  );
}

function disksOf({ spec }: V1Pod): V1Volume[] {
  return (spec?.volumes ?? []).filter(
    ({ gcePersistentDisk, awsElasticBlockStore, iscsi, rbd }) =>
      gcePersistentDisk || awsElasticBlockStore || iscsi || rbd,
  );
}

function usesDisk({ spec }: V1Pod, disk: V1Volume): boolean {
  return (spec?.volumes ?? []).some((other) => conflict(disk, other));
}

function conflict(a: V1Volume, b: V1Volume): boolean {
  if (a.gcePersistentDisk && b.gcePersistentDisk) {
    const both = a.gcePersistentDisk.readOnly && b.gcePersistentDisk.readOnly;
    if (a.gcePersistentDisk.pdName === b.gcePersistentDisk.pdName && !both) return true;
  }
  if (a.awsElasticBlockStore && a.awsElasticBlockStore.volumeID === b.awsElasticBlockStore?.volumeID) return true;
  if (a.iscsi && a.iscsi.iqn === b.iscsi?.iqn && !(a.iscsi.readOnly && b.iscsi.readOnly)) return true;
  if (!a.rbd || !b.rbd || (a.rbd.readOnly && b.rbd.readOnly)) return false;
  const monitors = new Set(a.rbd.monitors);
  return (
    b.rbd.monitors.some((monitor) => monitors.has(monitor)) &&
    (a.rbd.pool ?? 'rbd') === (b.rbd.pool ?? 'rbd') &&
    a.rbd.image === b.rbd.image
  );
}
