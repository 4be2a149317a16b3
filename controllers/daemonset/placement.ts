/** On which nodes pods of a DaemonSet belong. Pure. */
import type {
  V1DaemonSet,
  V1Node,
  V1NodeSelectorTerm,
  V1Pod,
  V1PodSpec,
  V1Taint,
  V1Toleration,
} from '../../openapi/generated/types.ts';
import { tolerates } from '../node-lifecycle/tolerations.ts';
import { matchesNodeSelectorTerms } from '../runtime/node-selector.ts';

/** `run`: a pod should be there; `stay`: one that is there may stay; `leave`: none should be there. */
export type Fit = 'run' | 'stay' | 'leave';

const ALWAYS_TOLERATED: readonly (readonly [key: string, effect: string])[] = [
  ['node.kubernetes.io/not-ready', 'NoExecute'],
  ['node.kubernetes.io/unreachable', 'NoExecute'],
  ['node.kubernetes.io/disk-pressure', 'NoSchedule'],
  ['node.kubernetes.io/memory-pressure', 'NoSchedule'],
  ['node.kubernetes.io/pid-pressure', 'NoSchedule'],
  ['node.kubernetes.io/unschedulable', 'NoSchedule'],
];

/** The tolerations of a daemon pod: those of the template and those that let it live on a node in trouble. */
export function daemonTolerations(spec: V1PodSpec | undefined): V1Toleration[] {
  const added = spec?.hostNetwork
    ? [...ALWAYS_TOLERATED, ['node.kubernetes.io/network-unavailable', 'NoSchedule'] as const]
    : ALWAYS_TOLERATED;
  return added.reduce<V1Toleration[]>(withToleration, [...(spec?.tolerations ?? [])]);
}

/** One that says the same but for how long is put in the place of it. */
function withToleration(tolerations: V1Toleration[], [key, effect]: readonly [string, string]): V1Toleration[] {
  const toleration = { key, operator: 'Exists', effect };
  const isSame = (other: V1Toleration) =>
    other.key === key && other.effect === effect && other.operator === 'Exists' && !other.value;
  if (!tolerations.some(isSame)) return [...tolerations, toleration];
  return tolerations.map((other) => (isSame(other) ? toleration : other));
}

/** What a template asks of a node, read once for many nodes. */
export class Placement {
  readonly #nodeName: string | undefined;
  readonly #labels: readonly (readonly [string, string])[];
  readonly #terms: readonly V1NodeSelectorTerm[] | undefined;
  readonly #tolerations: readonly V1Toleration[];

  constructor(set: V1DaemonSet) {
    const spec = set.spec?.template?.spec;
    this.#nodeName = spec?.nodeName;
    this.#labels = Object.entries(spec?.nodeSelector ?? {});
    this.#terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
    this.#tolerations = daemonTolerations(spec);
  }

  /** A node that is not there any more fits nothing. */
  fitOf(node: V1Node | undefined): Fit {
    if (!node || !this.#selects(node)) return 'leave';
    const troubles = (node.spec?.taints ?? []).filter((taint) => !this.#tolerates(taint));
    if (troubles.some(({ effect }) => effect === 'NoExecute')) return 'leave';
    return troubles.some(({ effect }) => effect === 'NoSchedule') ? 'stay' : 'run';
  }

  #selects(node: V1Node): boolean {
    const { name, labels } = node.metadata ?? {};
    if (this.#nodeName && this.#nodeName !== name) return false;
    if (!this.#labels.every(([key, value]) => labels?.[key] === value)) return false;
    return !this.#terms || matchesNodeSelectorTerms(this.#terms, node);
  }

  #tolerates(taint: V1Taint): boolean {
    return this.#tolerations.some((toleration) => tolerates(toleration, taint));
  }
}

/** The node that a daemon pod runs on or is meant for; `undefined` when it names none. */
export function targetNode(pod: V1Pod): string | undefined {
  if (pod.spec?.nodeName) return pod.spec.nodeName;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  for (const { matchFields = [] } of required?.nodeSelectorTerms ?? []) {
    for (const { key, operator, values = [] } of matchFields) {
      if (key === 'metadata.name' && operator === 'In') return values.length === 1 ? values[0] : undefined;
    }
  }
  return undefined;
}
