/** Upstream's DefaultStorageClass: a claim that leaves the choice to the cluster gets the class marked as default. */
import type { V1PersistentVolumeClaim, V1StorageClass } from '../../../openapi/generated/types.ts';
import { classOfClaim } from '../../../openapi/quota/claim-class.ts';
import type { WatchCache } from '../../storage/watch-cache.ts';
import { isDefaultStorageClass } from '../storage/storageclasses.ts';
import { type Admission, isAbout } from './admission.ts';
import { newestFirst } from './newest.ts';

export function defaultStorageClass(cache: WatchCache): Admission {
  return {
    mutate(request) {
      if (request.operation !== 'create' || !isAbout(request, 'persistentvolumeclaims')) return;
      const claim = request.object as V1PersistentVolumeClaim;
      if (classOfClaim(claim) !== undefined || !claim.spec) return;
      const classes = cache.directory('/registry/storageclasses/').map(({ object }) => object as V1StorageClass);
      const name = newestFirst(classes.filter(isDefaultStorageClass))[0]?.metadata?.name;
      if (name !== undefined) claim.spec.storageClassName = name;
    },
  };
}
