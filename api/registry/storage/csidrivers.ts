import type { StorageV1TokenRequest, V1CSIDriver, V1CSIDriverSpec } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { ageColumn, type Describe, fieldColumn, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { semanticEqual } from '../validation/equality.ts';
import { duplicate, forbiddenField, invalidValue, notSupported } from '../validation/errors.ts';

const SPEC = 'io.k8s.api.storage.v1.CSIDriverSpec';
const FS_GROUP_POLICIES = ['File', 'None', 'ReadWriteOnceWithFSType'];
const LIFECYCLE_MODES = ['Persistent', 'Ephemeral'];
const TEN_MINUTES = 600;
const ALLOCATABLE_PERIOD_MIN = 10;
/** Changes of these count as generations. */
const MUTABLE = [
  'tokenRequests',
  'requiresRepublish',
  'seLinuxMount',
  'nodeAllocatableUpdatePeriodSeconds',
  'serviceAccountTokenInSecrets',
] as const;

export function csiDrivers(describe: Describe): ResourceDeclaration {
  const boolean = { type: 'boolean' } as const;
  const flag = (name: string, field: 'podInfoOnMount' | 'storageCapacity' | 'requiresRepublish') =>
    fieldColumn<V1CSIDriver>(name, describe, [SPEC, field], ({ spec }) => spec[field] ?? false, boolean);
  return declare<V1CSIDriver>({
    group: 'storage.k8s.io',
    version: 'v1',
    kind: 'CSIDriver',
    plural: 'csidrivers',
    singular: 'csidriver',
    namespaced: false,
    definition: 'io.k8s.api.storage.v1.CSIDriver',
    columns: [
      nameColumn(describe),
      fieldColumn(
        'AttachRequired',
        describe,
        [SPEC, 'attachRequired'],
        ({ spec }) => spec.attachRequired ?? true,
        boolean,
      ),
      flag('PodInfoOnMount', 'podInfoOnMount'),
      flag('StorageCapacity', 'storageCapacity'),
      fieldColumn('TokenRequests', describe, [SPEC, 'tokenRequests'], ({ spec }) => audiences(spec.tokenRequests)),
      flag('RequiresRepublish', 'requiresRepublish'),
      fieldColumn(
        'Modes',
        describe,
        [SPEC, 'volumeLifecycleModes'],
        ({ spec }) => spec.volumeLifecycleModes?.join(',') || '<none>',
      ),
      ageColumn(describe),
    ],
    strategy: {
      default: defaultDriver,
      prepareForCreate({ spec }) {
        delete spec.preventPodSchedulingIfMissing;
      },
      prepareForUpdate(driver, old) {
        if (old.spec.preventPodSchedulingIfMissing === undefined) delete driver.spec.preventPodSchedulingIfMissing;
        if (driver.metadata && MUTABLE.some((field) => !semanticEqual(driver.spec[field], old.spec[field]))) {
          driver.metadata.generation = (old.metadata?.generation ?? 0) + 1;
        }
      },
      validate: ({ spec }) => validateSpec(spec),
      validateUpdate,
      unconditionalUpdate: false,
      returnsDeleted: true,
    },
  });
}

function audiences(requests: readonly StorageV1TokenRequest[] | undefined): string {
  return requests ? requests.map(({ audience }) => audience).join(',') : '<unset>';
}

function defaultDriver(driver: V1CSIDriver): void {
  const { spec } = driver;
  spec.attachRequired ??= true;
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
  spec.podInfoOnMount ??= false;
  spec.requiresRepublish ??= false;
  spec.seLinuxMount ??= false;
  spec.storageCapacity ??= false;
  if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent'];
}

function validateSpec(spec: V1CSIDriverSpec): FieldError[] {
  const { fsGroupPolicy: policy, tokenRequests = [], volumeLifecycleModes: modes = [] } = spec;
  const period = spec.nodeAllocatableUpdatePeriodSeconds;
  return [
    ...(policy === undefined || FS_GROUP_POLICIES.includes(policy)
      ? []
      : [notSupported('spec.fsGroupPolicy', policy, FS_GROUP_POLICIES)]),
    ...validateTokenRequests(tokenRequests, 'spec.tokenRequests'),
    ...modes
      .filter((mode) => !LIFECYCLE_MODES.includes(mode))
      .map((mode) => notSupported('spec.volumeLifecycleModes', mode, LIFECYCLE_MODES)),
    ...(period !== undefined && period < ALLOCATABLE_PERIOD_MIN
      ? [invalidValue('spec.nodeAllocatableUpdatePeriodSeconds', period, 'must be greater than or equal to 10 seconds')]
      : []),
    ...(spec.serviceAccountTokenInSecrets !== undefined && tokenRequests.length === 0
      ? [forbiddenField('spec.serviceAccountTokenInSecrets', 'must not be set when tokenRequests is not specified')]
      : []),
  ];
}

function validateTokenRequests(requests: readonly StorageV1TokenRequest[], path: string): FieldError[] {
  const seen = new Set<string>();
  return requests.flatMap(({ audience, expirationSeconds: seconds }, i) => {
    const field = `${path}[${i}]`;
    if (seen.has(audience)) return [duplicate(`${field}.audience`, audience)];
    seen.add(audience);
    if (seconds !== undefined && seconds < TEN_MINUTES) {
      return [invalidValue(`${field}.expirationSeconds`, seconds, 'may not specify a duration less than 10 minutes')];
    }
    return seconds !== undefined && seconds > 2 ** 32
      ? [invalidValue(`${field}.expirationSeconds`, seconds, 'may not specify a duration larger than 2^32 seconds')]
      : [];
  });
}

function validateUpdate({ spec }: V1CSIDriver, { spec: old }: V1CSIDriver): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.attachRequired !== old.attachRequired) {
    // Upstream's path, as it is.
    errors.push(invalidValue('spec.attachedRequired', spec.attachRequired, 'field is immutable'));
  }
  if (!semanticEqual(spec.volumeLifecycleModes, old.volumeLifecycleModes)) {
    errors.push(invalidValue('spec.volumeLifecycleModes', spec.volumeLifecycleModes, 'field is immutable'));
  }
  return errors;
}
