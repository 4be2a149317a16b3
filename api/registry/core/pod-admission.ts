/** What upstream's admission plugins write into pods, for which users know no plugin. */
import type { V1Pod, V1PodSpec, V1Toleration } from '../../../openapi/generated/types.ts';

/** How long a pod stays on a node that has gone silent. */
const EVICTION_SECONDS = 300;
const TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const MIRROR = 'kubernetes.io/config.mirror';
const SYSTEM_PRIORITIES: Record<string, number> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
};

/** ServiceAccount (without mounting its token), Priority and DefaultTolerationSeconds. */
export function admitNewPod(pod: V1Pod): void {
  const { spec } = pod;
  if (!spec) return;
  if (pod.metadata?.annotations?.[MIRROR] === undefined) {
    spec.serviceAccountName ||= 'default';
    spec.serviceAccount = spec.serviceAccountName;
  }
  spec.priority ??= SYSTEM_PRIORITIES[spec.priorityClassName ?? ''] ?? 0;
  spec.preemptionPolicy ??= 'PreemptLowerPriority';
  addDefaultTolerations(spec);
}

/** An update that leaves out what admission once wrote means no change of it. */
export function admitChangedPod(pod: V1Pod, old: V1Pod): void {
  const { spec } = pod;
  if (!spec || !old.spec) return;
  if (spec.priority === undefined && old.spec.priority !== undefined) spec.priority = old.spec.priority;
  if (!spec.preemptionPolicy && old.spec.preemptionPolicy) spec.preemptionPolicy = old.spec.preemptionPolicy;
  addDefaultTolerations(spec);
}

function addDefaultTolerations(spec: V1PodSpec): void {
  const present = spec.tolerations ?? [];
  const missing = TAINTS.filter((taint) => !present.some((toleration) => tolerates(toleration, taint)));
  if (missing.length === 0) return;
  const added = missing.map((key) => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: EVICTION_SECONDS,
  }));
  spec.tolerations = [...present, ...added];
}

function tolerates({ key, effect }: V1Toleration, taint: string): boolean {
  return (!key || key === taint) && (!effect || effect === 'NoExecute');
}
