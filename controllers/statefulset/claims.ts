/** The volume claims of a StatefulSet's pods, and whom they go with. Pure. */
import { PODS } from '../../client/resources.ts';
import type { V1OwnerReference, V1PersistentVolumeClaim, V1Pod, V1StatefulSet } from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { controllerReference } from '../runtime/claim.ts';
import { typed } from '../runtime/context.ts';
import { claimName, isInRange, ordinalOf } from './identity.ts';

type Claim = V1PersistentVolumeClaim;
/** Looks a claim of the set's namespace up by name. */
export type FindClaim = (name: string) => Claim | undefined;

/** The claims that the pod of an ordinal uses, as they are to be made. */
export function claimsOf(set: V1StatefulSet, ordinal: number): Claim[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((template) => ({
    ...template,
    metadata: {
      ...template.metadata,
      name: claimName(set, template.metadata?.name, ordinal),
      namespace: set.metadata?.namespace ?? '',
      labels: { ...template.metadata?.labels, ...set.spec?.selector?.matchLabels },
    },
  }));
}

/** Names of the claims that the pod of an ordinal uses. */
export function claimNamesOf(set: V1StatefulSet, ordinal: number): string[] {
  return (set.spec?.volumeClaimTemplates ?? []).map(({ metadata }) => claimName(set, metadata?.name, ordinal));
}

interface Policy {
  scaled: boolean;
  deleted: boolean;
}

/** When claims are deleted: with the scaled-down pod, with the set. */
function policyOf({ spec }: V1StatefulSet): Policy {
  const { whenScaled, whenDeleted } = spec?.persistentVolumeClaimRetentionPolicy ?? {};
  return { scaled: whenScaled === 'Delete', deleted: whenDeleted === 'Delete' };
}

/**
 * Whether a claim still belongs to a former pod of the name and is to be deleted with it: the new pod must wait until
 * it is gone.
 */
export function blocksCreation(set: V1StatefulSet, podName: string, ordinal: number, find: FindClaim): boolean {
  if (!policyOf(set).scaled) return false;
  return claimNamesOf(set, ordinal).some((name) =>
    (find(name)?.metadata?.ownerReferences ?? []).some((reference) => isPodReference(reference, podName)),
  );
}

/** Whether the owners of all claims of a pod are as the retention policy asks; a claim that is not there is. */
export function ownersMatch(set: V1StatefulSet, pod: V1Pod, find: FindClaim): boolean {
  if (!set.spec?.volumeClaimTemplates?.length) return true;
  return claimNamesOf(set, ordinalOf(pod)).every((name) => {
    const claim = find(name);
    return !claim || ownersOf(claim, set, pod) === undefined;
  });
}

/**
 * The owner references that a claim should have; `undefined` when it is well as it is, or none of our business because
 * it belongs to a former set or pod of the name.
 */
export function ownersOf(claim: Claim, set: V1StatefulSet, pod: V1Pod): V1OwnerReference[] | undefined {
  if (hasStaleOwner(claim, set, pod)) return undefined;
  const references = claim.metadata?.ownerReferences ?? [];
  const others = references.filter(
    (reference) => !isSetReference(reference, set) && !isPodReference(reference, pod.metadata?.name),
  );
  const wanted = hasForeignController(claim, set, pod) ? [] : wantedOwners(set, pod);
  const ours = references.filter((reference) => !others.includes(reference));
  const isSame =
    ours.length === wanted.length &&
    wanted.every(({ metadata }) => ours.some(({ uid, controller }) => uid === metadata?.uid && controller));
  return isSame ? undefined : [...others, ...wanted.map(controllerReference)];
}

/** The pod where it goes away by scaling down and takes the claim along, else the set where it does so. */
function wantedOwners(set: V1StatefulSet, pod: V1Pod): KubeObject[] {
  const policy = policyOf(set);
  if (policy.scaled && !isInRange(set, ordinalOf(pod))) return [typed(PODS, pod)];
  return policy.deleted ? [set] : [];
}

/** Whether somebody else controls the claim although a policy asks us to. */
export function hasForeignController(claim: Claim, set: V1StatefulSet, pod: V1Pod): boolean {
  const policy = policyOf(set);
  if (!policy.scaled && !policy.deleted) return false;
  return (claim.metadata?.ownerReferences ?? []).some(
    (reference) =>
      reference.controller && !isSetReference(reference, set) && !isPodReference(reference, pod.metadata?.name),
  );
}

function hasStaleOwner(claim: Claim, set: V1StatefulSet, pod: V1Pod): boolean {
  return (claim.metadata?.ownerReferences ?? []).some((reference) => {
    if (isSetReference(reference, set)) return reference.uid !== set.metadata?.uid;
    return isPodReference(reference, pod.metadata?.name) && reference.uid !== pod.metadata?.uid;
  });
}

function isSetReference({ apiVersion, kind, name }: V1OwnerReference, set: V1StatefulSet): boolean {
  return apiVersion === 'apps/v1' && kind === 'StatefulSet' && name === set.metadata?.name;
}

function isPodReference({ apiVersion, kind, name }: V1OwnerReference, podName: string | undefined): boolean {
  return apiVersion === 'v1' && kind === 'Pod' && name === podName;
}
