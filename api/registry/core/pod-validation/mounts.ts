/** Validation of what a container mounts. */
import type { V1Container, V1VolumeMount } from '../../../../openapi/generated/types.ts';
import type { FieldError } from '../../../../openapi/status.ts';
import { forbiddenField, invalidValue, notFoundValue, notSupported, required } from '../../validation/errors.ts';
import { validateLocalDescendingPath } from './paths.ts';
import type { Volumes } from './volumes.ts';

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None'];

export function validateVolumeMounts(container: V1Container, volumes: Volumes, path: string): FieldError[] {
  const devices = container.volumeDevices ?? [];
  const paths = new Set<string>();
  return (container.volumeMounts ?? []).flatMap((mount, i) => {
    const field = `${path}[${i}]`;
    const { name, mountPath } = mount;
    const errors = name ? [] : [required(`${field}.name`)];
    if (!volumes.has(name)) errors.push(notFoundValue(`${field}.name`, name));
    if (!mountPath) errors.push(required(`${field}.mountPath`));
    if (paths.has(mountPath)) errors.push(invalidValue(`${field}.mountPath`, mountPath, 'must be unique'));
    paths.add(mountPath);
    if (devices.some((device) => device.name === name)) {
      errors.push(invalidValue(`${field}.name`, name, 'must not already exist in volumeDevices'));
    }
    if (devices.some((device) => device.devicePath === mountPath)) {
      const detail = 'must not already exist as a path in volumeDevices';
      errors.push(invalidValue(`${field}.mountPath`, mountPath, detail));
    }
    return [...errors, ...validateSubPaths(mount, path, field), ...validatePropagation(mount, container, path)];
  });
}

function validateSubPaths({ subPath, subPathExpr }: V1VolumeMount, path: string, field: string): FieldError[] {
  // Upstream's paths lack the index here.
  const errors = subPath ? validateLocalDescendingPath(subPath, `${path}.subPath`) : [];
  if (!subPathExpr) return errors;
  if (subPath) {
    const detail = 'subPathExpr and subPath are mutually exclusive';
    errors.push(invalidValue(`${field}.subPathExpr`, subPathExpr, detail));
  }
  return [...errors, ...validateLocalDescendingPath(subPathExpr, `${path}.subPathExpr`)];
}

function validatePropagation({ mountPropagation }: V1VolumeMount, container: V1Container, path: string): FieldError[] {
  if (mountPropagation === undefined) return [];
  const field = `${path}.mountPropagation`;
  if (!PROPAGATIONS.includes(mountPropagation)) return [notSupported(field, mountPropagation, PROPAGATIONS)];
  if (mountPropagation !== 'Bidirectional' || container.securityContext?.privileged === true) return [];
  return [forbiddenField(field, 'Bidirectional mount propagation is available only to privileged containers')];
}

export function validateVolumeDevices(container: V1Container, volumes: Volumes, path: string): FieldError[] {
  const mounts = container.volumeMounts ?? [];
  const names = new Set<string>();
  const paths = new Set<string>();
  return (container.volumeDevices ?? []).flatMap(({ name, devicePath }, i) => {
    const field = `${path}[${i}]`;
    const errors: FieldError[] = [];
    const refuse = (child: string, value: string, detail: string) =>
      errors.push(invalidValue(`${field}.${child}`, value, detail));
    const volume = volumes.get(name);
    if (!name) errors.push(required(`${field}.name`));
    if (names.has(name)) refuse('name', name, 'must be unique');
    if (!volume) errors.push(notFoundValue(`${field}.name`, name));
    else if (!volume.persistentVolumeClaim && !volume.ephemeral) {
      refuse('name', name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode');
    }
    if (!devicePath) errors.push(required(`${field}.devicePath`));
    if (paths.has(devicePath)) refuse('devicePath', devicePath, 'must be unique');
    if (devicePath?.split('/').includes('..')) refuse('devicePath', devicePath, "can not contain backsteps ('..')");
    else paths.add(devicePath);
    if (mounts.some((mount) => mount.name === name)) refuse('name', name, 'must not already exist in volumeMounts');
    if (mounts.some((mount) => mount.mountPath === devicePath)) {
      refuse('devicePath', devicePath, 'must not already exist as a path in volumeMounts');
    }
    names.add(name);
    return errors;
  });
}
