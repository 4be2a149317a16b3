/** Validation of the rules of flow schemas: whose requests, and which. */
import type {
  FlowcontrolV1Subject,
  V1NonResourcePolicyRule,
  V1PolicyRulesWithSubjects,
  V1ResourcePolicyRule,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { forbiddenField, invalidEach, invalidValue, notSupported, required } from '../validation/errors.ts';
import { isDns1123Label, nameIsDnsSubdomain } from '../validation/names.ts';

const KINDS = ['Group', 'ServiceAccount', 'User'];
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];
/** Of which subject kind each field is. */
const OWN = { serviceAccount: 'ServiceAccount', user: 'User', group: 'Group' } as const;

export function validateRules(rules: V1PolicyRulesWithSubjects, field: string): FieldError[] {
  const { resourceRules = [], nonResourceRules = [] } = rules;
  const subjects = rules.subjects ?? [];
  const errors = subjects.flatMap((subject, i) => validateSubject(subject, `${field}.subjects[${i}]`));
  if (subjects.length === 0) errors.push(required(`${field}.subjects`, 'subjects must contain at least one value'));
  if (resourceRules.length + nonResourceRules.length === 0) {
    errors.push(required(field, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  }
  return [
    ...errors,
    ...resourceRules.flatMap((rule, i) => validateResourceRule(rule, `${field}.resourceRules[${i}]`)),
    ...nonResourceRules.flatMap((rule, i) => validateNonResourceRule(rule, `${field}.nonResourceRules[${i}]`)),
  ];
}

function validateSubject(subject: FlowcontrolV1Subject, field: string): FieldError[] {
  const own = (Object.keys(OWN) as (keyof typeof OWN)[]).find((name) => OWN[name] === subject.kind);
  if (!own) return [notSupported(`${field}.kind`, subject.kind ?? '', KINDS)];
  const errors = validateOwn(subject, own, `${field}.${own}`);
  for (const other of ['serviceAccount', 'user', 'group'] as const) {
    if (other === own || !subject[other]) continue;
    const detail = `${other} is forbidden when subject kind is not '${OWN[other]}'`;
    errors.push(forbiddenField(`${field}.${other}`, detail));
  }
  return errors;
}

function validateOwn(subject: FlowcontrolV1Subject, own: keyof typeof OWN, field: string): FieldError[] {
  const value = subject[own];
  if (!value) return [required(field, `${own} is required when subject kind is '${OWN[own]}'`)];
  const errors = value.name ? [] : [required(`${field}.name`)];
  if (own !== 'serviceAccount') return errors;
  const { name = '', namespace = '' } = subject.serviceAccount ?? {};
  if (name !== '' && name !== '*') errors.push(...invalidEach(`${field}.name`, name, nameIsDnsSubdomain(name, false)));
  if (namespace === '') errors.push(required(`${field}.namespace`, 'must specify namespace for service account'));
  else errors.push(...invalidEach(`${field}.namespace`, namespace, isDns1123Label(namespace)));
  return errors;
}

function validateVerbs(verbs: readonly string[], field: string): FieldError[] {
  if (verbs.length === 0) return [required(field, 'verbs must contain at least one value')];
  if (verbs.includes('*')) return alone(verbs, field, 'verbs');
  return verbs.every((verb) => VERBS.includes(verb)) ? [] : [notSupported(field, verbs, VERBS)];
}

/** A wildcard needs no company. */
function alone(list: readonly string[], field: string, what: string): FieldError[] {
  if (list.length <= 1 || !list.includes('*')) return [];
  return [invalidValue(field, list, `if '*' is present, must not specify other ${what}`)];
}

function validateResourceRule(rule: V1ResourcePolicyRule, field: string): FieldError[] {
  const [verbs, apiGroups, resources] = [rule.verbs ?? [], rule.apiGroups ?? [], rule.resources ?? []];
  const missing = (what: string) => `resource rules must supply at least one ${what}`;
  return [
    ...validateVerbs(verbs, `${field}.verbs`),
    ...(apiGroups.length === 0
      ? [required(`${field}.apiGroups`, missing('api group'))]
      : alone(apiGroups, `${field}.apiGroups`, 'api groups')),
    ...(resources.length === 0
      ? [required(`${field}.resources`, missing('resource'))]
      : alone(resources, `${field}.resources`, 'resources')),
    ...validateNamespaces(rule, `${field}.namespaces`),
  ];
}

function validateNamespaces({ namespaces: given, clusterScope }: V1ResourcePolicyRule, field: string): FieldError[] {
  const namespaces = given ?? [];
  if (namespaces.length === 0 && !clusterScope) {
    return [required(field, 'resource rules that are not cluster scoped must supply at least one namespace')];
  }
  if (namespaces.includes('*')) return alone(namespaces, field, 'namespaces');
  const intro = "each member of this list must be '*' or a DNS-1123 label; ";
  return namespaces.flatMap((namespace, i) =>
    isDns1123Label(namespace).map((message) => invalidValue(`${field}[${i}]`, namespace, intro + message)),
  );
}

function validateNonResourceRule(rule: V1NonResourcePolicyRule, field: string): FieldError[] {
  const [verbs, nonResourceURLs] = [rule.verbs ?? [], rule.nonResourceURLs ?? []];
  const urls = `${field}.nonResourceURLs`;
  const errors = validateVerbs(verbs, `${field}.verbs`);
  if (nonResourceURLs.length === 0) {
    errors.push(required(urls, 'nonResourceURLs must contain at least one value'));
  } else if (nonResourceURLs.includes('*')) {
    errors.push(...alone(nonResourceURLs, urls, 'non-resource URLs'));
  } else errors.push(...nonResourceURLs.flatMap((url, i) => validateUrl(url, `${urls}[${i}]`)));
  return errors;
}

/** A path, which may end in a wildcard for a whole segment. */
function validateUrl(url: string, field: string): FieldError[] {
  if (url === '') return [invalidValue(field, url, 'must not be empty')];
  if (url === '/') return [];
  if (!url.startsWith('/')) return [invalidValue(field, url, 'must start with slash')];
  if (url.includes(' ')) return [invalidValue(field, url, 'must not contain white-space')];
  if (url.includes('//')) return [invalidValue(field, url, 'must not contain double slash')];
  const star = url.indexOf('*');
  if (star < 0 || (star === url.length - 1 && url.endsWith('/*'))) return [];
  return [invalidValue(field, url, 'wildcard can only do suffix matching')];
}
