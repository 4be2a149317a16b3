/** What the local provisioner makes of a claim, and when it lets go of what it made. Pure. */
import type {
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1StorageClass,
} from '../../openapi/generated/types.ts';
import { classOfClaim } from '../../openapi/quota/claim-class.ts';
import { PROVISIONED_BY } from '../volume-binding/objects.ts';

export const LOCAL_PROVISIONER = 'kubets.dev/local';
/** On nodes: the folder that the node's agent keeps volumes in. Nodes without it have nothing behind their volumes. */
export const LOCAL_VOLUMES = 'kubets.dev/local-volumes';
/** On volumes: the node that they are on. */
export const LOCAL_NODE = 'kubets.dev/node';
/** Holds a volume until the agent on its node has removed what is in it. */
export const LOCAL_FINALIZER = 'kubets.dev/local-volume';
/** For nodes that name no folder. */
const DEFAULT_FOLDER = '/var/lib/kubets/local-volumes';
const HOSTNAME = 'kubernetes.io/hostname';

/** Upstream's name for what is made for a claim: as unique as the claim. */
export function volumeNameFor(claim: V1PersistentVolumeClaim): string {
  return `pvc-${claim.metadata?.uid ?? ''}`;
}

/** Why no volume can be made, whatever the node. */
export function refusalOf({ spec }: V1PersistentVolumeClaim): string | undefined {
  if (spec?.volumeMode === 'Block') return `${LOCAL_PROVISIONER} does not support block volume provisioning`;
  if (spec?.selector) return 'claim.Spec.Selector is not supported';
  if (spec?.dataSource || spec?.dataSourceRef) return 'claim.Spec.DataSource is not supported';
  return undefined;
}

/** A folder on the node, for this claim only. */
export function localVolume(
  claim: V1PersistentVolumeClaim,
  storageClass: V1StorageClass,
  node: V1Node,
): V1PersistentVolume {
  const name = volumeNameFor(claim);
  const nodeName = node.metadata?.name ?? '';
  const folder = node.metadata?.annotations?.[LOCAL_VOLUMES];
  const { name: claimName = '', namespace = '', uid = '', resourceVersion = '' } = claim.metadata ?? {};
  const hostname = node.metadata?.labels?.[HOSTNAME] ?? nodeName;
  return {
    metadata: {
      name,
      annotations: { [PROVISIONED_BY]: LOCAL_PROVISIONER, [LOCAL_NODE]: nodeName },
      ...(folder === undefined ? {} : { finalizers: [LOCAL_FINALIZER] }),
    },
    spec: {
      accessModes: claim.spec?.accessModes ?? [],
      capacity: { storage: claim.spec?.resources?.requests?.storage ?? '0' },
      claimRef: {
        kind: 'PersistentVolumeClaim',
        apiVersion: 'v1',
        name: claimName,
        namespace,
        uid,
        resourceVersion,
      },
      hostPath: { path: `${folder ?? DEFAULT_FOLDER}/${name}`, type: 'DirectoryOrCreate' },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: HOSTNAME, operator: 'In', values: [hostname] }] }],
        },
      },
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: classOfClaim(claim) ?? '',
      volumeMode: 'Filesystem',
      ...(storageClass.mountOptions ? { mountOptions: storageClass.mountOptions } : {}),
      ...(claim.spec?.volumeAttributesClassName
        ? { volumeAttributesClassName: claim.spec.volumeAttributesClassName }
        : {}),
    },
  };
}

export type Removal = 'delete' | 'lift-finalizer';

/**
 * What is to be done about a volume of ours. It is deleted once its claim has let go of it; then the agent on its node
 * removes what is in it and lifts the finalizer. Where there is no node or no agent, nobody else would lift it.
 */
export function removalOf(volume: V1PersistentVolume, node: V1Node | undefined): Removal | undefined {
  const { metadata, spec, status } = volume;
  if (metadata?.annotations?.[PROVISIONED_BY] !== LOCAL_PROVISIONER) return undefined;
  if (metadata.deletionTimestamp === undefined) {
    return status?.phase === 'Released' && spec?.persistentVolumeReclaimPolicy === 'Delete' ? 'delete' : undefined;
  }
  if (!metadata.finalizers?.includes(LOCAL_FINALIZER) || status?.phase === 'Bound') return undefined;
  return node?.metadata?.annotations?.[LOCAL_VOLUMES] === undefined ? 'lift-finalizer' : undefined;
}
