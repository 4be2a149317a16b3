/** What a kubelet's `/stats/summary` says of its node and pods. Pure; kubelets of others are read with care. */
import type { StatsSummary } from '../kubelet/usage-report.ts';

export interface Usage {
  /** Billionths of a core. */
  cpuNanos: number;
  memoryBytes: number;
}

/** Figures as of a moment, CPU as the average over the time before it. */
export interface Figures {
  /** Milliseconds since the epoch. */
  at: number;
  windowMs: number;
}

export interface PodSample extends Figures {
  uid: string;
  containers: { name: string; usage: Usage }[];
}

export interface NodeSample extends Figures {
  /** Nothing when the kubelet does not know yet: it takes two looks. */
  usage?: Usage;
  /** By `namespace/name`. */
  pods: Map<string, PodSample>;
}

/**
 * The kubelet tells rates over the time since it was last asked, or since the container was started. Pods of which a
 * container's rate is not known yet are left out, as metrics-server does.
 */
export function sampleOf(
  summary: StatsSummary,
  at: number,
  before: NodeSample | undefined,
  periodMs: number,
): NodeSample {
  const sinceLast = before ? Math.max(1, at - before.at) : periodMs;
  const sample: NodeSample = { at, windowMs: sinceLast, pods: new Map() };
  const usage = usageOf(summary.node);
  if (usage) sample.usage = usage;
  for (const pod of summary.pods) {
    const containers = pod.containers.map(({ name, ...stats }) => ({ name, usage: usageOf(stats) }));
    if (containers.length === 0 || !containers.every(isKnown)) continue;
    const { namespace, name, uid } = pod.podRef;
    // Containers that are older than the last look are measured since then.
    const startedAt = Math.max(...pod.containers.map(({ startTime }) => Date.parse(startTime)));
    const windowMs = Math.max(1, Math.min(sinceLast, at - startedAt));
    sample.pods.set(`${namespace}/${name}`, { at, windowMs, uid, containers });
  }
  return sample;
}

function isKnown(container: { name: string; usage: Usage | undefined }): container is { name: string; usage: Usage } {
  return container.usage !== undefined;
}

type Stats = Pick<StatsSummary['node'], 'cpu' | 'memory'>;

function usageOf({ cpu, memory }: Partial<Stats>): Usage | undefined {
  if (cpu?.usageNanoCores === undefined || memory?.workingSetBytes === undefined) return undefined;
  return { cpuNanos: cpu.usageNanoCores, memoryBytes: memory.workingSetBytes };
}
