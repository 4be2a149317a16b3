/** Pod affinity terms, compiled: whom they select, and in which domains. */
import type { V1Pod, V1PodAffinityTerm, V1WeightedPodAffinityTerm } from '../openapi/generated/types.ts';
import { selectorRequirements } from '../openapi/label-selector.ts';
import { type Labels, matchesLabels, type Requirement } from '../openapi/selectors.ts';

/** Labels of a namespace; `undefined` when it is not known. */
export type NamespaceLabels = (namespace: string) => Labels;

export interface AffinityTerm {
  /** Equal for terms that select the same pods in the same domains. */
  signature: string;
  topologyKey: string;
  namespaces: ReadonlySet<string>;
  /** `undefined`: only `namespaces` count; an empty list: every namespace does. */
  namespaceSelector: readonly Requirement[] | undefined;
  /** `undefined` selects nothing. */
  requirements: readonly Requirement[] | undefined;
}

export interface WeightedTerm {
  term: AffinityTerm;
  /** Negative for anti-affinity. */
  weight: number;
}

/** All that a pod says of other pods. */
export interface PodAffinityTerms {
  required: readonly AffinityTerm[];
  requiredAnti: readonly AffinityTerm[];
  preferred: readonly WeightedTerm[];
}

/** `undefined` for a pod that has no pod affinity of any kind. */
export function affinityTermsOf(pod: V1Pod): PodAffinityTerms | undefined {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  if (!podAffinity && !podAntiAffinity) return undefined;
  const compile = (term: V1PodAffinityTerm) => compileTerm(pod, term);
  const weighted = (terms: readonly V1WeightedPodAffinityTerm[] | undefined, sign: 1 | -1): WeightedTerm[] =>
    (terms ?? []).map(({ podAffinityTerm, weight }) => ({ term: compile(podAffinityTerm), weight: sign * weight }));
  const terms = {
    required: (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(compile),
    requiredAnti: (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(compile),
    preferred: [
      ...weighted(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution, 1),
      ...weighted(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution, -1),
    ],
  };
  const count = terms.required.length + terms.requiredAnti.length + terms.preferred.length;
  return count === 0 ? undefined : terms;
}

/** A term of this pod: no namespaces at all mean the pod's own; (mis)matchLabelKeys take the pod's values. */
export function compileTerm(pod: V1Pod, term: V1PodAffinityTerm): AffinityTerm {
  const { topologyKey, namespaces: named = [], namespaceSelector, matchLabelKeys, mismatchLabelKeys } = term;
  const own = named.length === 0 && !namespaceSelector ? [pod.metadata?.namespace ?? ''] : named;
  const selected = selectorRequirements(term.labelSelector);
  const requirements = selected && [
    ...selected,
    ...ownLabels(pod, matchLabelKeys, 'in'),
    ...ownLabels(pod, mismatchLabelKeys, 'notin'),
  ];
  const inNamespaces = namespaceSelector ? selectorRequirements(namespaceSelector) : undefined;
  return {
    signature: JSON.stringify([topologyKey, [...own].sort(), inNamespaces ?? null, requirements ?? null]),
    topologyKey,
    namespaces: new Set(own),
    namespaceSelector: inNamespaces,
    requirements,
  };
}

function ownLabels(pod: V1Pod, keys: readonly string[] | undefined, operator: 'in' | 'notin'): Requirement[] {
  const labels = pod.metadata?.labels ?? {};
  return (keys ?? []).flatMap((key) => {
    const value = labels[key];
    return value === undefined ? [] : [{ key, operator, values: [value] }];
  });
}

/** Whether the term selects a pod with this namespace and these labels. */
export function selects(
  term: AffinityTerm,
  pod: { namespace: string; labels: Labels },
  namespaceLabels: NamespaceLabels,
): boolean {
  if (!term.requirements) return false;
  if (!term.namespaces.has(pod.namespace)) {
    const { namespaceSelector } = term;
    if (!namespaceSelector) return false;
    if (namespaceSelector.length > 0 && !matchesLabels(namespaceSelector, namespaceLabels(pod.namespace))) return false;
  }
  return matchesLabels(term.requirements, pod.labels);
}

/** Whether the answer of `selects` depends on the labels of namespaces. */
export function readsNamespaces(term: AffinityTerm): boolean {
  return (term.namespaceSelector?.length ?? 0) > 0;
}
