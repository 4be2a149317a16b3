/**
 * Memory of a whole cluster in one process after it has been idle: `node dist/bench/memory.js [--runs 3] [--docker]`.
 * Pss counts shared pages by their share; Rss counts them in full.
 */
import { readFile } from 'node:fs/promises';
import { systemClock } from '../base/clock.ts';
import { down, newHome, removeHome, startUp } from './cluster.ts';
import { publish, runsFromArguments } from './report.ts';
import type { Measurement } from './stats.ts';

const IDLE_MS = 30_000;
const runs = runsFromArguments(3);
const docker = process.argv.includes('--docker');

/** A value in MB (10⁶ bytes) from a file of `Name:   123 kB` lines. */
async function megabytes(path: string, name: string): Promise<number> {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(await readFile(path, 'utf8'));
  if (!match) throw new Error(`${path} has no ${name}`);
  return (Number(match[1]) * 1024) / 1e6;
}

/** Clock ticks of user and system time of a process so far. */
async function ticks(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

const rss: Measurement = { what: 'Rss after 30 s idle', unit: 'MB', samples: [] };
const pss: Measurement = { what: 'Pss after 30 s idle', unit: 'MB', samples: [] };
const peak: Measurement = { what: 'peak Rss', unit: 'MB', samples: [] };
const cpu: Measurement = { what: 'CPU while idle', unit: '% of one', samples: [] };

for (let i = 0; i < runs; i++) {
  const home = await newHome();
  const cluster = await startUp(home, ['--node', docker ? 'docker' : 'simulated']);
  const before = await ticks(cluster.pid);
  await systemClock.sleep(IDLE_MS);
  // 100 ticks a second on Linux, so ticks per second are percent.
  cpu.samples.push((await ticks(cluster.pid)) / (IDLE_MS / 1000) - before / (IDLE_MS / 1000));
  rss.samples.push(await megabytes(`/proc/${cluster.pid}/status`, 'VmRSS'));
  peak.samples.push(await megabytes(`/proc/${cluster.pid}/status`, 'VmHWM'));
  pss.samples.push(await megabytes(`/proc/${cluster.pid}/smaps_rollup`, 'Pss'));
  await cluster.stop();
  if (docker) await down(home);
  await removeHome(home);
}
await publish('memory', `Idle memory of all parts together (${docker ? 'docker' : 'simulated'} node), ${runs} runs`, [
  pss,
  rss,
  peak,
  cpu,
]);
