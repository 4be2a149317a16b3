/** Which volume a claim gets. Pure; as upstream's controller, which leaves the choice of nodes to the scheduler. */
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '../../openapi/generated/types.ts';
import { selectorRequirements } from '../../openapi/label-selector.ts';
import { classOfClaim } from '../../openapi/quota/claim-class.ts';
import { matchesLabels } from '../../openapi/selectors.ts';
import {
  attributesClassOf,
  capacityOf,
  classOfVolume,
  hasModes,
  isMeantFor,
  requestedBytes,
  volumeModeOf,
} from './objects.ts';

/**
 * The best of `volumes` for the claim. Volumes with the fewest access modes are looked at first; among those of the same
 * modes one that is meant for the claim wins, else the smallest that will do. With `onlyMeant` volumes that are meant
 * for nobody are left to the scheduler.
 */
export function bestVolume(
  claim: V1PersistentVolumeClaim,
  volumes: readonly V1PersistentVolume[],
  onlyMeant: boolean,
): V1PersistentVolume | undefined {
  const wanted = requestedBytes(claim);
  const isWelcome = freeFilter(claim, onlyMeant);
  let best: V1PersistentVolume | undefined;
  for (const volume of volumes) {
    if (!isUsable(volume, claim, wanted) || !(isMeantFor(volume, claim) || isWelcome(volume))) continue;
    if (!best || compare(claim, volume, best) < 0) best = volume;
  }
  return best;
}

function isUsable(volume: V1PersistentVolume, claim: V1PersistentVolumeClaim, wanted: bigint): boolean {
  if (volume.spec?.claimRef && !isMeantFor(volume, claim)) return false;
  if (volume.metadata?.deletionTimestamp !== undefined || capacityOf(volume) < wanted) return false;
  if (volumeModeOf(volume) !== volumeModeOf(claim) || attributesClassOf(volume) !== attributesClassOf(claim)) {
    return false;
  }
  return hasModes(volume, claim.spec?.accessModes);
}

/** Whether a volume that is meant for nobody may be taken. */
function freeFilter(claim: V1PersistentVolumeClaim, onlyMeant: boolean): (volume: V1PersistentVolume) => boolean {
  if (onlyMeant) return () => false;
  const storageClass = classOfClaim(claim) ?? '';
  const { selector } = claim.spec ?? {};
  const requirements = selector ? selectorRequirements(selector) : [];
  if (!requirements) return () => false;
  return (volume) =>
    volume.status?.phase === 'Available' &&
    classOfVolume(volume) === storageClass &&
    matchesLabels(requirements, volume.metadata?.labels);
}

/** Negative when `a` is the better choice. */
function compare(claim: V1PersistentVolumeClaim, a: V1PersistentVolume, b: V1PersistentVolume): number {
  const modes = (a.spec?.accessModes?.length ?? 0) - (b.spec?.accessModes?.length ?? 0);
  if (modes !== 0) return modes;
  const meant = Number(isMeantFor(b, claim)) - Number(isMeantFor(a, claim));
  if (meant !== 0) return meant;
  const [sizeOfA, sizeOfB] = [capacityOf(a), capacityOf(b)];
  if (sizeOfA !== sizeOfB) return sizeOfA < sizeOfB ? -1 : 1;
  return (a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1;
}

/** Why the claim cannot have the volume that it asks for by name, in upstream's words. */
export function mismatchOf(volume: V1PersistentVolume, claim: V1PersistentVolumeClaim): string | undefined {
  if (volume.metadata?.deletionTimestamp !== undefined) {
    return `the volume is marked for deletion ${JSON.stringify(volume.metadata.name ?? '')}`;
  }
  if (capacityOf(volume) < requestedBytes(claim)) return 'requested PV is too small';
  if (classOfVolume(volume) !== (classOfClaim(claim) ?? '')) return 'storageClassName does not match';
  if (attributesClassOf(volume) !== attributesClassOf(claim)) return 'volumeAttributesClassName does not match';
  if (volumeModeOf(volume) !== volumeModeOf(claim)) return 'incompatible volumeMode';
  return hasModes(volume, claim.spec?.accessModes) ? undefined : 'incompatible accessMode';
}
