/** What a claim and a volume say of themselves and of each other. */
import { parseQuantity } from '../../base/quantity.ts';
import type {
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1StorageClass,
} from '../../openapi/generated/types.ts';
import { selectorRequirements } from '../../openapi/label-selector.ts';
import { matchesLabels } from '../../openapi/selectors.ts';
import { compileNodeSelector, type SelectedNode } from '../node-selector.ts';

export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';
const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

export function storageClassOf(claim: V1PersistentVolumeClaim): string {
  return claim.metadata?.annotations?.[CLASS_ANNOTATION] ?? claim.spec?.storageClassName ?? '';
}

export function classOfVolume(volume: V1PersistentVolume): string {
  return volume.metadata?.annotations?.[CLASS_ANNOTATION] ?? volume.spec?.storageClassName ?? '';
}

/** Whether claim and volume are bound, both ways, for good. */
export function isFullyBound(claim: V1PersistentVolumeClaim): boolean {
  return Boolean(claim.spec?.volumeName) && claim.metadata?.annotations?.[BIND_COMPLETED] !== undefined;
}

export function waitsForFirstConsumer(storageClass: V1StorageClass | undefined): boolean {
  return storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
}

export function requestedBytes({ spec }: V1PersistentVolumeClaim): bigint {
  return parseQuantity(spec?.resources?.requests?.storage ?? '0') ?? 0n;
}

export function capacityOf({ spec }: V1PersistentVolume): bigint {
  return parseQuantity(spec?.capacity?.storage ?? '0') ?? 0n;
}

/** Whether the volume is meant for this claim, by name and, where it says so, by uid. */
export function isMeantFor(volume: V1PersistentVolume, claim: V1PersistentVolumeClaim): boolean {
  const ref = volume.spec?.claimRef;
  if (!ref || ref.name !== claim.metadata?.name || ref.namespace !== claim.metadata?.namespace) return false;
  return !ref.uid || ref.uid === claim.metadata?.uid;
}

/** Whether the volume can be reached from the node. */
export function reaches(volume: V1PersistentVolume, node: SelectedNode): boolean {
  const required = volume.spec?.nodeAffinity?.required;
  return !required || compileNodeSelector(required)(node);
}

/** The same for a node as the server has it. */
export function reachesNode(volume: V1PersistentVolume, { metadata }: V1Node): boolean {
  return reaches(volume, { name: metadata?.name ?? '', label: (key) => metadata?.labels?.[key] });
}

/** Whether the class may provision on the node. */
export function allowsTopology({ allowedTopologies = [] }: V1StorageClass, node: SelectedNode): boolean {
  if (allowedTopologies.length === 0) return true;
  return allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(node.label(key) ?? '')),
  );
}

/**
 * The volume for the claim on this node: the one that is meant for it, else the smallest that will do. `undefined` when
 * there is none, also when the one meant for it cannot be reached from the node.
 */
export function findMatchingVolume(
  claim: V1PersistentVolumeClaim,
  volumes: readonly V1PersistentVolume[],
  node: SelectedNode,
  taken: ReadonlySet<string>,
): V1PersistentVolume | undefined {
  const wanted = requestedBytes(claim);
  const selector = claim.spec?.selector ? selectorRequirements(claim.spec.selector) : [];
  let smallest: V1PersistentVolume | undefined;
  for (const volume of volumes) {
    if (taken.has(volume.metadata?.name ?? '') || !isUsable(volume, claim, wanted)) continue;
    if (isMeantFor(volume, claim)) return reaches(volume, node) ? volume : undefined;
    if (volume.status?.phase !== 'Available' || classOfVolume(volume) !== storageClassOf(claim)) continue;
    if (!selector || !matchesLabels(selector, volume.metadata?.labels)) continue;
    if (!hasModes(volume, claim) || !reaches(volume, node)) continue;
    if (!smallest || capacityOf(volume) < capacityOf(smallest)) smallest = volume;
  }
  return smallest;
}

function isUsable(volume: V1PersistentVolume, claim: V1PersistentVolumeClaim, wanted: bigint): boolean {
  if (volume.spec?.claimRef && !isMeantFor(volume, claim)) return false;
  if (volume.metadata?.deletionTimestamp || capacityOf(volume) < wanted) return false;
  return (claim.spec?.volumeMode ?? 'Filesystem') === (volume.spec?.volumeMode ?? 'Filesystem');
}

function hasModes(volume: V1PersistentVolume, claim: V1PersistentVolumeClaim): boolean {
  return (claim.spec?.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode));
}
