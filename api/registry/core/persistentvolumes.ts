import { rfc3339 } from '../../../base/clock.ts';
import type {
  V1PersistentVolume,
  V1PersistentVolumeSpec,
  V1PersistentVolumeStatus,
} from '../../../openapi/generated/types.ts';
import { BETA_CLASS } from '../../../openapi/quota/claim-class.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { canonicalizeResources } from '../validation/quantities.ts';
import { ageColumn, column, type Describe, fieldColumn, nameColumn } from './columns.ts';
import { validatePersistentVolume, validatePersistentVolumeUpdate } from './persistentvolume-validation.ts';
import { defaultSource } from './volume-defaults.ts';

const SPEC = 'io.k8s.api.core.v1.PersistentVolumeSpec';
const STATUS = 'io.k8s.api.core.v1.PersistentVolumeStatus';
/** Where the class of volumes and claims stood before it had a field. */
const BETA_MOUNT_OPTIONS = 'volume.beta.kubernetes.io/mount-options';

export function persistentVolumes(describe: Describe): ResourceDeclaration {
  const spec = (name: string, field: string, value: (spec: V1PersistentVolumeSpec) => string, priority = 0) =>
    fieldColumn<V1PersistentVolume>(name, describe, [SPEC, field], (pv) => value(pv.spec ?? {}), { priority });
  return declare<V1PersistentVolume>({
    group: '',
    version: 'v1',
    kind: 'PersistentVolume',
    plural: 'persistentvolumes',
    singular: 'persistentvolume',
    shortNames: ['pv'],
    namespaced: false,
    definition: 'io.k8s.api.core.v1.PersistentVolume',
    columns: [
      nameColumn(describe),
      spec('Capacity', 'capacity', ({ capacity }) => capacity?.storage ?? '0'),
      spec('Access Modes', 'accessModes', ({ accessModes }) => accessModesText(accessModes)),
      spec('Reclaim Policy', 'persistentVolumeReclaimPolicy', (each) => each.persistentVolumeReclaimPolicy ?? ''),
      fieldColumn('Status', describe, [STATUS, 'phase'], phaseText),
      spec('Claim', 'claimRef', ({ claimRef }) =>
        claimRef ? `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}` : '',
      ),
      column('StorageClass', 'StorageClass of the pv', classText),
      column(
        'VolumeAttributesClass',
        'VolumeAttributesClass of the pv',
        (pv) => pv.spec?.volumeAttributesClassName ?? '<unset>',
      ),
      fieldColumn('Reason', describe, [STATUS, 'reason'], ({ status }) => status?.reason ?? ''),
      ageColumn(describe),
      spec('VolumeMode', 'volumeMode', ({ volumeMode }) => volumeMode ?? '<unset>', 1),
    ],
    // Upstream selects by `name` too, but takes no such selector from a client.
    strategy: {
      default: defaultVolume,
      prepareForCreate(pv, { clock }) {
        pv.status = { phase: 'Pending', lastPhaseTransitionTime: rfc3339(clock.now()) };
      },
      prepareForUpdate(pv, old) {
        pv.status = old.status ?? {};
      },
      validate: validatePersistentVolume,
      validateUpdate: validatePersistentVolumeUpdate,
      warnings: warningsOf,
      returnsDeleted: true,
    },
    status: {
      prepareForUpdate(pv, old, { clock }) {
        pv.spec = old.spec ?? {};
        pv.status = withTransitionTime(pv.status ?? {}, old.status ?? {}, rfc3339(clock.now()));
      },
    },
  });
}

/** `RWO,ROX`, in an order of its own. */
export function accessModesText(modes: readonly string[] = []): string {
  const short = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' };
  return Object.entries(short)
    .filter(([mode]) => modes.includes(mode))
    .map(([, text]) => text)
    .join(',');
}

function phaseText({ metadata, status }: V1PersistentVolume): string {
  return metadata?.deletionTimestamp ? 'Terminating' : (status?.phase ?? '');
}

function classText({ metadata, spec }: V1PersistentVolume): string {
  return metadata?.annotations?.[BETA_CLASS] ?? spec?.storageClassName ?? '';
}

/** The time of the phase belongs to the phase, unless the writer says another. */
function withTransitionTime(
  status: V1PersistentVolumeStatus,
  old: V1PersistentVolumeStatus,
  now: string,
): V1PersistentVolumeStatus {
  const { lastPhaseTransitionTime: time } = status;
  const before = old.lastPhaseTransitionTime;
  if (status.phase === old.phase) {
    return time === undefined && before !== undefined ? { ...status, lastPhaseTransitionTime: before } : status;
  }
  return time === undefined || time === before ? { ...status, lastPhaseTransitionTime: now } : status;
}

function defaultVolume(pv: V1PersistentVolume): void {
  pv.spec ??= {};
  pv.status ??= {};
  defaultVolumeSpec(pv.spec);
  pv.status.phase ||= 'Pending';
}

function defaultVolumeSpec(spec: V1PersistentVolumeSpec): void {
  canonicalizeResources(spec.capacity);
  spec.persistentVolumeReclaimPolicy ||= 'Retain';
  spec.volumeMode ??= 'Filesystem';
  defaultSource(spec);
}

const GONE_SOURCES: Record<string, string> = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
};

function warningsOf({ metadata, spec = {} }: V1PersistentVolume): string[] {
  const { annotations = {} } = metadata ?? {};
  const path = (name: string) => `metadata.annotations[${name}]`;
  const warnings: string[] = [];
  if (annotations[BETA_CLASS] !== undefined) {
    warnings.push(`${path(BETA_CLASS)}: deprecated since v1.8; use "storageClassName" attribute instead`);
  }
  if (annotations[BETA_MOUNT_OPTIONS] !== undefined) {
    warnings.push(`${path(BETA_MOUNT_OPTIONS)}: deprecated since v1.31; use "mountOptions" attribute instead`);
  }
  if (spec.persistentVolumeReclaimPolicy === 'Recycle') {
    const advice = 'Instead, the recommended approach is to use dynamic provisioning.';
    warnings.push(`spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. ${advice}`);
  }
  for (const [name, text] of Object.entries(GONE_SOURCES)) {
    if (Object.hasOwn(spec, name)) warnings.push(`spec.${name}: ${text}`);
  }
  return warnings;
}
