/** Topology spread constraints, compiled for one pod and tied to the counts they are judged by. */
import type { V1Pod, V1TopologySpreadConstraint } from '../../openapi/generated/types.ts';
import { selectorRequirements } from '../../openapi/label-selector.ts';
import { matchesLabels, type Requirement } from '../../openapi/selectors.ts';
import type { ClusterState } from '../cluster-state.ts';
import { anchorOf } from '../label-selector.ts';
import type { NodeInfo } from '../node-info.ts';
import { requiredNodes } from '../node-selector.ts';
import type { CounterSpec, PodCounter } from '../pod-counters.ts';
import type { PodInfo } from '../pod-info.ts';
import type { TopologyKey } from '../topology.ts';
import { repels } from './taint-toleration.ts';

export type Action = 'DoNotSchedule' | 'ScheduleAnyway';

export interface SpreadConstraint {
  maxSkew: number;
  minDomains: number;
  key: TopologyKey;
  /** Whether the pod counts itself. */
  selfMatch: 0 | 1;
  counter: PodCounter;
}

/** The constraints of the pod, or in their absence the defaults, each selecting by what `siblings` gives. */
export function constraintsFor(
  pod: V1Pod,
  action: Action,
  defaults: readonly V1TopologySpreadConstraint[],
  siblings: (pod: V1Pod) => readonly Requirement[],
): { constraint: V1TopologySpreadConstraint; requirements: readonly Requirement[] | undefined }[] {
  const own = pod.spec?.topologySpreadConstraints ?? [];
  if (own.length > 0) {
    return own
      .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action)
      .map((constraint) => ({ constraint, requirements: requirementsOf(pod, constraint) }));
  }
  const relevant = defaults.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action);
  if (relevant.length === 0) return [];
  const requirements = siblings(pod);
  return requirements.length === 0 ? [] : relevant.map((constraint) => ({ constraint, requirements }));
}

/** With the pod's own values of matchLabelKeys; `undefined` selects nothing. */
function requirementsOf(pod: V1Pod, { labelSelector, matchLabelKeys }: V1TopologySpreadConstraint) {
  const requirements = selectorRequirements(labelSelector);
  const labels = pod.metadata?.labels ?? {};
  const own = (matchLabelKeys ?? []).flatMap((key): Requirement[] => {
    const value = labels[key];
    return value === undefined ? [] : [{ key, operator: 'in', values: [value] }];
  });
  return requirements && [...own, ...requirements];
}

/** `allKeys`: only nodes with the labels of all constraints count. */
export function compileConstraints(
  pod: PodInfo,
  constraints: ReturnType<typeof constraintsFor>,
  cluster: ClusterState,
  allKeys: boolean,
): SpreadConstraint[] {
  const keys = constraints.map(({ constraint }) => cluster.topology.key(constraint.topologyKey));
  return constraints.map(({ constraint, requirements }, i) => {
    const key = keys[i] as TopologyKey;
    const spec = counterSpec(pod, constraint, requirements, key, allKeys ? keys : []);
    return {
      maxSkew: constraint.maxSkew,
      minDomains: constraint.minDomains ?? 1,
      key,
      selfMatch: requirements && matchesLabels(requirements, pod.labels) ? 1 : 0,
      counter: cluster.counters.counter(spec, cluster.nodes),
    };
  });
}

function counterSpec(
  pod: PodInfo,
  { nodeAffinityPolicy, nodeTaintsPolicy }: V1TopologySpreadConstraint,
  requirements: readonly Requirement[] | undefined,
  key: TopologyKey,
  keys: readonly TopologyKey[],
): CounterSpec {
  const { spec } = pod.pod;
  const { namespace } = pod;
  const nodes = nodeAffinityPolicy === 'Ignore' ? undefined : requiredNodes(pod.pod);
  const affinity = nodes && [spec?.nodeSelector, spec?.affinity?.nodeAffinity];
  const honorsTaints = nodeTaintsPolicy === 'Honor';
  const tolerations = honorsTaints ? (spec?.tolerations ?? []) : null;
  const labels = keys.map(({ label }) => label);
  const includes = (node: NodeInfo) =>
    keys.every((each) => node.domainOf(each) >= 0) &&
    (!nodes || nodes(node)) &&
    !(tolerations && repels(node, tolerations));
  return {
    signature: JSON.stringify(['spread', namespace, key.label, requirements ?? null, labels, affinity, tolerations]),
    key,
    anchor: anchorOf(requirements),
    matches: (other) =>
      !other.terminating &&
      other.namespace === namespace &&
      requirements !== undefined &&
      matchesLabels(requirements, other.labels),
    includes,
  };
}
