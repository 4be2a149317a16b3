import type {
  V1ResourceQuota,
  V1ResourceQuotaSpec,
  V1ResourceQuotaStatus,
  V1ScopedResourceSelectorRequirement,
  V1ScopeSelector,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { invalidValue, required } from '../validation/errors.ts';
import { isStandardQuotaResource, validateQuotaResourceName, validateResourceQuantity } from './resource-names.ts';

const PODS = ['pods', 'cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
/** Scopes, and the resources that can be limited in them. */
const SCOPES: Record<string, readonly string[]> = {
  Terminating: PODS,
  NotTerminating: PODS,
  NotBestEffort: PODS,
  PriorityClass: PODS,
  CrossNamespacePodAffinity: PODS,
  BestEffort: ['pods'],
  VolumeAttributesClass: ['persistentvolumeclaims', 'requests.storage'],
};
const CONFLICTING = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
];
/** Scopes that a pod is in, or is not. */
const PLAIN = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'];

export function validateResourceQuota({ spec = {}, status = {} }: V1ResourceQuota): FieldError[] {
  return [
    ...validateAmounts(spec.hard, 'spec.hard'),
    ...validateScopes(spec, 'spec.scopes'),
    ...(spec.scopeSelector ? validateSelector(spec, spec.scopeSelector, 'spec.scopeSelector.matchExpressions') : []),
    ...validateResourceQuotaStatus(status),
  ];
}

export function validateResourceQuotaStatus(status: V1ResourceQuotaStatus): FieldError[] {
  return [...validateAmounts(status.hard, 'status.hard'), ...validateAmounts(status.used, 'status.used')];
}

function validateAmounts(amounts: Record<string, string> = {}, path: string): FieldError[] {
  return Object.entries(amounts).flatMap(([name, text]) => {
    const field = `${path}[${name}]`;
    return [...validateQuotaResourceName(name, field), ...validateResourceQuantity(name, text, field)];
  });
}

function validateScopes({ scopes = [], hard = {} }: V1ResourceQuotaSpec, field: string): FieldError[] {
  const refuse = (detail: string) => invalidValue(field, scopes, detail);
  return [
    ...scopes.flatMap((scope) => [
      ...(SCOPES[scope] ? [] : [refuse('unsupported scope')]),
      ...unfit(scope, hard).map(() => refuse('unsupported scope applied to resource')),
    ]),
    ...CONFLICTING.filter((pair) => pair.every((scope) => scopes.includes(scope))).map(() =>
      refuse('conflicting scopes'),
    ),
  ];
}

/** The resources that a quota with that scope cannot limit. */
function unfit(scope: string, hard: Record<string, string>): string[] {
  const fit = SCOPES[scope];
  if (!fit) return [];
  return Object.keys(hard).filter((name) => isStandardQuotaResource(name) && !fit.includes(name));
}

function validateSelector(spec: V1ResourceQuotaSpec, selector: V1ScopeSelector, path: string): FieldError[] {
  const { scopes, hard = {} } = spec;
  const { matchExpressions = [] } = selector;
  const named = matchExpressions.map(({ scopeName }) => scopeName);
  return [
    ...matchExpressions.flatMap((requirement) => {
      const { scopeName } = requirement;
      const unsupported = invalidValue(`${path}.scopeName`, scopeName, 'unsupported scope');
      return [
        ...(SCOPES[scopeName] ? [] : [unsupported]),
        ...unfit(scopeName, hard).map(() =>
          invalidValue(path, shownSelector(selector), 'unsupported scope applied to resource'),
        ),
        ...validateOperator(requirement, path),
      ];
    }),
    ...CONFLICTING.filter((pair) => pair.every((scope) => named.includes(scope))).map(() =>
      // Upstream shows the plain scopes, and Go a list that is not there as plain null.
      scopes
        ? invalidValue(path, scopes, 'conflicting scopes')
        : { type: 'FieldValueInvalid' as const, field: path, message: 'Invalid value: null: conflicting scopes' },
    ),
  ];
}

function validateOperator(requirement: V1ScopedResourceSelectorRequirement, path: string): FieldError[] {
  const { scopeName, operator, values = [] } = requirement;
  const errors: FieldError[] = [];
  if (PLAIN.includes(scopeName) && operator !== 'Exists') {
    const scopes =
      'ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity';
    const detail = `must be 'Exist' when scope is any of ${scopes}`;
    errors.push(invalidValue(`${path}.operator`, operator, detail));
  }
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        const detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
        errors.push(required(`${path}.values`, detail));
      }
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        const detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
        errors.push(invalidValue(`${path}.values`, values, detail));
      }
      break;
    default:
      errors.push(invalidValue(`${path}.operator`, operator, 'not a valid selector operator'));
  }
  return errors;
}

/** As upstream's internal type shows itself. */
function shownSelector({ matchExpressions = [] }: V1ScopeSelector): object {
  return {
    MatchExpressions: matchExpressions.map(({ scopeName, operator, values }) => ({
      ScopeName: scopeName,
      Operator: operator,
      Values: values ?? null,
    })),
  };
}

/** Without what `validateResourceQuota` finds: the scopes stay. */
export function validateResourceQuotaUpdate(quota: V1ResourceQuota, old: V1ResourceQuota): FieldError[] {
  const scopes = new Set(quota.spec?.scopes);
  const before = new Set(old.spec?.scopes);
  const same = scopes.size === before.size && [...scopes].every((scope) => before.has(scope));
  if (same) return [];
  const field = 'spec.scopes';
  return quota.spec?.scopes
    ? [invalidValue(field, quota.spec.scopes, 'field is immutable')]
    : [{ type: 'FieldValueInvalid', field, message: 'Invalid value: null: field is immutable' }];
}
