/** What a policy rule allows, and whether some rules allow all that others do. Pure. */
import type { V1PolicyRule } from '../../../openapi/generated/types.ts';
import { quote } from '../../registry/validation/errors.ts';
import type { Attributes } from '../attributes.ts';

/** Go writes absent lists as null. */
type List = readonly string[] | undefined | null;

/** Whether one rule allows it. A rule is about resources or about paths, never both. */
export function ruleAllows(rule: V1PolicyRule, { verb, path, resource }: Attributes): boolean {
  if (!has(rule.verbs, verb)) return false;
  if (!resource) return nonResourceUrlMatches(rule.nonResourceURLs, path);
  return (
    has(rule.apiGroups, resource.group) &&
    resourceMatches(rule.resources, resource.resource, resource.subresource) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(resource.name))
  );
}

function has(list: List, value: string): boolean {
  return list?.includes(value) === true || list?.includes('*') === true;
}

/** `*` covers all, subresources too; `*` before a slash covers that subresource of all. */
function resourceMatches(list: List, resource: string, subresource: string): boolean {
  if (!list) return false;
  if (list.includes('*')) return true;
  if (subresource === '') return list.includes(resource);
  return list.includes(`${resource}/${subresource}`) || list.includes(`*/${subresource}`);
}

function nonResourceUrlMatches(list: List, path: string): boolean {
  return list?.some((url) => coversUrl(url, path)) ?? false;
}

function coversUrl(owned: string, wanted: string): boolean {
  return owned === '*' || owned === wanted || (owned.endsWith('*') && wanted.startsWith(owned.replace(/\*+$/, '')));
}

/** The parts of `wanted` that nothing in `owned` covers, each of one group, resource, name and verb; none when all is. */
export function uncovered(owned: readonly V1PolicyRule[], wanted: readonly V1PolicyRule[]): V1PolicyRule[] {
  return wanted.flatMap(breakDown).filter((part) => !owned.some((rule) => covers(rule, part)));
}

function breakDown(rule: V1PolicyRule): V1PolicyRule[] {
  const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const verbs = rule.verbs ?? [];
  const names = resourceNames.length > 0 ? resourceNames.map((name) => ({ resourceNames: [name] })) : [{}];
  const parts: V1PolicyRule[] = [];
  for (const group of apiGroups) {
    for (const resource of resources) {
      for (const verb of verbs) {
        parts.push(...names.map((name) => ({ apiGroups: [group], resources: [resource], verbs: [verb], ...name })));
      }
    }
  }
  for (const url of nonResourceURLs) parts.push(...verbs.map((verb) => ({ nonResourceURLs: [url], verbs: [verb] })));
  return parts;
}

/** Whether `rule` covers a part, which names one of everything. */
function covers(rule: V1PolicyRule, part: V1PolicyRule): boolean {
  const [verb = ''] = part.verbs ?? [];
  if (!has(rule.verbs, verb)) return false;
  const [url] = part.nonResourceURLs ?? [];
  if (url !== undefined) return nonResourceUrlMatches(rule.nonResourceURLs, url);
  const [group = ''] = part.apiGroups ?? [];
  const [full = ''] = part.resources ?? [];
  const [name] = part.resourceNames ?? [];
  const [, subresource] = full.split('/', 2);
  return (
    has(rule.apiGroups, group) &&
    (has(rule.resources, full) || (subresource !== undefined && has(rule.resources, `*/${subresource}`))) &&
    (!rule.resourceNames?.length || (name !== undefined && rule.resourceNames.includes(name)))
  );
}

/** One line a rule, in upstream's notation and sorted, with the verbs of one resource together. */
export function describeRules(parts: readonly V1PolicyRule[]): string {
  const together = new Map<string, V1PolicyRule>();
  for (const part of parts) {
    const { verbs, ...rest } = part;
    const key = part.nonResourceURLs ? JSON.stringify(part) : JSON.stringify(rest);
    const known = together.get(key);
    together.set(key, { ...rest, verbs: [...(known?.verbs ?? []), ...(verbs ?? [])] });
  }
  return [...new Set([...together.values()].map(compactString))].sort().join('\n');
}

function compactString(rule: V1PolicyRule): string {
  const fields: [string, List][] = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ];
  const shown = fields.flatMap(([name, list]) => (list?.length ? `${name}:${quotedList(list)}` : []));
  return `{${shown.join(', ')}}`;
}

/** Go's `%q` of a slice. */
export function quotedList(list: readonly string[]): string {
  return `[${list.map(quote).join(' ')}]`;
}
