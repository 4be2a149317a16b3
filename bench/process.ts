/** What Linux says of a process: the time it has used, and its memory. */
import { readdir, readFile } from 'node:fs/promises';

/** User and system time of all its threads so far, in ms, to the microsecond. */
export async function cpuMs(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const times = threads.map(async (thread) => {
    const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8');
    return Number(text.split(' ')[0]) / 1e6;
  });
  return (await Promise.all(times)).reduce((sum, ms) => sum + ms, 0);
}

/** A line of its status in bytes, such as `VmHWM`, or `RssAnon`: all but the files it has mapped. */
export function memoryBytes(pid: number, name: string): Promise<number> {
  return bytesIn(`/proc/${pid}/status`, name);
}

/** Its memory in bytes, pages shared with others by their share. */
export function proportionalBytes(pid: number): Promise<number> {
  return bytesIn(`/proc/${pid}/smaps_rollup`, 'Pss');
}

/** From a file of `Name:   123 kB` lines. */
async function bytesIn(path: string, name: string): Promise<number> {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(await readFile(path, 'utf8'));
  if (!found) throw new Error(`bench: ${path} tells no ${name}`);
  return Number(found[1]) * 1024;
}
