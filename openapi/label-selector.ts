/** `metav1.LabelSelector`s as requirements on labels. */
import type { V1LabelSelector, V1LabelSelectorRequirement } from './generated/types.ts';
import type { Requirement } from './selectors.ts';

/**
 * What labels must meet; none for an empty selector, which selects all. `undefined` for an absent or an invalid one:
 * it selects nothing.
 */
export function selectorRequirements(selector: V1LabelSelector | undefined): Requirement[] | undefined {
  if (!selector) return undefined;
  const requirements: Requirement[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    requirements.push({ key, operator: 'in', values: [value] });
  }
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
