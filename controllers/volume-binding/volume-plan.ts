/** What is to be done about a volume: decided here, pure; carried out by the controller. */
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import type { Told } from './claim-plan.ts';
import { PROVISIONED_BY, volumeModeOf } from './objects.ts';

export type VolumeStep =
  | { do: 'phase'; phase: 'Available' | 'Bound' }
  /** Its claim is gone: it becomes Released, and then what its reclaim policy says. */
  | { do: 'release' }
  | { do: 'unbind' }
  /** The claim's own look will bind them. */
  | { do: 'wake-claim'; key: string }
  | { do: 'tell-mismatch'; volumeMessage: string; claimMessage: string };

/** `claim` is the one of the name in the volume's `claimRef`, if there is any. */
export function planVolume(volume: V1PersistentVolume, claim: V1PersistentVolumeClaim | undefined): VolumeStep {
  const ref = volume.spec?.claimRef;
  if (!ref?.uid) return { do: 'phase', phase: 'Available' };
  // Another claim of the same name is none of its own.
  if (!claim || claim.metadata?.uid !== ref.uid) return { do: 'release' };
  const bound = claim.spec?.volumeName;
  if (!bound) return planUnfinished(volume, claim);
  if (bound === volume.metadata?.name) return { do: 'phase', phase: 'Bound' };
  const isMade = volume.metadata?.annotations?.[PROVISIONED_BY] !== undefined;
  return { do: isMade && volume.spec?.persistentVolumeReclaimPolicy === 'Delete' ? 'release' : 'unbind' };
}

function planUnfinished(volume: V1PersistentVolume, claim: V1PersistentVolumeClaim): VolumeStep {
  if (volumeModeOf(volume) === volumeModeOf(claim)) return { do: 'wake-claim', key: keyOf(claim) };
  const names = [claim.metadata?.name ?? '', volume.metadata?.name ?? ''].map((name) => JSON.stringify(name));
  const why = 'due to incompatible volumeMode.';
  return {
    do: 'tell-mismatch',
    volumeMessage: `Cannot bind PersistentVolume to requested PersistentVolumeClaim ${names[0]} ${why}`,
    claimMessage: `Cannot bind PersistentVolume ${names[1]} to requested PersistentVolumeClaim ${why}`,
  };
}

/** Why a released volume cannot be reclaimed here; `undefined` where nothing is to be done, or somebody else does it. */
export function reclaimFailure({ metadata, spec = {} }: V1PersistentVolume): Told | undefined {
  switch (spec.persistentVolumeReclaimPolicy) {
    case 'Retain':
      return undefined;
    case 'Recycle':
      return failed('VolumeFailedRecycle', 'No recycler plugin found for the volume!');
    case 'Delete':
      return deleteFailure(metadata?.name ?? '', metadata?.annotations?.[PROVISIONED_BY], spec);
    default:
      return failed('VolumeUnknownReclaimPolicy', 'Volume has unrecognized PersistentVolumeReclaimPolicy');
  }
}

/** Sources that upstream's controller has plugins for. */
const KNOWN_SOURCES = ['hostPath', 'nfs', 'local'] as const;

function deleteFailure(
  name: string,
  provisioner: string | undefined,
  spec: NonNullable<V1PersistentVolume['spec']>,
): Told | undefined {
  if (provisioner) {
    // Who made it deletes it.
    if (!provisioner.startsWith('kubernetes.io/')) return undefined;
    return failed('VolumeFailedDelete', `no volume plugin matched name: ${provisioner}`);
  }
  const isKnown = KNOWN_SOURCES.some((source) => spec[source] !== undefined);
  const why = isKnown ? 'no deletable volume plugin matched' : 'no volume plugin matched';
  const message = `Error getting deleter volume plugin for volume ${JSON.stringify(name)}: ${why}`;
  return failed('VolumeFailedDelete', message);
}

function failed(reason: string, message: string): Told {
  return { type: 'Warning', reason, message };
}
