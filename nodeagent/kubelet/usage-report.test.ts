import assert from 'node:assert/strict';
import type { NodeUsage } from '../runtime/runtime.ts';
import { NOW } from './fixtures.ts';
import { resourceMetricsOf, UsageReport } from './usage-report.ts';

const POD = { uid: 'u1', namespace: 'default', name: 'web' };
/** Two containers that began at NOW: one uses half a core, the other a quarter. */
const usageAt = (ms: number): NodeUsage => ({
  node: { at: NOW + ms, cpuNanos: 1e12 + ms * 1e6, memoryBytes: 1000 },
  containers: [
    { pod: POD, name: 'a', id: 'ida', startedAt: NOW, at: NOW + ms, cpuNanos: ms * 5e5, memoryBytes: 30 },
    { pod: POD, name: 'b', id: 'idb', startedAt: NOW, at: NOW + ms, cpuNanos: ms * 2.5e5, memoryBytes: 12 },
  ],
});

describe('The report of what is used', () => {
  let usage: NodeUsage;
  const report = () => new UsageReport({ nodeName: 'n1', runtime: { usage: () => Promise.resolve(usage) } });

  it('tells rates since the start at first, and since the last report then', async () => {
    const told = report();
    usage = usageAt(10_000);
    const first = await told.summary();
    assert.equal(first.node.cpu.usageNanoCores, undefined);
    assert.deepEqual(first.pods[0]?.containers[0], {
      name: 'a',
      startTime: '2026-01-01T00:00:00Z',
      cpu: { time: '2026-01-01T00:00:10Z', usageNanoCores: 5e8, usageCoreNanoSeconds: 5e9 },
      memory: { time: '2026-01-01T00:00:10Z', workingSetBytes: 30 },
    });
    usage = usageAt(12_000);
    for (const container of usage.containers) container.cpuNanos += 2e9;
    const second = await told.summary();
    assert.equal(second.node.cpu.usageNanoCores, 1e9);
    assert.deepEqual(
      second.pods[0]?.containers.map(({ cpu }) => cpu.usageNanoCores),
      [1.5e9, 1.25e9],
    );
  });

  it('adds the containers of a pod up', async () => {
    usage = usageAt(10_000);
    const { pods } = await report().summary();
    assert.deepEqual(pods, [
      {
        podRef: { name: 'web', namespace: 'default', uid: 'u1' },
        startTime: '2026-01-01T00:00:00Z',
        containers: pods[0]?.containers,
        cpu: { time: '2026-01-01T00:00:10Z', usageNanoCores: 7.5e8, usageCoreNanoSeconds: 7.5e9 },
        memory: { time: '2026-01-01T00:00:10Z', workingSetBytes: 42 },
      },
    ]);
  });

  it('does not take two looks in a row for a rate', async () => {
    const told = report();
    usage = usageAt(10_000);
    await told.summary();
    usage = usageAt(10_001);
    await told.summary();
    usage = usageAt(11_001);
    assert.equal((await told.summary()).node.cpu.usageNanoCores, 1e9);
  });

  it('is also told as upstream’s metrics', () => {
    const text = resourceMetricsOf(usageAt(10_000));
    assert.equal(
      text.slice(0, text.indexOf('# HELP container_memory')),
      '# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in core-seconds\n' +
        '# TYPE container_cpu_usage_seconds_total counter\n' +
        `container_cpu_usage_seconds_total{container="a",namespace="default",pod="web"} 5 ${NOW + 10_000}\n` +
        `container_cpu_usage_seconds_total{container="b",namespace="default",pod="web"} 2.5 ${NOW + 10_000}\n`,
    );
    for (const line of [
      `container_memory_working_set_bytes{container="b",namespace="default",pod="web"} 12 ${NOW + 10_000}`,
      `container_start_time_seconds{container="a",namespace="default",pod="web"} ${NOW / 1000}`,
      `node_cpu_usage_seconds_total 1010 ${NOW + 10_000}`,
      `node_memory_working_set_bytes 1000 ${NOW + 10_000}`,
      `pod_cpu_usage_seconds_total{namespace="default",pod="web"} 7.5 ${NOW + 10_000}`,
      `pod_memory_working_set_bytes{namespace="default",pod="web"} 42 ${NOW + 10_000}`,
      'resource_scrape_error 0',
    ]) {
      assert.ok(text.includes(`${line}\n`), line);
    }
  });

  it('leaves out what there is none of', () => {
    assert.doesNotMatch(resourceMetricsOf({ ...usageAt(0), containers: [] }), /container_|pod_/);
  });
});
