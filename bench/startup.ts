/**
 * Time from process start to ready: `node dist/bench/startup.js [--runs 7] [--docker]`. First start: an empty
 * state folder, so keys and certificates are made. Second start: the same folder again. In memory: `--in-memory`.
 */
import { newHome, type RunningCluster, removeHome, startUp } from './cluster.ts';
import { publish, runsFromArguments } from './report.ts';
import type { Measurement } from './stats.ts';

const runs = runsFromArguments(7);
const node = process.argv.includes('--docker') ? 'docker' : 'simulated';

async function measure(home: string, flags: string[], waits: Measurement, said: Measurement): Promise<void> {
  const cluster: RunningCluster = await startUp(home, flags);
  await cluster.stop();
  waits.samples.push(cluster.readyMs);
  said.samples.push(cluster.saidMs);
}

const series = (what: string): [Measurement, Measurement] => [
  { what: `${what}: process start to ready`, unit: 'ms', samples: [] },
  { what: `${what}: as \`up\` prints it`, unit: 'ms', samples: [] },
];
const first = series('first start');
const second = series('second start');
const inMemory = series('in memory');

for (let i = 0; i < runs; i++) {
  const home = await newHome();
  await measure(home, ['--node', node], ...first);
  await measure(home, ['--node', node], ...second);
  await removeHome(home);
  const other = await newHome();
  await measure(other, ['--in-memory'], ...inMemory);
  await removeHome(other);
}
await publish('startup', `Start of a whole cluster (${node} node), ${runs} runs`, [...first, ...second, ...inMemory]);
