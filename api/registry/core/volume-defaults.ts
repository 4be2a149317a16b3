/** Upstream's defaults of the sources that pods' volumes and PersistentVolumes share. */
import type { V1PersistentVolumeSpec, V1Volume } from '../../../openapi/generated/types.ts';

type Source = Pick<V1Volume | V1PersistentVolumeSpec, 'hostPath' | 'iscsi' | 'rbd' | 'azureDisk' | 'scaleIO'>;

/** Changes the source in place; idempotent. */
export function defaultSource({ hostPath, iscsi, rbd, azureDisk, scaleIO }: Source): void {
  if (hostPath) hostPath.type ??= '';
  if (iscsi) iscsi.iscsiInterface ||= 'default';
  if (rbd) {
    rbd.pool ||= 'rbd';
    rbd.user ||= 'admin';
    rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= 'ReadWrite';
    azureDisk.kind ??= 'Shared';
    azureDisk.fsType ??= 'ext4';
    azureDisk.readOnly ??= false;
  }
  if (scaleIO) {
    scaleIO.storageMode ||= 'ThinProvisioned';
    scaleIO.fsType ||= 'xfs';
  }
}
