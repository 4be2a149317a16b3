/** Where the volume of a claim is on this machine: read from the API, checked as upstream's kubelet does. */
import { chmod, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, messageOf } from '../../base/errors.ts';
import type { Client } from '../../client/client.ts';
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES } from '../../client/resources.ts';
import type {
  V1HostPathVolumeSource,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1Volume,
} from '../../openapi/generated/types.ts';
import { identityOf } from './names.ts';
import { localVolumePath } from './volumes-local.ts';

export interface ClaimVolumes {
  claim(name: string, namespace: string): Promise<V1PersistentVolumeClaim>;
  volume(name: string): Promise<V1PersistentVolume>;
}

/** Reads claims and volumes from the server; each rejects with NotFound. */
export function claimVolumes(client: Client): ClaimVolumes {
  return {
    claim: (name, namespace) => client.resource<V1PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS).get(name, namespace),
    volume: (name) => client.resource<V1PersistentVolume>(PERSISTENT_VOLUMES).get(name),
  };
}

/** The claim that a volume of the pod names, or that was made for it; `undefined` for other volumes. */
export function claimNameOf(pod: V1Pod, { name, persistentVolumeClaim, ephemeral }: V1Volume): string | undefined {
  if (persistentVolumeClaim) return persistentVolumeClaim.claimName;
  return ephemeral ? `${identityOf(pod).name}-${name}` : undefined;
}

/** Whether the pod takes the claim behind one of its volumes only to read, whatever its containers say. */
export function isReadOnlyClaim({ spec }: V1Pod, volumeName: string): boolean {
  return spec?.volumes?.find(({ name }) => name === volumeName)?.persistentVolumeClaim?.readOnly === true;
}

/**
 * The host's path of what the claim is bound to. `checkHostPath` makes or checks a path of a type. Rejects with upstream's
 * words when the claim is not there, not bound, on its way out, or bound to what this kubelet cannot mount.
 */
export async function claimPath(
  pod: V1Pod,
  source: V1Volume,
  claimName: string,
  options: { claims: ClaimVolumes; rootDir: string; checkHostPath(source: V1HostPathVolumeSource): Promise<void> },
): Promise<string> {
  const { namespace } = identityOf(pod);
  const volume = await boundVolume(pod, source, claimName, options.claims).catch((error: unknown) => {
    throw new Error(`error processing PVC ${namespace}/${claimName}: ${messageOf(error)}`);
  });
  const { hostPath, local } = volume.spec ?? {};
  if (hostPath) {
    if (hostPath.path === localVolumePath(options.rootDir, volume)) await makeLocal(hostPath.path);
    else await options.checkHostPath(hostPath);
    return hostPath.path;
  }
  if (!local) throw new Error('no volume plugin matched');
  await stat(local.path).catch((error: unknown) => {
    throw codeOf(error) === 'ENOENT' ? new Error(`path ${JSON.stringify(local.path)} does not exist`) : error;
  });
  return local.path;
}

async function boundVolume(
  pod: V1Pod,
  source: V1Volume,
  claimName: string,
  claims: ClaimVolumes,
): Promise<V1PersistentVolume> {
  const claim = await claims.claim(claimName, identityOf(pod).namespace).catch((error: unknown) => {
    throw new Error(`failed to fetch PVC from API server: ${messageOf(error)}`);
  });
  // What runs may go on running: this is about pods that have yet to start, but also about those that are looked at anew.
  if (claim.metadata?.deletionTimestamp !== undefined && pod.status?.phase !== 'Running') {
    throw new Error('PVC is being deleted');
  }
  if (source.ephemeral && !claim.metadata?.ownerReferences?.some(({ uid }) => uid === pod.metadata?.uid)) {
    throw new Error(`PVC ${identityOf(pod).namespace}/${claimName} was not created for the pod`);
  }
  const name = claim.spec?.volumeName;
  if (claim.status?.phase !== 'Bound' || !name) throw new Error('PVC is not bound');
  const volume = await claims.volume(name).catch((error: unknown) => {
    throw new Error(`failed to fetch PV ${name} from API server: ${messageOf(error)}`);
  });
  const holder = volume.spec?.claimRef?.uid;
  if (holder !== claim.metadata?.uid) {
    throw new Error(`PV ${name} spec.claimRef.UID ${holder ?? ''} does not match the claim's ${claim.metadata?.uid}`);
  }
  return volume;
}

/** Whatever user a container runs as may write to it; from the host only who may enter the folder around it. */
async function makeLocal(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const made = await mkdir(path, { recursive: true });
  if (made !== undefined) await chmod(path, 0o777);
}
