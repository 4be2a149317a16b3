/** Names of resources that may be limited, and what values they take. */
import { parseQuantity } from '../../../base/quantity.ts';
import { isExtendedResource } from '../../../openapi/quota/resource-names.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { invalidEach, invalidValue } from '../validation/errors.ts';
import { NOT_NEGATIVE } from '../validation/fields.ts';
import { isQualifiedName } from '../validation/names.ts';

const UNIT = 1_000_000_000n;

/** Counted one by one. */
const INTEGERS = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);

const QUOTA_RESOURCES = new Set([
  ...INTEGERS,
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
]);

/** Whether the quota of that name is one of the system's, without a domain. */
export function isStandardQuotaResource(name: string): boolean {
  return QUOTA_RESOURCES.has(name) || name.startsWith('hugepages-') || name.startsWith('requests.hugepages-');
}

/** Any resource: one of the system's, or with a domain. */
export function validateResourceName(name: string, field: string): FieldError[] {
  const errors = invalidEach(field, name, isQualifiedName(name));
  if (errors.length > 0 || name.includes('/')) return errors;
  return isStandardQuotaResource(name) || name === 'storage'
    ? []
    : [invalidValue(field, name, 'must be a standard resource type or fully qualified')];
}

export function validateQuotaResourceName(name: string, field: string): FieldError[] {
  const errors = validateResourceName(name, field);
  if (name.includes('/') || isStandardQuotaResource(name)) return errors;
  return [...errors, invalidValue(field, name, 'must be a standard resource for quota')];
}

/** Not negative, and whole where the resource is counted. */
export function validateResourceQuantity(name: string, text: string, field: string): FieldError[] {
  const value = parseQuantity(text) ?? 0n;
  const whole = INTEGERS.has(name) || isExtendedResource(name);
  return [
    ...(value < 0n ? [invalidValue(field, text, NOT_NEGATIVE)] : []),
    ...(whole && value % UNIT !== 0n ? [invalidValue(field, text, 'must be an integer')] : []),
  ];
}
