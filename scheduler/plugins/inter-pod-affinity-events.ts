/** After which events a pod that InterPodAffinity turned away is worth another try. */
import type { V1Node, V1Pod } from '../../openapi/generated/types.ts';
import { type AffinityTerm, affinityTermsOf, type NamespaceLabels, selects } from '../affinity-terms.ts';
import type { EventHints } from '../events.ts';
import type { PodInfo } from '../pod-info.ts';

export function interPodAffinityEvents(namespaceLabels: NamespaceLabels): EventHints {
  const selected = (terms: readonly AffinityTerm[] | undefined, { metadata }: V1Pod) => {
    const pod = { namespace: metadata?.namespace ?? '', labels: metadata?.labels };
    return terms?.some((term) => selects(term, pod, namespaceLabels)) === true;
  };
  /** A pod that it wants near. */
  const wanted = ({ affinity }: PodInfo, other: V1Pod) => selected(affinity?.required, other);
  /** A pod that one of the two wants far from the other. */
  const inTheWay = (pod: PodInfo, other: V1Pod) =>
    selected(pod.affinity?.requiredAnti, other) || selected(affinityTermsOf(other)?.requiredAnti, pod.pod);
  const topologyKeys = ({ affinity }: PodInfo) =>
    [...(affinity?.required ?? []), ...(affinity?.requiredAnti ?? [])].map(({ topologyKey }) => topologyKey);
  const hasKeys = ({ affinity }: PodInfo, node: V1Node) =>
    (affinity?.required ?? []).every(({ topologyKey }) => node.metadata?.labels?.[topologyKey] !== undefined);
  return {
    AssignedPodAdd: wanted,
    AssignedPodDelete: inTheWay,
    AssignedPodLabel: (pod, after, before) =>
      before === undefined ||
      (wanted(pod, after) && !wanted(pod, before)) ||
      (inTheWay(pod, before) && !inTheWay(pod, after)),
    PodLabel: () => true,
    NamespaceLabel: () => true,
    NodeAdd: hasKeys,
    NodeLabel: (pod, after, before) => {
      const keys = topologyKeys(pod);
      // What keeps it away may be the terms of others, whose keys are not known here.
      if (keys.length === 0) return true;
      return (
        hasKeys(pod, after) && keys.some((key) => after.metadata?.labels?.[key] !== before?.metadata?.labels?.[key])
      );
    },
  };
}
