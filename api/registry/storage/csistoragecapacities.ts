import { parseQuantity } from '../../../base/quantity.ts';
import type { V1CSIStorageCapacity } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { type Describe, fieldColumn, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { semanticEqual } from '../validation/equality.ts';
import { invalidValue } from '../validation/errors.ts';
import { NOT_NEGATIVE, validateDns1123Subdomain, validateLabelSelector } from '../validation/fields.ts';

const CAPACITY = 'io.k8s.api.storage.v1.CSIStorageCapacity';

export function csiStorageCapacities(describe: Describe): ResourceDeclaration {
  return declare<V1CSIStorageCapacity>({
    group: 'storage.k8s.io',
    version: 'v1',
    kind: 'CSIStorageCapacity',
    plural: 'csistoragecapacities',
    singular: 'csistoragecapacity',
    namespaced: true,
    definition: CAPACITY,
    columns: [
      nameColumn(describe),
      fieldColumn(
        'StorageClassName',
        describe,
        [CAPACITY, 'storageClassName'],
        ({ storageClassName }) => storageClassName,
      ),
      fieldColumn('Capacity', describe, [CAPACITY, 'capacity'], ({ capacity }) => capacity ?? '<unset>'),
    ],
    strategy: {
      validate: validateCapacity,
      validateUpdate,
      unconditionalUpdate: false,
    },
  });
}

function validateCapacity({ nodeTopology, storageClassName, capacity }: V1CSIStorageCapacity): FieldError[] {
  const negative = capacity !== undefined && (parseQuantity(capacity) ?? 0n) < 0n;
  return [
    ...validateLabelSelector(nodeTopology, 'nodeTopology'),
    ...validateDns1123Subdomain(storageClassName, 'storageClassName'),
    ...(negative ? [invalidValue('capacity', capacity, NOT_NEGATIVE)] : []),
  ];
}

function validateUpdate(object: V1CSIStorageCapacity, old: V1CSIStorageCapacity): FieldError[] {
  return (['nodeTopology', 'storageClassName'] as const)
    .filter((field) => !semanticEqual(object[field], old[field]))
    .map((field) => invalidValue(field, object[field], 'field is immutable'));
}
