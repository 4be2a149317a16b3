/**
 * Memory of a whole cluster in one process after it has been idle: `node dist/bench/memory.js [--runs 3] [--docker]`.
 * Pss counts shared pages by their share; Rss counts them in full.
 */
import { systemClock } from '../base/clock.ts';
import { down, newHome, removeHome, startUp } from './cluster.ts';
import { cpuMs, memoryBytes, proportionalBytes } from './process.ts';
import { publish, runsFromArguments } from './report.ts';
import type { Measurement } from './stats.ts';

const IDLE_MS = 30_000;
const runs = runsFromArguments(3);
const docker = process.argv.includes('--docker');

const rss: Measurement = { what: 'Rss after 30 s idle', unit: 'MB', samples: [] };
const pss: Measurement = { what: 'Pss after 30 s idle', unit: 'MB', samples: [] };
const peak: Measurement = { what: 'peak Rss', unit: 'MB', samples: [] };
const cpu: Measurement = { what: 'CPU while idle', unit: '% of one', samples: [] };

for (let i = 0; i < runs; i++) {
  const home = await newHome();
  const cluster = await startUp(home, ['--node', docker ? 'docker' : 'simulated']);
  const before = await cpuMs(cluster.pid);
  await systemClock.sleep(IDLE_MS);
  cpu.samples.push((100 * ((await cpuMs(cluster.pid)) - before)) / IDLE_MS);
  rss.samples.push((await memoryBytes(cluster.pid, 'VmRSS')) / 1e6);
  peak.samples.push((await memoryBytes(cluster.pid, 'VmHWM')) / 1e6);
  pss.samples.push((await proportionalBytes(cluster.pid)) / 1e6);
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
