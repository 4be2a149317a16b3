/** Upstream's validation of roles and bindings. */
import type {
  RbacV1Subject,
  V1AggregationRule,
  V1PolicyRule,
  V1RoleBinding,
  V1RoleRef,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { semanticEqual } from '../validation/equality.ts';
import { invalidEach, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateLabelSelector } from '../validation/fields.ts';
import { isPathSegmentName, nameIsDnsSubdomain } from '../validation/names.ts';

const GROUP = 'rbac.authorization.k8s.io';

export function validateRules(rules: readonly V1PolicyRule[] | undefined, namespaced: boolean): FieldError[] {
  return (rules ?? []).flatMap((rule, i) => validateRule(rule, namespaced, `rules[${i}]`));
}

function validateRule(rule: V1PolicyRule, namespaced: boolean, field: string): FieldError[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const errors = !verbs?.length ? [required(`${field}.verbs`, 'verbs must contain at least one value')] : [];
  if (nonResourceURLs.length > 0) {
    const refuse = (detail: string) => errors.push(invalidValue(`${field}.nonResourceURLs`, nonResourceURLs, detail));
    if (namespaced) refuse('namespaced rules cannot apply to non-resource URLs');
    if (apiGroups.length + resources.length + resourceNames.length > 0) {
      refuse('rules cannot apply to both regular resources and non-resource URLs');
    }
    return errors;
  }
  if (apiGroups.length === 0) {
    errors.push(required(`${field}.apiGroups`, 'resource rules must supply at least one api group'));
  }
  if (resources.length === 0) {
    errors.push(required(`${field}.resources`, 'resource rules must supply at least one resource'));
  }
  return errors;
}

export function validateAggregation(aggregation: V1AggregationRule | undefined): FieldError[] {
  if (!aggregation) return [];
  const field = 'aggregationRule.clusterRoleSelectors';
  const selectors = aggregation.clusterRoleSelectors ?? [];
  if (selectors.length === 0) {
    return [required(field, 'at least one clusterRoleSelector required if aggregationRule is non-nil')];
  }
  return selectors.flatMap((selector, i) => {
    const errors = validateLabelSelector(selector, `${field}[${i}]`);
    if (errors.length > 0) errors.push(invalidValue(`${field}[${i}]`, undefined, 'invalid label selector.'));
    return errors;
  });
}

export function validateBinding({ roleRef, subjects = [] }: V1RoleBinding, namespaced: boolean): FieldError[] {
  const kinds = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  return [
    ...(roleRef.apiGroup === GROUP ? [] : [notSupported('roleRef.apiGroup', roleRef.apiGroup ?? '', [GROUP])]),
    ...(kinds.includes(roleRef.kind) ? [] : [notSupported('roleRef.kind', roleRef.kind ?? '', kinds)]),
    ...(roleRef.name
      ? invalidEach('roleRef.name', roleRef.name, isPathSegmentName(roleRef.name))
      : [required('roleRef.name')]),
    ...subjects.flatMap((subject, i) => validateSubject(subject, namespaced, `subjects[${i}]`)),
  ];
}

function validateSubject(subject: RbacV1Subject, namespaced: boolean, field: string): FieldError[] {
  const { kind = '', name = '', namespace = '', apiGroup = '' } = subject;
  const errors = name === '' ? [required(`${field}.name`)] : [];
  switch (kind) {
    case 'ServiceAccount':
      if (name !== '') errors.push(...invalidEach(`${field}.name`, name, nameIsDnsSubdomain(name, false)));
      if (apiGroup !== '') errors.push(notSupported(`${field}.apiGroup`, apiGroup, ['']));
      if (!namespaced && namespace === '') errors.push(required(`${field}.namespace`));
      break;
    case 'User':
    case 'Group':
      if (apiGroup !== GROUP) errors.push(notSupported(`${field}.apiGroup`, apiGroup, [GROUP]));
      break;
    default:
      errors.push(notSupported(`${field}.kind`, kind, ['ServiceAccount', 'User', 'Group']));
  }
  return errors;
}

export function validateRoleRefUnchanged(role: V1RoleRef, old: V1RoleRef): FieldError[] {
  if (semanticEqual(role, old)) return [];
  // Upstream shows the internal type, whose fields have no JSON names.
  const shown = { APIGroup: role.apiGroup ?? '', Kind: role.kind, Name: role.name };
  return [invalidValue('roleRef', shown, 'cannot change roleRef')];
}

/** Groups and users are of RBAC's group, and so is what bindings refer to, unless they say otherwise. */
export function defaultBinding(binding: V1RoleBinding): void {
  if (binding.roleRef && !binding.roleRef.apiGroup) binding.roleRef.apiGroup = GROUP;
  for (const subject of binding.subjects ?? []) {
    if (!subject.apiGroup && (subject.kind === 'User' || subject.kind === 'Group')) subject.apiGroup = GROUP;
  }
}
