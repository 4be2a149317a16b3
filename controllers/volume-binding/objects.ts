/** What a claim and a volume say of themselves and of each other. Pure. */
import { parseQuantity } from '../../base/quantity.ts';
import type {
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1StorageClass,
} from '../../openapi/generated/types.ts';
import { BETA_CLASS } from '../../openapi/quota/claim-class.ts';

export const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
export const STORAGE_PROVISIONER = 'volume.kubernetes.io/storage-provisioner';
export const BETA_STORAGE_PROVISIONER = 'volume.beta.kubernetes.io/storage-provisioner';
const DEFAULT_CLASS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

/** Whether the claim and its volume were once bound both ways: from then on the claim is never bound to another. */
export function isBindCompleted({ metadata }: V1PersistentVolumeClaim): boolean {
  return metadata?.annotations?.[BIND_COMPLETED] !== undefined;
}

export function isBoundByController({ metadata }: V1PersistentVolume | V1PersistentVolumeClaim): boolean {
  return metadata?.annotations?.[BOUND_BY_CONTROLLER] !== undefined;
}

export function classOfVolume({ metadata, spec }: V1PersistentVolume): string {
  return metadata?.annotations?.[BETA_CLASS] ?? spec?.storageClassName ?? '';
}

/** The class for claims without one: of several the newest, and of those of one second the first by name. */
export function defaultClassOf(classes: readonly V1StorageClass[]): V1StorageClass | undefined {
  let chosen: V1StorageClass | undefined;
  for (const each of classes) {
    if (!isDefaultClass(each)) continue;
    if (!chosen || precedes(each, chosen)) chosen = each;
  }
  return chosen;
}

export function isDefaultClass({ metadata }: V1StorageClass): boolean {
  return DEFAULT_CLASS.some((name) => metadata?.annotations?.[name] === 'true');
}

function precedes({ metadata: a }: V1StorageClass, { metadata: b }: V1StorageClass): boolean {
  const [made, other] = [a?.creationTimestamp ?? '', b?.creationTimestamp ?? ''];
  return made === other ? (a?.name ?? '') < (b?.name ?? '') : made > other;
}

export function waitsForFirstConsumer(storageClass: V1StorageClass | undefined): boolean {
  return storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
}

/** Who is asked to make a volume for the claim. */
export function provisionerOf({ metadata }: V1PersistentVolumeClaim): string | undefined {
  return metadata?.annotations?.[STORAGE_PROVISIONER] ?? metadata?.annotations?.[BETA_STORAGE_PROVISIONER];
}

export function requestedBytes({ spec }: V1PersistentVolumeClaim): bigint {
  return parseQuantity(spec?.resources?.requests?.storage ?? '0') ?? 0n;
}

export function capacityOf({ spec }: V1PersistentVolume): bigint {
  return parseQuantity(spec?.capacity?.storage ?? '0') ?? 0n;
}

/** Whether the volume is meant for this claim: by name and, where it says so, by uid. */
export function isMeantFor({ spec }: V1PersistentVolume, { metadata }: V1PersistentVolumeClaim): boolean {
  const ref = spec?.claimRef;
  if (!ref || ref.name !== metadata?.name || ref.namespace !== metadata?.namespace) return false;
  return !ref.uid || ref.uid === metadata?.uid;
}

/** `namespace/name` of the claim that the volume is bound to or meant for. */
export function claimKeyOf({ spec }: V1PersistentVolume): string | undefined {
  return spec?.claimRef && `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}`;
}

export function volumeModeOf({ spec }: V1PersistentVolume | V1PersistentVolumeClaim): string {
  return spec?.volumeMode ?? 'Filesystem';
}

export function hasModes({ spec }: V1PersistentVolume, modes: readonly string[] = []): boolean {
  return modes.every((mode) => spec?.accessModes?.includes(mode));
}

export function attributesClassOf({ spec }: V1PersistentVolume | V1PersistentVolumeClaim): string {
  return spec?.volumeAttributesClassName ?? '';
}

/** `namespace/name` of the claims that a pod uses, those made for its ephemeral volumes among them. */
export function claimKeysOf({ metadata, spec }: V1Pod): string[] {
  const keys: string[] = [];
  for (const { name, persistentVolumeClaim, ephemeral } of spec?.volumes ?? []) {
    if (persistentVolumeClaim) keys.push(`${metadata?.namespace}/${persistentVolumeClaim.claimName}`);
    else if (ephemeral) keys.push(`${metadata?.namespace}/${metadata?.name}-${name}`);
  }
  return keys;
}
