/** Upstream's PersistentVolumeClaimResize: a claim may ask for more only when its class can be expanded. */
import type { V1PersistentVolumeClaim, V1StorageClass } from '../../../openapi/generated/types.ts';
import { classOfClaim } from '../../../openapi/quota/claim-class.ts';
import type { WatchCache } from '../../storage/watch-cache.ts';
import { compareQuantities } from '../validation/quantities.ts';
import { type Admission, isAbout, refusal } from './admission.ts';

export function claimResize(cache: WatchCache): Admission {
  return {
    validate(request) {
      if (request.operation !== 'update' || !isAbout(request, 'persistentvolumeclaims')) return;
      const claim = request.object as V1PersistentVolumeClaim;
      const old = request.old as V1PersistentVolumeClaim;
      const size = ({ spec }: V1PersistentVolumeClaim) => spec?.resources?.requests?.storage;
      if (compareQuantities(size(claim), size(old)) <= 0) return;
      if (old.status?.phase !== 'Bound') {
        throw refusal(request, 'Only bound persistent volume claims can be expanded');
      }
      if (isExpandable(cache, claim, old)) return;
      const why =
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
      throw refusal(request, why);
    },
  };
}

function isExpandable(cache: WatchCache, claim: V1PersistentVolumeClaim, old: V1PersistentVolumeClaim): boolean {
  const name = classOfClaim(claim);
  if (!name || name !== classOfClaim(old)) return false;
  const found = cache.get(`/registry/storageclasses/${name}`)?.object as V1StorageClass | undefined;
  return found?.allowVolumeExpansion === true;
}
