/** What Docker measures of containers, and this machine of itself, in the runtime's terms. */
import { cpus, freemem, totalmem } from 'node:os';
import type { ContainerRecord, ContainerUsage, Usage } from '../runtime.ts';

/** What we read of the answer to `GET /containers/ID/stats`. */
export interface ContainerStats {
  /** RFC 3339; the year 1 for a container that does not run. */
  read: string;
  cpu_stats?: { cpu_usage?: { total_usage?: number } };
  memory_stats?: { usage?: number; stats?: { total_inactive_file?: number; inactive_file?: number } };
}

/** Nothing for a container that has just ended. The working set is as upstream's: without files that can be dropped. */
export function containerUsage(record: ContainerRecord, stats: ContainerStats): ContainerUsage | undefined {
  const { pod, name, id, startedAt = record.createdAt } = record;
  const at = Date.parse(stats.read);
  const cpuNanos = stats.cpu_stats?.cpu_usage?.total_usage;
  const { usage, stats: files } = stats.memory_stats ?? {};
  if (!(at >= startedAt) || cpuNanos === undefined || usage === undefined) return undefined;
  // The first of cgroup v1, the second of v2.
  const droppable = files?.total_inactive_file ?? files?.inactive_file ?? 0;
  return { pod, name, id, startedAt, at, cpuNanos, memoryBytes: Math.max(0, usage - droppable) };
}

/** This machine as a whole. */
export function hostUsage(at: number): Usage {
  // Times are in milliseconds.
  const busy = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return { at, cpuNanos: busy * 1_000_000, memoryBytes: totalmem() - freemem() };
}
