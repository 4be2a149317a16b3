import type {
  V1StorageClass,
  V1TopologySelectorLabelRequirement,
  V1TopologySelectorTerm,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { ageColumn, type Describe, fieldColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { semanticEqual } from '../validation/equality.ts';
import { duplicate, forbiddenField, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateLabelName } from '../validation/fields.ts';
import { validateDriverParameters, validateProvisioner } from './validation.ts';

const CLASS = 'io.k8s.api.storage.v1.StorageClass';
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const RECLAIM_POLICIES = ['Delete', 'Retain'];
const BINDING_MODES = ['Immediate', 'WaitForFirstConsumer'];
const DEFAULT_ANNOTATIONS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

/** Whether claims without a class get this one. */
export function isDefaultStorageClass({ metadata }: V1StorageClass): boolean {
  return DEFAULT_ANNOTATIONS.some((name) => metadata?.annotations?.[name] === 'true');
}

export function storageClasses(describe: Describe): ResourceDeclaration {
  const name = (object: V1StorageClass) => {
    const text = object.metadata?.name ?? '';
    return isDefaultStorageClass(object) ? `${text} (default)` : text;
  };
  return declare<V1StorageClass>({
    group: 'storage.k8s.io',
    version: 'v1',
    kind: 'StorageClass',
    plural: 'storageclasses',
    singular: 'storageclass',
    shortNames: ['sc'],
    namespaced: false,
    definition: CLASS,
    columns: [
      fieldColumn('Name', describe, [META, 'name'], name, { format: 'name' }),
      fieldColumn('Provisioner', describe, [CLASS, 'provisioner'], ({ provisioner }) => provisioner),
      fieldColumn('ReclaimPolicy', describe, [CLASS, 'reclaimPolicy'], (object) => object.reclaimPolicy ?? 'Delete'),
      fieldColumn(
        'VolumeBindingMode',
        describe,
        [CLASS, 'volumeBindingMode'],
        (object) => object.volumeBindingMode ?? 'Immediate',
      ),
      fieldColumn(
        'AllowVolumeExpansion',
        describe,
        [CLASS, 'allowVolumeExpansion'],
        (object) => object.allowVolumeExpansion ?? false,
      ),
      ageColumn(describe),
    ],
    strategy: {
      default(object) {
        object.reclaimPolicy ??= 'Delete';
        object.volumeBindingMode ??= 'Immediate';
      },
      validate: validateStorageClass,
      validateUpdate,
      returnsDeleted: true,
    },
  });
}

function validateStorageClass(object: V1StorageClass): FieldError[] {
  const { provisioner, parameters, reclaimPolicy, volumeBindingMode, allowedTopologies = [] } = object;
  return [
    ...validateProvisioner(provisioner, 'provisioner'),
    ...validateDriverParameters(parameters, 'parameters'),
    ...(!reclaimPolicy || RECLAIM_POLICIES.includes(reclaimPolicy)
      ? []
      : [notSupported('reclaimPolicy', reclaimPolicy, RECLAIM_POLICIES)]),
    ...(volumeBindingMode !== undefined && BINDING_MODES.includes(volumeBindingMode)
      ? []
      : [notSupported('volumeBindingMode', volumeBindingMode, BINDING_MODES)]),
    ...validateTopologies(allowedTopologies, 'allowedTopologies'),
  ];
}

function validateUpdate(object: V1StorageClass, old: V1StorageClass): FieldError[] {
  const errors = (['parameters', 'provisioner', 'reclaimPolicy'] as const)
    .filter((field) => !semanticEqual(object[field], old[field]))
    .map((field) => forbiddenField(field, `updates to ${field} are forbidden.`));
  if (object.volumeBindingMode !== old.volumeBindingMode) {
    errors.push(invalidValue('volumeBindingMode', object.volumeBindingMode, 'field is immutable'));
  }
  return errors;
}

function validateTopologies(terms: readonly V1TopologySelectorTerm[], path: string): FieldError[] {
  const seen: Map<string, string[]>[] = [];
  return terms.flatMap(({ matchLabelExpressions }, i) => {
    const field = `${path}[${i}].matchLabelExpressions`;
    const values = new Map<string, string[]>();
    const errors = (matchLabelExpressions ?? []).flatMap((requirement, j) => {
      const found = validateRequirement(requirement, `${field}[${j}]`);
      if (values.has(requirement.key)) found.push(duplicate(`${field}[${j}].key`, requirement.key));
      values.set(requirement.key, [...new Set(requirement.values ?? [])].sort());
      return found;
    });
    // Upstream begins with as many empty terms as there are terms, so that an empty one is always one too many.
    const same = seen.some((other) => semanticEqual(Object.fromEntries(other), Object.fromEntries(values)));
    if (same || values.size === 0) errors.push(duplicate(field, ''));
    seen.push(values);
    return errors;
  });
}

function validateRequirement(requirement: V1TopologySelectorLabelRequirement, path: string): FieldError[] {
  const { key } = requirement;
  const values = requirement.values ?? [];
  const repeated = values.flatMap((value, i) =>
    values.indexOf(value) < i ? [duplicate(`${path}.values[${i}]`, value)] : [],
  );
  return [
    ...(values.length === 0 ? [required(`${path}.values`)] : []),
    ...repeated,
    ...validateLabelName(key, `${path}.key`),
  ];
}
