/** How claims and volumes look when they are bound, unbound, or asked for. Pure: `undefined` where nothing changes. */
import { parseQuantity } from '../../base/quantity.ts';
import type {
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1PersistentVolumeClaimStatus,
} from '../../openapi/generated/types.ts';
import {
  BETA_STORAGE_PROVISIONER,
  BIND_COMPLETED,
  BOUND_BY_CONTROLLER,
  isBindCompleted,
  isBoundByController,
  isMeantFor,
  STORAGE_PROVISIONER,
} from './objects.ts';

/** The size that a filesystem has not grown beyond yet. */
const SIZE_BEFORE_RESIZE = 'volume.alpha.kubernetes.io/pre-resize-capacity';

/** The volume with a reference to the claim, and a note where we chose it. */
export function volumeBoundTo(
  volume: V1PersistentVolume,
  claim: V1PersistentVolumeClaim,
): V1PersistentVolume | undefined {
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = claim.metadata ?? {};
  const isOurs = !isMeantFor(volume, claim);
  const isReferred = !isOurs && volume.spec?.claimRef?.uid === uid;
  if (isReferred) return undefined;
  const claimRef = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', name, namespace, uid, resourceVersion };
  const bound: V1PersistentVolume = { ...volume, spec: { ...volume.spec, claimRef } };
  return isOurs && !isBoundByController(volume) ? annotated(bound, { [BOUND_BY_CONTROLLER]: 'yes' }) : bound;
}

/** The claim with the volume's name, and the note that both sides are bound. */
export function claimBoundTo(
  claim: V1PersistentVolumeClaim,
  volume: V1PersistentVolume,
): V1PersistentVolumeClaim | undefined {
  const volumeName = volume.metadata?.name ?? '';
  const isNamed = claim.spec?.volumeName === volumeName;
  if (isNamed && isBindCompleted(claim)) return undefined;
  const notes: Record<string, string> = {};
  if (!isNamed && !isBoundByController(claim)) notes[BOUND_BY_CONTROLLER] = 'yes';
  if (!isBindCompleted(claim)) notes[BIND_COMPLETED] = 'yes';
  return annotated({ ...claim, spec: { ...claim.spec, volumeName } }, notes);
}

/** The volume as it was before it was bound: free, or still meant for the claim when its user said so. */
export function unboundVolume(volume: V1PersistentVolume): V1PersistentVolume {
  const { claimRef, ...spec } = volume.spec ?? {};
  if (!isBoundByController(volume)) {
    const { uid: _, ...name } = claimRef ?? {};
    return { ...volume, spec: { ...spec, claimRef: name } };
  }
  const { [BOUND_BY_CONTROLLER]: _, ...annotations } = volume.metadata?.annotations ?? {};
  return { ...volume, metadata: { ...volume.metadata, annotations }, spec };
}

/** The claim with the name of who is to make its volume, as newer and as older provisioners look for it. */
export function askedOf(claim: V1PersistentVolumeClaim, provisioner: string): V1PersistentVolumeClaim | undefined {
  if (claim.metadata?.annotations?.[STORAGE_PROVISIONER] === provisioner) return undefined;
  return annotated(claim, { [BETA_STORAGE_PROVISIONER]: provisioner, [STORAGE_PROVISIONER]: provisioner });
}

/**
 * The claim's status in a phase, with the volume's modes and size where it is bound. The size is taken when it becomes
 * bound and not later: a difference then means that a filesystem has yet to grow. Throws for a volume without a size.
 */
export function claimStatus(
  { status = {} }: V1PersistentVolumeClaim,
  phase: 'Pending' | 'Bound' | 'Lost',
  volume?: V1PersistentVolume,
): V1PersistentVolumeClaimStatus | undefined {
  if (!volume) {
    const { accessModes, capacity, currentVolumeAttributesClassName: attributes, ...rest } = status;
    const isSame = status.phase === phase && !accessModes && !capacity && attributes === undefined;
    return isSame ? undefined : { ...rest, phase };
  }
  const accessModes = volume.spec?.accessModes ?? [];
  const isEntering = status.phase !== phase;
  const hasSameModes = JSON.stringify(status.accessModes ?? []) === JSON.stringify(accessModes);
  if (!isEntering && hasSameModes) return undefined;
  const next: V1PersistentVolumeClaimStatus = { ...status, phase, accessModes };
  if (!isEntering) return next;
  const capacity = grantedCapacity(volume);
  if (!sameSize(status.capacity?.storage, capacity.storage)) next.capacity = capacity;
  const attributes = volume.spec?.volumeAttributesClassName;
  if (status.phase === 'Pending' && attributes) next.currentVolumeAttributesClassName = attributes;
  return next;
}

function grantedCapacity({ metadata, spec }: V1PersistentVolume): Record<string, string> {
  const { capacity } = spec ?? {};
  if (capacity?.storage === undefined) {
    throw new Error(`PersistentVolume ${JSON.stringify(metadata?.name ?? '')} is without a storage capacity`);
  }
  const before = metadata?.annotations?.[SIZE_BEFORE_RESIZE];
  return before !== undefined && parseQuantity(before) !== undefined ? { storage: before } : capacity;
}

function sameSize(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && parseQuantity(a) === parseQuantity(b);
}

function annotated<T extends V1PersistentVolume | V1PersistentVolumeClaim>(
  object: T,
  notes: Readonly<Record<string, string>>,
): T {
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata?.annotations, ...notes } } };
}
