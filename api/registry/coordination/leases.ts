import type { V1Lease } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { ageColumn, type Describe, fieldColumn, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { invalidValue } from '../validation/errors.ts';

const SPEC = 'io.k8s.api.coordination.v1.LeaseSpec';

export function leases(describe: Describe): ResourceDeclaration {
  return declare<V1Lease>({
    group: 'coordination.k8s.io',
    version: 'v1',
    kind: 'Lease',
    plural: 'leases',
    singular: 'lease',
    namespaced: true,
    definition: 'io.k8s.api.coordination.v1.Lease',
    columns: [
      nameColumn(describe),
      fieldColumn('Holder', describe, [SPEC, 'holderIdentity'], (lease) => lease.spec?.holderIdentity ?? ''),
      ageColumn(describe),
    ],
    strategy: {
      default(lease) {
        lease.spec ??= {};
      },
      validate: validateLease,
      createOnUpdate: true,
      unconditionalUpdate: false,
    },
  });
}

function validateLease({ spec = {} }: V1Lease): FieldError[] {
  const { leaseDurationSeconds, leaseTransitions } = spec;
  const errors: FieldError[] = [];
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
    errors.push(invalidValue('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0'));
  }
  if (leaseTransitions !== undefined && leaseTransitions < 0) {
    errors.push(invalidValue('spec.leaseTransitions', leaseTransitions, 'must be greater than or equal to 0'));
  }
  return errors;
}
