import type { V1ResourceQuota } from '../../../openapi/generated/types.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { canonicalizeResources } from '../validation/quantities.ts';
import { ageColumn, column, type Describe, nameColumn } from './columns.ts';
import {
  validateResourceQuota,
  validateResourceQuotaStatus,
  validateResourceQuotaUpdate,
} from './resourcequota-validation.ts';

export function resourceQuotas(describe: Describe): ResourceDeclaration {
  return declare<V1ResourceQuota>({
    group: '',
    version: 'v1',
    kind: 'ResourceQuota',
    plural: 'resourcequotas',
    singular: 'resourcequota',
    shortNames: ['quota'],
    namespaced: true,
    definition: 'io.k8s.api.core.v1.ResourceQuota',
    columns: [
      nameColumn(describe),
      column('Request', 'Request represents a minimum amount of cpu/memory that a container may consume.', (quota) =>
        usage(quota, false),
      ),
      column(
        'Limit',
        'Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.',
        (quota) => usage(quota, true),
      ),
      ageColumn(describe),
    ],
    strategy: {
      default({ spec, status }) {
        canonicalizeResources(spec?.hard);
        canonicalizeResources(status?.hard);
        canonicalizeResources(status?.used);
      },
      prepareForCreate(quota) {
        quota.spec ??= {};
        quota.status = {};
      },
      prepareForUpdate(quota, old) {
        quota.spec ??= {};
        quota.status = old.status ?? {};
      },
      validate: validateResourceQuota,
      validateUpdate: validateResourceQuotaUpdate,
      returnsDeleted: true,
    },
    status: {
      prepareForUpdate(quota, old) {
        quota.spec = old.spec ?? {};
        quota.status ??= {};
      },
      validateUpdate: ({ status = {} }) => validateResourceQuotaStatus(status),
    },
  });
}

/** `pods: 1/4, requests.cpu: 500m/2`; `limits` takes those whose names begin so, and only those. */
function usage({ status }: V1ResourceQuota, limits: boolean): string {
  const { hard = {}, used = {} } = status ?? {};
  return Object.keys(hard)
    .filter((name) => name.startsWith('limits.') === limits)
    .sort()
    .map((name) => `${name}: ${used[name] ?? '0'}/${hard[name]}`)
    .join(', ');
}
