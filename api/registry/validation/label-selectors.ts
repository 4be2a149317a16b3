/** `metav1.LabelSelector`s: how printers show them. */
import type { V1LabelSelector, V1LabelSelectorRequirement } from '../../../openapi/generated/types.ts';

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
