/** The storage class that a cluster of ours has from the start. */
import type { Client } from '../client/client.ts';
import { STORAGE_CLASSES } from '../client/resources.ts';
import type { V1StorageClass } from '../openapi/generated/types.ts';
import { isStatus } from '../openapi/status.ts';

/** Makes the class `local`, the default, unless there is one of its name. */
export async function ensureLocalClass(client: Client): Promise<void> {
  const storageClass: V1StorageClass = {
    metadata: { name: 'local', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'kubets.dev/local',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
  };
  try {
    await client.resource<V1StorageClass>(STORAGE_CLASSES).create(storageClass);
  } catch (error) {
    if (!isStatus(error, 'AlreadyExists')) throw error;
  }
}
