/** What decisions about claims look at, through indexes over the informers. */
import type { Informer } from '../../client/informer.ts';
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, STORAGE_CLASSES } from '../../client/resources.ts';
import type {
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1StorageClass,
} from '../../openapi/generated/types.ts';
import { classOfClaim } from '../../openapi/quota/claim-class.ts';
import type { InformerFactory } from '../runtime/informers.ts';
import { isFinished } from '../runtime/pods.ts';
import type { ClaimView } from './claim-plan.ts';
import type { Latest } from './latest.ts';
import { claimKeyOf, claimKeysOf, classOfVolume, defaultClassOf, isBindCompleted } from './objects.ts';

/** Pods by the claims that they use. */
export const PODS_BY_CLAIM = 'byClaim';
/** Claims by the volume that they name. */
export const CLAIMS_BY_VOLUME = 'byVolume';
/** Claims that are not bound yet, by their class. */
export const OPEN_CLAIMS_BY_CLASS = 'openByClass';
/** Volumes by the claim that they refer to. */
export const VOLUMES_BY_CLAIM = 'byClaim';
/** Volumes that are free, by their class. */
const FREE_VOLUMES_BY_CLASS = 'freeByClass';

/** Lets the pods that use a claim be found. May be called more than once. */
export function indexPodsByClaim(informers: InformerFactory): Informer<V1Pod> {
  return informers.pods.addIndex(PODS_BY_CLAIM, claimKeysOf);
}

export function indexClaims(informers: InformerFactory): Informer<V1PersistentVolumeClaim> {
  return informers
    .of<V1PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS)
    .addIndex(CLAIMS_BY_VOLUME, ({ spec }) => (spec?.volumeName ? [spec.volumeName] : []))
    .addIndex(OPEN_CLAIMS_BY_CLASS, (claim) => (isBindCompleted(claim) ? [] : [classOfClaim(claim) ?? '']));
}

export function indexVolumes(informers: InformerFactory): Informer<V1PersistentVolume> {
  return informers
    .of<V1PersistentVolume>(PERSISTENT_VOLUMES)
    .addIndex(VOLUMES_BY_CLAIM, (volume) => {
      const key = claimKeyOf(volume);
      return key === undefined ? [] : [key];
    })
    .addIndex(FREE_VOLUMES_BY_CLASS, (volume) => (isFree(volume) ? [classOfVolume(volume)] : []));
}

export function isFree({ metadata, spec, status }: V1PersistentVolume): boolean {
  return !spec?.claimRef && status?.phase === 'Available' && metadata?.deletionTimestamp === undefined;
}

/** `isTaken` says which free volumes are being given to another claim at this moment. */
export function claimView(
  informers: InformerFactory,
  volumes: Latest<V1PersistentVolume>,
  isTaken: (volume: string) => boolean,
): ClaimView {
  const classes = informers.of<V1StorageClass>(STORAGE_CLASSES);
  const pods = indexPodsByClaim(informers);
  return {
    volume: (name) => volumes.get(name),
    meantFor(key) {
      const seen = volumes.byIndex(VOLUMES_BY_CLAIM, key).filter((volume) => claimKeyOf(volume) === key);
      const names = new Set(seen.map(({ metadata }) => metadata?.name));
      for (const volume of volumes.written()) {
        if (claimKeyOf(volume) === key && !names.has(volume.metadata?.name)) seen.push(volume);
      }
      return seen;
    },
    available: (name) =>
      volumes
        .byIndex(FREE_VOLUMES_BY_CLASS, name)
        .filter((volume) => isFree(volume) && !isTaken(volume.metadata?.name ?? '')),
    storageClass: (name) => classes.get(name),
    defaultClass: () => defaultClassOf(classes.list()),
    unscheduledPods: (key) =>
      pods
        .byIndex(PODS_BY_CLAIM, key)
        .filter((pod) => !pod.spec?.nodeName && !isFinished(pod))
        .map(({ metadata }) => metadata?.name ?? ''),
  };
}
