/** `metav1.LabelSelector`s: what they match and how printers show them. */
import type { V1LabelSelector, V1LabelSelectorRequirement } from '../../../openapi/generated/types.ts';
import type { Requirement } from '../../../openapi/selectors.ts';

/** What labels must meet; none for an empty selector, which matches all. `undefined` matches nothing, as does an invalid one. */
export function selectorRequirements(selector: V1LabelSelector | undefined): Requirement[] | undefined {
  if (!selector) return undefined;
  const requirements = Object.entries(selector.matchLabels ?? {}).map(
    ([key, value]): Requirement => ({ key, operator: 'in', values: [value] }),
  );
  for (const expression of selector.matchExpressions ?? []) {
    const requirement = requirementOf(expression);
    if (!requirement) return undefined;
    requirements.push(requirement);
  }
  return requirements;
}

function requirementOf({ key, operator, values = [] }: V1LabelSelectorRequirement): Requirement | undefined {
  switch (operator) {
    case 'In':
      return values.length > 0 ? { key, operator: 'in', values } : undefined;
    case 'NotIn':
      return values.length > 0 ? { key, operator: 'notin', values } : undefined;
    case 'Exists':
      return { key, operator: 'exists' };
    case 'DoesNotExist':
      return { key, operator: 'absent' };
    default:
      return undefined;
  }
}

/** `app=web,tier in (a,b),!old`, keys in order; `<none>` when it selects all or nothing. */
export function formatLabelSelector(selector: V1LabelSelector | undefined): string {
  const labels = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => ({ key, text: `${key}=${value}` }));
  const expressions = (selector?.matchExpressions ?? []).map((each) => ({ key: each.key, text: textOf(each) }));
  const all = [...labels, ...expressions].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return all.map(({ text }) => text).join(',') || '<none>';
}

function textOf({ key, operator, values = [] }: V1LabelSelectorRequirement): string {
  const list = `(${[...values].sort().join(',')})`;
  switch (operator) {
    case 'In':
      return `${key} in ${list}`;
    case 'NotIn':
      return `${key} notin ${list}`;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return key;
  }
}
