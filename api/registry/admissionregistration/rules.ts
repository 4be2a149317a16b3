/** Which requests a webhook or policy is asked about. */
import type {
  V1MatchResources,
  V1NamedRuleWithOperations,
  V1RuleWithOperations,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { duplicate, invalidEach, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateLabelSelector } from '../validation/fields.ts';
import { isPathSegmentName } from '../validation/names.ts';

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const SCOPES = ['*', 'Cluster', 'Namespaced'];
export const FAILURE_POLICIES = ['Fail', 'Ignore'];
export const MATCH_POLICIES = ['Equivalent', 'Exact'];

/** A wildcard is said alone. */
function validateList(list: readonly string[], field: string, what: string): FieldError[] {
  if (list.length === 0) return [required(field)];
  if (list.length === 1 || !list.includes('*')) return [];
  return [invalidValue(field, list, `if '*' is present, must not specify other ${what}`)];
}

export function validateRule(rule: V1RuleWithOperations, field: string): FieldError[] {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule;
  const errors = validateList(operations, `${field}.operations`, 'operations');
  operations.forEach((operation, i) => {
    if (!OPERATIONS.includes(operation)) {
      errors.push(notSupported(`${field}.operations[${i}]`, operation, OPERATIONS));
    }
  });
  errors.push(...validateList(apiGroups, `${field}.apiGroups`, 'API groups'));
  errors.push(...validateList(apiVersions, `${field}.apiVersions`, 'API versions'));
  apiVersions.forEach((version, i) => {
    if (version === '') errors.push(required(`${field}.apiVersions[${i}]`));
  });
  errors.push(...validateResources(resources, `${field}.resources`));
  if (scope !== undefined && !SCOPES.includes(scope)) errors.push(notSupported(`${field}.scope`, scope, SCOPES));
  return errors;
}

function validateResources(resources: readonly string[], field: string): FieldError[] {
  const errors = resources.length === 0 ? [required(field)] : [];
  const before = { anySubresource: new Set<string>(), anyResource: new Set<string>() };
  resources.forEach((entry, i) => {
    if (entry === '') errors.push(required(`${field}[${i}]`));
    else errors.push(...validateSubresource(entry, `${field}[${i}]`, before));
  });
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(invalidValue(field, resources, "if '*/*' is present, must not specify other resources"));
  }
  // As upstream: the last entry without a subresource decides.
  const plain = resources.filter((entry) => entry !== '' && !entry.includes('/')).at(-1);
  if (resources.includes('*') && plain !== undefined && plain !== '*') {
    const detail = "if '*' is present, must not specify other resources without subresources";
    errors.push(invalidValue(field, resources, detail));
  }
  return errors;
}

function validateSubresource(
  entry: string,
  field: string,
  before: { anySubresource: Set<string>; anyResource: Set<string> },
): FieldError[] {
  const slash = entry.indexOf('/');
  if (slash < 0) return [];
  const [resource, subresource] = [entry.slice(0, slash), entry.slice(slash + 1)];
  const errors: FieldError[] = [];
  if (before.anySubresource.has(resource)) {
    errors.push(invalidValue(field, entry, `if '${resource}/*' is present, must not specify ${entry}`));
  }
  if (before.anyResource.has(subresource)) {
    errors.push(invalidValue(field, entry, `if '*/${subresource}' is present, must not specify ${entry}`));
  }
  if (subresource === '*') before.anySubresource.add(resource);
  if (resource === '*') before.anyResource.add(subresource);
  return errors;
}

function validateNamedRule(rule: V1NamedRuleWithOperations, field: string): FieldError[] {
  const names = rule.resourceNames ?? [];
  const errors = names.flatMap((name, i) => [
    ...invalidEach(`${field}.resourceNames[${i}]`, name, isPathSegmentName(name)),
    ...(names.indexOf(name) < i ? [duplicate(`${field}.resourceNames[${i}]`, name)] : []),
  ]);
  return [...errors, ...validateRule(rule, field)];
}

export function validateMatchResources(match: V1MatchResources | undefined, field: string): FieldError[] {
  if (!match) return [];
  const { matchPolicy, namespaceSelector, objectSelector, resourceRules = [], excludeResourceRules = [] } = match;
  const errors: FieldError[] = [];
  if (matchPolicy === undefined) errors.push(required(`${field}.matchPolicy`));
  else if (!MATCH_POLICIES.includes(matchPolicy)) {
    errors.push(notSupported(`${field}.matchPolicy`, matchPolicy, MATCH_POLICIES));
  }
  return [
    ...errors,
    ...validateLabelSelector(namespaceSelector, `${field}.namespaceSelector`),
    ...validateLabelSelector(objectSelector, `${field}.objectSelector`),
    ...resourceRules.flatMap((rule, i) => validateNamedRule(rule, `${field}.resourceRules[${i}]`)),
    ...excludeResourceRules.flatMap((rule, i) => validateNamedRule(rule, `${field}.excludeResourceRules[${i}]`)),
  ];
}

export function defaultRules(rules: readonly V1RuleWithOperations[] | undefined): void {
  for (const rule of rules ?? []) rule.scope ??= '*';
}

export function defaultMatchResources(match: V1MatchResources | undefined): void {
  if (!match) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  defaultRules(match.resourceRules);
  defaultRules(match.excludeResourceRules);
}
