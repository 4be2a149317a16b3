import { parseQuantity } from '../../../base/quantity.ts';
import type { V1PersistentVolumeClaim, V1PersistentVolumeClaimSpec } from '../../../openapi/generated/types.ts';
import { BETA_CLASS, classOfClaim } from '../../../openapi/quota/claim-class.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { quote } from '../validation/errors.ts';
import { canonicalizeResources } from '../validation/quantities.ts';
import { ageColumn, column, type Describe, fieldColumn, nameColumn } from './columns.ts';
import { validateClaim, validateClaimStatus, validateClaimUpdate } from './persistentvolumeclaim-validation.ts';
import { accessModesText } from './persistentvolumes.ts';

const SPEC = 'io.k8s.api.core.v1.PersistentVolumeClaimSpec';
const STATUS = 'io.k8s.api.core.v1.PersistentVolumeClaimStatus';
const UNIT = 1_000_000_000n;

export function persistentVolumeClaims(describe: Describe): ResourceDeclaration {
  const bound = ({ spec }: V1PersistentVolumeClaim) => Boolean(spec?.volumeName);
  return declare<V1PersistentVolumeClaim>({
    group: '',
    version: 'v1',
    kind: 'PersistentVolumeClaim',
    plural: 'persistentvolumeclaims',
    singular: 'persistentvolumeclaim',
    shortNames: ['pvc'],
    namespaced: true,
    definition: 'io.k8s.api.core.v1.PersistentVolumeClaim',
    columns: [
      nameColumn(describe),
      fieldColumn('Status', describe, [STATUS, 'phase'], ({ metadata, status }) =>
        metadata?.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
      ),
      fieldColumn('Volume', describe, [SPEC, 'volumeName'], ({ spec }) => spec?.volumeName ?? ''),
      fieldColumn('Capacity', describe, [STATUS, 'capacity'], (claim) =>
        bound(claim) ? (claim.status?.capacity?.storage ?? '0') : '',
      ),
      fieldColumn('Access Modes', describe, [STATUS, 'accessModes'], (claim) =>
        bound(claim) ? accessModesText(claim.status?.accessModes) : '',
      ),
      column('StorageClass', 'StorageClass of the pvc', (claim) => classOfClaim(claim) ?? ''),
      column(
        'VolumeAttributesClass',
        'VolumeAttributesClass of the pvc',
        ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>',
      ),
      ageColumn(describe),
      fieldColumn('VolumeMode', describe, [SPEC, 'volumeMode'], ({ spec }) => spec?.volumeMode ?? '<unset>', {
        priority: 1,
      }),
    ],
    strategy: {
      default: defaultClaim,
      prepareForCreate(claim) {
        claim.status = { phase: 'Pending' };
        prepareSources(claim.spec ?? {}, {});
        normalizeSources(claim.spec ?? {});
      },
      prepareForUpdate(claim, old) {
        claim.status = old.status ?? {};
        prepareSources(claim.spec ?? {}, old.spec ?? {});
      },
      validate: validateClaim,
      validateUpdate: validateClaimUpdate,
      warnings: warningsOf,
      returnsDeleted: true,
    },
    status: {
      prepareForUpdate(claim, old) {
        claim.spec = old.spec ?? {};
      },
      validateUpdate: (claim) => validateClaimStatus(claim),
    },
  });
}

function defaultClaim(claim: V1PersistentVolumeClaim): void {
  claim.spec ??= {};
  claim.status ??= {};
  defaultClaimSpec(claim.spec);
  claim.status.phase ||= 'Pending';
  canonicalizeResources(claim.status.capacity);
  canonicalizeResources(claim.status.allocatedResources);
}

/** Also of the templates of claims. */
export function defaultClaimSpec(spec: V1PersistentVolumeClaimSpec): void {
  spec.volumeMode ??= 'Filesystem';
  spec.resources ??= {};
  canonicalizeResources(spec.resources.limits);
  canonicalizeResources(spec.resources.requests);
}

/** Drops sources that need what is switched off, and those that older servers ignored. */
function prepareSources(spec: V1PersistentVolumeClaimSpec, old: V1PersistentVolumeClaimSpec): void {
  if (spec.dataSourceRef?.namespace && !old.dataSourceRef) delete spec.dataSourceRef;
  if (old.dataSource || old.dataSourceRef || spec.dataSourceRef || !spec.dataSource) return;
  const { apiGroup = '', kind } = spec.dataSource;
  const known =
    (kind === 'PersistentVolumeClaim' && apiGroup === '') ||
    (kind === 'VolumeSnapshot' && apiGroup === 'snapshot.storage.k8s.io');
  if (!known) delete spec.dataSource;
}

/** The older and the newer field say the same. */
function normalizeSources(spec: V1PersistentVolumeClaimSpec): void {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource && !dataSourceRef) spec.dataSourceRef = { ...dataSource };
  else if (dataSourceRef && !dataSource && !dataSourceRef.namespace) {
    const { namespace: _, ...source } = dataSourceRef;
    spec.dataSource = source;
  }
}

function warningsOf({ metadata, spec }: V1PersistentVolumeClaim): string[] {
  const warnings: string[] = [];
  if (metadata?.annotations?.[BETA_CLASS] !== undefined) {
    const advice = 'deprecated since v1.8; use "storageClassName" attribute instead';
    warnings.push(`metadata.annotations[${BETA_CLASS}]: ${advice}`);
  }
  for (const list of ['requests', 'limits'] as const) {
    const storage = spec?.resources?.[list]?.storage;
    if (storage === undefined || (parseQuantity(storage) ?? 0n) % UNIT === 0n) continue;
    const field = `spec.resources.${list}[storage]`;
    warnings.push(`${field}: fractional byte value ${quote(storage)} is invalid, must be an integer`);
  }
  return warnings;
}
