/** What protection an object needs, and who uses a claim. Pure. */
import type { V1PersistentVolumeClaim, V1Pod } from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';

/** `add` where the finalizer is missing, `remove` where the object waits only for leave to go. */
export function protectionOf({ metadata }: KubeObject, finalizer: string): 'add' | 'remove' | undefined {
  const isProtected = metadata?.finalizers?.includes(finalizer) === true;
  if (metadata?.deletionTimestamp === undefined) return isProtected ? undefined : 'add';
  return isProtected ? 'remove' : undefined;
}

/** Whether the pod uses the claim. One without a node does not: no kubelet starts a pod whose claim is being deleted. */
export function uses({ metadata, spec }: V1Pod, claim: V1PersistentVolumeClaim): boolean {
  if (!spec?.nodeName || metadata?.namespace !== claim.metadata?.namespace) return false;
  const claimName = claim.metadata?.name;
  return (spec.volumes ?? []).some(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim) return persistentVolumeClaim.claimName === claimName;
    return ephemeral !== undefined && `${metadata?.name}-${name}` === claimName && isOwnersUse(metadata, claim);
  });
}

/** The claim of an ephemeral volume goes with its pod, as soon as the kubelet is done with that. */
function isOwnersUse(pod: V1Pod['metadata'], { metadata }: V1PersistentVolumeClaim): boolean {
  const isShutDown = pod?.deletionTimestamp !== undefined && pod.deletionGracePeriodSeconds === 0;
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller);
  return !isShutDown && owner !== undefined && owner.uid === pod?.uid;
}
