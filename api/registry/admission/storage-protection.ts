/** Upstream's StorageObjectInUseProtection: volumes and claims are held as long as something uses them. */
import { type Admission, isAbout } from './admission.ts';

const FINALIZERS = {
  persistentvolumes: 'kubernetes.io/pv-protection',
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
};

export const storageObjectInUseProtection: Admission = {
  mutate(request) {
    if (request.operation !== 'create') return;
    for (const [resource, finalizer] of Object.entries(FINALIZERS)) {
      if (!isAbout(request, resource) || !request.object) continue;
      request.object.metadata ??= {};
      const { metadata } = request.object;
      if (!metadata.finalizers?.includes(finalizer)) metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
    }
  },
};
