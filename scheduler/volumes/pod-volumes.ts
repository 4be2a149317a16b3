/** What is to be done for a pod's claims so that it can run on a node: decided here, pure; carried out by the binder. */
import type { V1PersistentVolume, V1PersistentVolumeClaim, V1Pod } from '../../openapi/generated/types.ts';
import type { SelectedNode } from '../node-selector.ts';
import {
  allowsTopology,
  findMatchingVolume,
  isFullyBound,
  reaches,
  requestedBytes,
  SELECTED_NODE,
  storageClassOf,
  waitsForFirstConsumer,
} from './claims.ts';
import type { VolumeListers } from './listers.ts';

/** The claims of a pod by what they need. */
export interface PodClaims {
  bound: V1PersistentVolumeClaim[];
  /** To be bound once a node is chosen; the smallest first. */
  delayed: V1PersistentVolumeClaim[];
  /** Somebody else binds them, whatever the node. */
  immediate: V1PersistentVolumeClaim[];
}

/** What a node takes. */
export interface PodVolumes {
  bindings: { volume: V1PersistentVolume; claim: V1PersistentVolumeClaim }[];
  provisions: V1PersistentVolumeClaim[];
}

export const NODE_CONFLICT = "node(s) didn't match PersistentVolume's node affinity";
export const BIND_CONFLICT = "node(s) didn't find available persistent volumes to bind";
export const VOLUME_MISSING = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)';

/** Sorts the pod's claims; a string says what is wrong with one of them, in upstream's words. */
export function podClaims(pod: V1Pod, listers: VolumeListers): PodClaims | string {
  const claims: PodClaims = { bound: [], delayed: [], immediate: [] };
  for (const { name, persistentVolumeClaim, ephemeral } of pod.spec?.volumes ?? []) {
    if (!persistentVolumeClaim && !ephemeral) continue;
    const claimName = persistentVolumeClaim?.claimName ?? `${pod.metadata?.name}-${name}`;
    const claim = listers.claim(`${pod.metadata?.namespace}/${claimName}`);
    const problem = claimProblem(pod, claimName, claim, ephemeral !== undefined);
    if (problem !== undefined) return problem;
    if (!claim) continue;
    if (isFullyBound(claim)) claims.bound.push(claim);
    else if (!claim.spec?.volumeName && waitsForFirstConsumer(listers.storageClass(storageClassOf(claim)))) {
      claims.delayed.push(claim);
    } else claims.immediate.push(claim);
  }
  claims.delayed.sort((a, b) => compare(requestedBytes(a), requestedBytes(b)));
  return claims;
}

function claimProblem(
  pod: V1Pod,
  name: string,
  claim: V1PersistentVolumeClaim | undefined,
  isEphemeral: boolean,
): string | undefined {
  const quoted = JSON.stringify(name);
  if (!claim) {
    if (isEphemeral) return `waiting for ephemeral volume controller to create the persistentvolumeclaim ${quoted}`;
    return `persistentvolumeclaim ${quoted} not found`;
  }
  if (claim.status?.phase === 'Lost') {
    const volume = JSON.stringify(claim.spec?.volumeName ?? '');
    return `persistentvolumeclaim ${quoted} bound to non-existent persistentvolume ${volume}`;
  }
  if (claim.metadata?.deletionTimestamp) return `persistentvolumeclaim ${quoted} is being deleted`;
  const owner = claim.metadata?.ownerReferences?.find(({ controller }) => controller);
  if (isEphemeral && owner?.uid !== pod.metadata?.uid) {
    const { namespace } = pod.metadata ?? {};
    return `PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata?.name} (pod is not owner)`;
  }
  return undefined;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}

/** Reasons why the node will not do, or what it takes. */
export function findPodVolumes(
  claims: PodClaims,
  node: SelectedNode,
  listers: VolumeListers,
): readonly string[] | PodVolumes {
  const reasons = boundReasons(claims.bound, node, listers);
  const found = claims.delayed.length > 0 ? findDelayed(claims.delayed, node, listers) : NOTHING;
  if (!found) reasons.push(BIND_CONFLICT);
  // As upstream: what the volumes say of the node comes before what cannot be bound, what is missing last.
  reasons.sort((a, b) => REASON_ORDER.indexOf(a) - REASON_ORDER.indexOf(b));
  return reasons.length > 0 || !found ? reasons : found;
}

const NOTHING: PodVolumes = { bindings: [], provisions: [] };
const REASON_ORDER = [NODE_CONFLICT, BIND_CONFLICT, VOLUME_MISSING];

function boundReasons(
  claims: readonly V1PersistentVolumeClaim[],
  node: SelectedNode,
  listers: VolumeListers,
): string[] {
  for (const claim of claims) {
    const volume = listers.volume(claim.spec?.volumeName ?? '');
    if (!volume) return [VOLUME_MISSING];
    if (!reaches(volume, node)) return [NODE_CONFLICT];
  }
  return [];
}

function findDelayed(
  claims: readonly V1PersistentVolumeClaim[],
  node: SelectedNode,
  listers: VolumeListers,
): PodVolumes | undefined {
  const volumes: PodVolumes = { bindings: [], provisions: [] };
  const taken = new Set<string>();
  for (const claim of claims) {
    const selected = claim.metadata?.annotations?.[SELECTED_NODE];
    if (selected !== undefined && selected !== node.name) return undefined;
    const candidates = selected === undefined ? listers.volumesOfClass(storageClassOf(claim)) : [];
    const volume = findMatchingVolume(claim, candidates, node, taken);
    if (volume) {
      taken.add(volume.metadata?.name ?? '');
      volumes.bindings.push({ volume, claim });
    } else {
      if (!canProvision(claim, node, listers)) return undefined;
      volumes.provisions.push(claim);
    }
  }
  return volumes;
}

function canProvision(claim: V1PersistentVolumeClaim, node: SelectedNode, listers: VolumeListers): boolean {
  const storageClass = listers.storageClass(storageClassOf(claim));
  if (!storageClass?.provisioner || storageClass.provisioner === 'kubernetes.io/no-provisioner') return false;
  return allowsTopology(storageClass, node);
}
