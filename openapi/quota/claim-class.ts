/** Which storage class a claim asks for. */
import type { V1PersistentVolumeClaim } from '../generated/types.ts';

/** Where claims and volumes of old say it. */
export const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class';

/** Of a claim, `''` when it names none; `undefined` when it leaves the choice to the cluster. */
export function classOfClaim({ metadata, spec }: V1PersistentVolumeClaim): string | undefined {
  return metadata?.annotations?.[BETA_CLASS] ?? spec?.storageClassName;
}
