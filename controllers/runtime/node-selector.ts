/** Whether a node meets node selectors, as scheduler and controllers must agree on. */
import type { V1Node, V1NodeSelectorRequirement, V1NodeSelectorTerm } from '../../openapi/generated/types.ts';

/** Whether the node meets one of the terms. No term matches nothing, nor does an empty one. */
export function matchesNodeSelectorTerms(terms: readonly V1NodeSelectorTerm[], node: V1Node): boolean {
  return terms.some(({ matchExpressions = [], matchFields = [] }) => {
    if (matchExpressions.length + matchFields.length === 0) return false;
    return (
      matchExpressions.every((requirement) => meets(requirement, node.metadata?.labels?.[requirement.key])) &&
      matchFields.every((requirement) => requirement.key === 'metadata.name' && meets(requirement, node.metadata?.name))
    );
  });
}

function meets({ operator, values = [] }: V1NodeSelectorRequirement, actual: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return actual !== undefined && values.includes(actual);
    case 'NotIn':
      return actual === undefined || !values.includes(actual);
    case 'Exists':
      return actual !== undefined;
    case 'DoesNotExist':
      return actual === undefined;
    case 'Gt':
    case 'Lt':
      return isBeyond(operator, actual, values);
    default:
      return false;
  }
}

function isBeyond(operator: 'Gt' | 'Lt', actual: string | undefined, values: readonly string[]): boolean {
  const [limit] = values;
  if (values.length !== 1 || !isInteger(actual) || !isInteger(limit)) return false;
  return operator === 'Gt' ? BigInt(actual) > BigInt(limit) : BigInt(actual) < BigInt(limit);
}

function isInteger(text: string | undefined): text is string {
  return text !== undefined && /^-?\d+$/.test(text);
}
