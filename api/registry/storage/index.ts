/** All resources of storage.k8s.io. */
import type { Describe } from '../core/columns.ts';
import type { ResourceDeclaration } from '../declaration.ts';
import { csiDrivers } from './csidrivers.ts';
import { csiNodes } from './csinodes.ts';
import { csiStorageCapacities } from './csistoragecapacities.ts';
import { storageClasses } from './storageclasses.ts';
import { volumeAttachments } from './volumeattachments.ts';
import { volumeAttributesClasses } from './volumeattributesclasses.ts';

export function storageResources({ describe = () => '' }: { describe?: Describe }): ResourceDeclaration[] {
  return [
    csiDrivers(describe),
    csiNodes(describe),
    csiStorageCapacities(describe),
    storageClasses(describe),
    volumeAttachments(describe),
    volumeAttributesClasses(describe),
  ];
}
