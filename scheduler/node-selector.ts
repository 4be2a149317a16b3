/** Node selectors, compiled once a pod: its nodeSelector and node affinity, and the node affinity of volumes. */
import type {
  V1NodeSelector,
  V1NodeSelectorRequirement,
  V1NodeSelectorTerm,
  V1Pod,
} from '../openapi/generated/types.ts';

/** As much of a node as a selector looks at. */
export interface SelectedNode {
  readonly name: string;
  label(key: string): string | undefined;
}

export type NodePredicate = (node: SelectedNode) => boolean;

/** Whether a node meets the pod's nodeSelector and, if it has any, one of its required terms; `undefined`: all do. */
export function requiredNodes(pod: V1Pod): NodePredicate | undefined {
  const { nodeSelector, affinity } = pod.spec ?? {};
  const labels = Object.entries(nodeSelector ?? {});
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (labels.length === 0 && !required) return undefined;
  const terms = required && compileNodeSelector(required);
  return (node) => labels.every(([key, value]) => node.label(key) === value) && (!terms || terms(node));
}

/** One of the terms must hold. */
export function compileNodeSelector(selector: V1NodeSelector): NodePredicate {
  const terms = (selector.nodeSelectorTerms ?? []).map(compileTerm);
  return (node) => terms.some((holds) => holds(node));
}

/** An empty term matches nothing. */
export function compileTerm({ matchExpressions = [], matchFields = [] }: V1NodeSelectorTerm): NodePredicate {
  if (matchExpressions.length + matchFields.length === 0) return () => false;
  return (node) =>
    matchExpressions.every((requirement) => meets(requirement, node.label(requirement.key))) &&
    matchFields.every((requirement) => requirement.key === 'metadata.name' && meets(requirement, node.name));
}

/** The nodes that the terms name through `metadata.name`; `undefined` when a term leaves the name open. */
export function namedNodes(terms: readonly V1NodeSelectorTerm[]): Set<string> | undefined {
  if (terms.length === 0) return undefined;
  const all = new Set<string>();
  for (const term of terms) {
    const lists = (term.matchFields ?? []).filter(({ key, operator }) => key === 'metadata.name' && operator === 'In');
    const [first, ...others] = lists.map(({ values }) => values ?? []);
    if (!first) return undefined;
    for (const name of first) if (others.every((list) => list.includes(name))) all.add(name);
  }
  return all;
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
      return compares(actual, values, (a, b) => a > b);
    case 'Lt':
      return compares(actual, values, (a, b) => a < b);
    default:
      return false;
  }
}

function compares(
  actual: string | undefined,
  values: readonly string[],
  holds: (a: bigint, b: bigint) => boolean,
): boolean {
  const [wanted] = values;
  if (values.length !== 1 || !isInteger(actual) || !isInteger(wanted)) return false;
  return holds(BigInt(actual), BigInt(wanted));
}

function isInteger(text: string | undefined): text is string {
  return text !== undefined && /^-?\d+$/.test(text);
}
