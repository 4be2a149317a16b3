/** How much memory the server has in use, as far as it says so. */
import { readFile } from 'node:fs/promises';
import { fetchApi } from '../harness/cluster.ts';

/** MiB that a server may grow by in a run of any length. Its heap is collected late; what leaks in each request is more. */
export const GROWTH_MAX_MIB = 600;

/** MiB resident: of the process $FUZZ_SERVER_PID, or what /metrics says; `undefined` where nobody tells. */
export async function residentMib(): Promise<number | undefined> {
  const pid = process.env.FUZZ_SERVER_PID;
  if (pid) return Math.round(figure(/^VmRSS:\s+(\d+) kB$/m, await readFile(`/proc/${pid}/status`, 'utf8')) / 2 ** 10);
  const { text } = await fetchApi('GET', '/metrics');
  const bytes = figure(/^process_resident_memory_bytes (\S+)$/m, text);
  return Number.isNaN(bytes) ? undefined : Math.round(bytes / 2 ** 20);
}

function figure(pattern: RegExp, text: string): number {
  return Number(pattern.exec(text)?.[1]);
}
