/** NodeAffinity: the pod's nodeSelector and node affinity, required and preferred. */
import type {
  V1NodeSelectorRequirement,
  V1NodeSelectorTerm,
  V1Pod,
  V1PreferredSchedulingTerm,
} from '../../openapi/generated/types.ts';
import { type FilterPlugin, normalizeByMax, type ScorePlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';

export const nodeAffinityFilter: FilterPlugin = {
  name: 'NodeAffinity',
  requeueOn: ['NodeAdd', 'NodeLabel'],
  preFilter(pod) {
    const names = namedNodes(requiredTerms(pod) ?? []);
    if (!names) return undefined;
    return names.size === 0 ? { error: 'pod affinity terms conflict' } : { nodeNames: names };
  },
  filter({ pod }, node) {
    if (matchesNodeAffinity(pod, node)) return undefined;
    return {
      plugin: 'NodeAffinity',
      reasons: ["node(s) didn't match Pod's node affinity/selector"],
      resolvable: false,
    };
  },
};

export const nodeAffinityScore: ScorePlugin = {
  name: 'NodeAffinity',
  weight: 2,
  prepare({ pod }) {
    const terms = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (terms.length === 0) return undefined;
    return (node) => preferredWeight(terms, node);
  },
  normalize: (scores) => normalizeByMax(scores, false),
};

function preferredWeight(terms: readonly V1PreferredSchedulingTerm[], node: NodeInfo): number {
  return terms.reduce((sum, { preference, weight }) => sum + (matchesTerm(preference, node) ? weight : 0), 0);
}

/** Whether the node meets the pod's nodeSelector and, if it has any, one of its required terms. */
export function matchesNodeAffinity(pod: V1Pod, node: NodeInfo): boolean {
  const selector = Object.entries(pod.spec?.nodeSelector ?? {});
  if (selector.some(([key, value]) => node.labels[key] !== value)) return false;
  const terms = requiredTerms(pod);
  return !terms || terms.some((term) => matchesTerm(term, node));
}

function requiredTerms(pod: V1Pod): V1NodeSelectorTerm[] | undefined {
  return pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
}

/** The nodes that the terms name through `metadata.name`; `undefined` when a term leaves the name open. */
function namedNodes(terms: readonly V1NodeSelectorTerm[]): Set<string> | undefined {
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

/** An empty term matches nothing. */
function matchesTerm({ matchExpressions = [], matchFields = [] }: V1NodeSelectorTerm, node: NodeInfo): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every((requirement) => meets(requirement, node.labels[requirement.key])) &&
    matchFields.every((requirement) => requirement.key === 'metadata.name' && meets(requirement, node.name))
  );
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
