import assert from 'node:assert/strict';
import { rfc3339 } from '../../base/clock.ts';
import type { PodStats, StatsSummary } from '../kubelet/usage-report.ts';
import { sampleOf } from './summary.ts';

const NOW = Date.UTC(2026, 0, 1);
const time = rfc3339(NOW);

function stats(usageNanoCores: number | undefined, workingSetBytes = 1024) {
  const cpu = { time, usageCoreNanoSeconds: 1, ...(usageNanoCores === undefined ? {} : { usageNanoCores }) };
  return { cpu, memory: { time, workingSetBytes } };
}

function pod(name: string, startedAt: number, ...rates: (number | undefined)[]): PodStats {
  const startTime = rfc3339(startedAt);
  const containers = rates.map((rate, i) => ({ name: `c${i}`, startTime, ...stats(rate) }));
  return { podRef: { name, namespace: 'default', uid: `${name}-uid` }, startTime, containers, ...stats(1) };
}

function summary(node: number | undefined, ...pods: PodStats[]): StatsSummary {
  return { node: { nodeName: 'n', ...stats(node) }, pods };
}

describe('sampleOf', () => {
  const before = { at: NOW - 10_000, windowMs: 15_000, pods: new Map() };
  it('takes what the kubelet says of each container', () => {
    const sample = sampleOf(summary(5, pod('p', NOW - 60_000, 2, 3)), NOW, before, 15_000);
    assert.deepEqual(sample.usage, { cpuNanos: 5, memoryBytes: 1024 });
    assert.deepEqual(sample.pods.get('default/p'), {
      at: NOW,
      windowMs: 10_000,
      uid: 'p-uid',
      containers: [
        { name: 'c0', usage: { cpuNanos: 2, memoryBytes: 1024 } },
        { name: 'c1', usage: { cpuNanos: 3, memoryBytes: 1024 } },
      ],
    });
  });
  it('knows that a container that is younger than the last look is measured since its start', () => {
    const sample = sampleOf(summary(5, pod('p', NOW - 4000, 2)), NOW, before, 15_000);
    assert.equal(sample.pods.get('default/p')?.windowMs, 4000);
  });
  it('leaves out what is not known of yet', () => {
    const sample = sampleOf(summary(undefined, pod('half', NOW, 1, undefined), pod('none', NOW)), NOW, before, 15_000);
    assert.equal(sample.usage, undefined);
    assert.equal(sample.pods.size, 0);
  });
});
