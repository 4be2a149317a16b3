/** The file that a pod's token is in. */
import type { V1Pod } from '../../openapi/generated/types.ts';
import { containersOf } from './names.ts';
import type { VolumeFile } from './volume-files.ts';

const OWNER_ONLY = 0o600;

/**
 * A token is for nobody but the pod: where all its containers run as one user, that user alone can read it. Unlike
 * upstream's, a pod's `fsGroup` changes nothing: containers here are not in that group and could not read the file.
 */
export function tokenFile(
  pod: V1Pod,
  content: Buffer,
  defaultMode: number,
  isRoot = process.getuid?.() === 0,
): VolumeFile {
  // Only root can give a file away.
  const uid = isRoot ? userOf(pod) : undefined;
  return uid === undefined ? { content, mode: defaultMode } : { content, mode: OWNER_ONLY, uid };
}

/** The user that every container of the pod is told to run as; `undefined` when one is told nothing, or another. */
function userOf(pod: V1Pod): number | undefined {
  const shared = pod.spec?.securityContext?.runAsUser;
  const users = new Set(containersOf(pod).map(({ container }) => container.securityContext?.runAsUser ?? shared));
  const [user] = users;
  return users.size === 1 ? user : undefined;
}
