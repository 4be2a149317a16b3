/** What a node and its pods use, as the kubelet's server tells it: `/stats/summary` and `/metrics/resource`. */
import { rfc3339 } from '../../base/clock.ts';
import type { ContainerRuntime, ContainerUsage, NodeUsage, Usage } from '../runtime/runtime.ts';

export interface CpuStats {
  time: string;
  /** Over the time since the last report; since its start at the first. */
  usageNanoCores?: number;
  usageCoreNanoSeconds: number;
}

export interface MemoryStats {
  time: string;
  workingSetBytes: number;
}

export interface PodStats {
  podRef: { name: string; namespace: string; uid: string };
  startTime: string;
  containers: { name: string; startTime: string; cpu: CpuStats; memory: MemoryStats }[];
  cpu: CpuStats;
  memory: MemoryStats;
}

/** The part of upstream's summary that metrics are made of. */
export interface StatsSummary {
  node: { nodeName: string; cpu: CpuStats; memory: MemoryStats };
  pods: PodStats[];
}

/** CPU by what was measured: container ids, and the node under a name that is no id. */
type Earlier = ReadonlyMap<string, Usage>;

const NODE = 'node';
const RATE_SPAN_MIN_MS = 1000;

/** Remembers what it last reported, since rates are differences. */
export class UsageReport {
  readonly #nodeName: string;
  readonly #runtime: Pick<ContainerRuntime, 'usage'>;
  #earlier = new Map<string, Usage>();

  constructor(options: { nodeName: string; runtime: Pick<ContainerRuntime, 'usage'> }) {
    this.#nodeName = options.nodeName;
    this.#runtime = options.runtime;
  }

  async summary(): Promise<StatsSummary> {
    const usage = await this.#measure();
    const summary = summaryOf(this.#nodeName, usage, this.#earlier);
    this.#earlier = laterOf(usage, this.#earlier);
    return summary;
  }

  async resourceMetrics(): Promise<string> {
    return resourceMetricsOf(await this.#measure());
  }

  async #measure(): Promise<NodeUsage> {
    const usage = await this.#runtime.usage?.();
    if (!usage) throw new Error('this runtime measures nothing');
    return usage;
  }
}

/** What rates are worked out from next time: a sample that is too fresh for that leaves the one before in its place. */
function laterOf({ node, containers }: NodeUsage, earlier: Earlier): Map<string, Usage> {
  const samples = new Map<string, Usage>([[NODE, node], ...containers.map((c): [string, Usage] => [c.id, c])]);
  for (const [key, sample] of samples) {
    const before = earlier.get(key);
    if (before && sample.at - before.at < RATE_SPAN_MIN_MS) samples.set(key, before);
  }
  return samples;
}

/** Pure: figures in, upstream's summary out. */
export function summaryOf(nodeName: string, { node, containers }: NodeUsage, earlier: Earlier): StatsSummary {
  const pods = [...byPod(containers).values()].map((own) => podStats(own, earlier));
  return { node: { nodeName, cpu: cpuStats(node, earlier.get(NODE)), memory: memoryStats(node) }, pods };
}

function byPod(containers: readonly ContainerUsage[]): Map<string, ContainerUsage[]> {
  const pods = new Map<string, ContainerUsage[]>();
  for (const container of containers) {
    const { uid } = container.pod;
    pods.set(uid, [...(pods.get(uid) ?? []), container]);
  }
  return pods;
}

function podStats(own: readonly ContainerUsage[], earlier: Earlier): PodStats {
  const containers = own.map((container) => ({
    name: container.name,
    startTime: rfc3339(container.startedAt),
    cpu: cpuStats(container, earlier.get(container.id) ?? { at: container.startedAt, cpuNanos: 0, memoryBytes: 0 }),
    memory: memoryStats(container),
  }));
  const { uid = '', namespace = '', name = '' } = own[0]?.pod ?? {};
  const total = sumOf(own);
  const rates = containers.map(({ cpu }) => cpu.usageNanoCores ?? 0);
  return {
    podRef: { name, namespace, uid },
    startTime: rfc3339(Math.min(...own.map(({ startedAt }) => startedAt))),
    containers,
    cpu: {
      time: rfc3339(total.at),
      usageNanoCores: rates.reduce((sum, rate) => sum + rate, 0),
      usageCoreNanoSeconds: total.cpuNanos,
    },
    memory: memoryStats(total),
  };
}

function sumOf(usages: readonly Usage[]): Usage {
  return usages.reduce(
    (sum, { at, cpuNanos, memoryBytes }) => ({
      at: Math.max(sum.at, at),
      cpuNanos: sum.cpuNanos + cpuNanos,
      memoryBytes: sum.memoryBytes + memoryBytes,
    }),
    { at: 0, cpuNanos: 0, memoryBytes: 0 },
  );
}

function cpuStats({ at, cpuNanos }: Usage, before: Usage | undefined): CpuStats {
  const spanMs = before ? at - before.at : 0;
  const rate = before && spanMs > 0 ? Math.max(0, (cpuNanos - before.cpuNanos) / spanMs) * 1000 : undefined;
  return {
    time: rfc3339(at),
    ...(rate === undefined ? {} : { usageNanoCores: Math.round(rate) }),
    usageCoreNanoSeconds: cpuNanos,
  };
}

function memoryStats({ at, memoryBytes }: Usage): MemoryStats {
  return { time: rfc3339(at), workingSetBytes: memoryBytes };
}

interface Family {
  name: string;
  type: 'counter' | 'gauge';
  help: string;
  /** Labels, value, and milliseconds since the epoch. */
  samples: [Record<string, string>, number, number?][];
}

/** Pure: figures in, the Prometheus text of upstream's `/metrics/resource` out. */
export function resourceMetricsOf({ node, containers }: NodeUsage): string {
  const pods = [...byPod(containers).values()].map((own) => ({ pod: own[0]?.pod, total: sumOf(own) }));
  const ofContainer = ({ name, pod }: ContainerUsage) => ({ container: name, namespace: pod.namespace, pod: pod.name });
  const ofPod = (pod: ContainerUsage['pod'] | undefined) => ({ namespace: pod?.namespace ?? '', pod: pod?.name ?? '' });
  const seconds = (usage: Usage) => usage.cpuNanos / 1e9;
  const cpu = (of: string) => `[STABLE] Cumulative cpu time consumed by the ${of} in core-seconds`;
  const memory = (of: string) => `[STABLE] Current working set of the ${of} in bytes`;
  const families: Family[] = [
    {
      name: 'container_cpu_usage_seconds_total',
      type: 'counter',
      help: cpu('container'),
      samples: containers.map((usage) => [ofContainer(usage), seconds(usage), usage.at]),
    },
    {
      name: 'container_memory_working_set_bytes',
      type: 'gauge',
      help: memory('container'),
      samples: containers.map((usage) => [ofContainer(usage), usage.memoryBytes, usage.at]),
    },
    {
      name: 'container_start_time_seconds',
      type: 'gauge',
      help: '[STABLE] Start time of the container since unix epoch in seconds',
      samples: containers.map((usage) => [ofContainer(usage), usage.startedAt / 1000]),
    },
    {
      name: 'node_cpu_usage_seconds_total',
      type: 'counter',
      help: cpu('node'),
      samples: [[{}, seconds(node), node.at]],
    },
    {
      name: 'node_memory_working_set_bytes',
      type: 'gauge',
      help: memory('node'),
      samples: [[{}, node.memoryBytes, node.at]],
    },
    {
      name: 'pod_cpu_usage_seconds_total',
      type: 'counter',
      help: cpu('pod'),
      samples: pods.map(({ pod, total }) => [ofPod(pod), seconds(total), total.at]),
    },
    {
      name: 'pod_memory_working_set_bytes',
      type: 'gauge',
      help: memory('pod'),
      samples: pods.map(({ pod, total }) => [ofPod(pod), total.memoryBytes, total.at]),
    },
    {
      name: 'resource_scrape_error',
      type: 'gauge',
      help: '[STABLE] 1 if there was an error while getting container metrics, 0 otherwise',
      samples: [[{}, 0]],
    },
  ];
  return families.map(familyText).join('');
}

function familyText({ name, type, help, samples }: Family): string {
  if (samples.length === 0) return '';
  const lines = samples.map(([labels, value, at]) => {
    const text = Object.entries(labels).map(([key, of]) => `${key}=${JSON.stringify(of)}`);
    const time = at === undefined ? '' : ` ${at}`;
    return `${name}${text.length > 0 ? `{${text.join(',')}}` : ''} ${value}${time}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}
