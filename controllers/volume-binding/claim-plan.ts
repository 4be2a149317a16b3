/** What is to be done about a claim: decided here, pure; carried out by the controller. */
import type { V1PersistentVolume, V1PersistentVolumeClaim, V1StorageClass } from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import { classOfClaim } from '../../openapi/quota/claim-class.ts';
import { bestVolume, mismatchOf } from './match.ts';
import {
  claimKeyOf,
  isBindCompleted,
  isBoundByController,
  isMeantFor,
  SELECTED_NODE,
  waitsForFirstConsumer,
} from './objects.ts';

export interface Told {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

export type ClaimStep =
  | { do: 'bind'; volume: V1PersistentVolume }
  /** It stays Pending. */
  | { do: 'wait'; event?: Told }
  | { do: 'lose'; event: Told }
  | { do: 'assign-class'; storageClass: string }
  /** Somebody else is to make a volume. */
  | { do: 'provision'; provisioner: string }
  | { do: 'refuse'; event: Told; error: string };

/** What a decision looks at. */
export interface ClaimView {
  volume(name: string): V1PersistentVolume | undefined;
  /** Volumes whose `claimRef` names the claim. */
  meantFor(claimKey: string): readonly V1PersistentVolume[];
  /** Volumes of a class that are meant for nobody. */
  available(storageClass: string): readonly V1PersistentVolume[];
  storageClass(name: string): V1StorageClass | undefined;
  defaultClass(): V1StorageClass | undefined;
  /** Names of the pods that use the claim and have no node yet. */
  unscheduledPods(claimKey: string): readonly string[];
}

export function planClaim(claim: V1PersistentVolumeClaim, view: ClaimView): ClaimStep {
  if (isBindCompleted(claim)) return planBound(claim, view);
  return claim.spec?.volumeName ? planNamed(claim, claim.spec.volumeName, view) : planOpen(claim, view);
}

/** A claim that takes any volume that will do. */
function planOpen(claim: V1PersistentVolumeClaim, view: ClaimView): ClaimStep {
  const className = classOfClaim(claim);
  const storageClass = className ? view.storageClass(className) : undefined;
  const isDelayed = waitsForFirstConsumer(storageClass);
  const candidates = [...view.meantFor(keyOf(claim)), ...(isDelayed ? [] : view.available(className ?? ''))];
  const volume = bestVolume(claim, candidates, isDelayed);
  if (volume) return { do: 'bind', volume };
  const assigned = className === undefined ? view.defaultClass()?.metadata?.name : undefined;
  if (assigned !== undefined) return { do: 'assign-class', storageClass: assigned };
  if (isDelayed && claim.metadata?.annotations?.[SELECTED_NODE] === undefined) {
    return { do: 'wait', event: firstConsumer(view.unscheduledPods(keyOf(claim))) };
  }
  if (className) return planProvision(className, storageClass);
  const message = 'no persistent volumes available for this claim and no storage class is set';
  return { do: 'wait', event: normal('FailedBinding', message) };
}

function firstConsumer(pods: readonly string[]): Told {
  if (pods.length === 0) {
    return normal('WaitForFirstConsumer', 'waiting for first consumer to be created before binding');
  }
  const which = pods.length > 1 ? `pods ${pods.join(',')}` : `pod ${pods[0]}`;
  return normal('WaitForPodScheduled', `waiting for ${which} to be scheduled`);
}

function planProvision(name: string, storageClass: V1StorageClass | undefined): ClaimStep {
  if (!storageClass) {
    const message = `storageclass.storage.k8s.io ${JSON.stringify(name)} not found`;
    return { do: 'wait', event: warning('ProvisioningFailed', message) };
  }
  const { provisioner } = storageClass;
  if (!provisioner.startsWith('kubernetes.io/')) return { do: 'provision', provisioner };
  // Such names are upstream's own plugins, of which none is left that makes volumes.
  const message = `no volume plugin matched name: ${provisioner}`;
  return { do: 'wait', event: warning('ProvisioningFailed', message) };
}

/** A claim that asks for one volume. */
function planNamed(claim: V1PersistentVolumeClaim, name: string, view: ClaimView): ClaimStep {
  const volume = view.volume(name);
  if (!volume) return { do: 'wait' };
  if (!volume.spec?.claimRef) {
    const mismatch = mismatchOf(volume, claim);
    if (mismatch === undefined) return { do: 'bind', volume };
    const message = `Cannot bind to requested volume ${JSON.stringify(name)}: ${mismatch}`;
    return { do: 'wait', event: warning('VolumeMismatch', message) };
  }
  if (isMeantFor(volume, claim)) return { do: 'bind', volume };
  const event = warning('FailedBinding', `volume ${JSON.stringify(name)} already bound to a different claim.`);
  if (!isBoundByController(claim)) return { do: 'wait', event };
  const what = `Invalid binding of claim ${JSON.stringify(keyOf(claim))} to volume ${JSON.stringify(name)}`;
  return { do: 'refuse', event, error: `${what}: volume already claimed by ${JSON.stringify(claimKeyOf(volume))}` };
}

function planBound(claim: V1PersistentVolumeClaim, view: ClaimView): ClaimStep {
  const name = claim.spec?.volumeName;
  if (!name)
    return lost('ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!');
  const volume = view.volume(name);
  if (!volume) return lost('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
  const ref = volume.spec?.claimRef;
  if (!ref || ref.uid === claim.metadata?.uid) return { do: 'bind', volume };
  return lost('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly');
}

function lost(reason: string, message: string): ClaimStep {
  return { do: 'lose', event: warning(reason, message) };
}

function normal(reason: string, message: string): Told {
  return { type: 'Normal', reason, message };
}

function warning(reason: string, message: string): Told {
  return { type: 'Warning', reason, message };
}
