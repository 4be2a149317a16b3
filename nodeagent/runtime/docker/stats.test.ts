import assert from 'node:assert/strict';
import { type ContainerStats, containerUsage } from './stats.ts';

const NOW = Date.UTC(2026, 0, 1);
const RECORD = {
  id: 'c1',
  pod: { uid: 'u', namespace: 'default', name: 'web' },
  name: 'web',
  attempt: 0,
  state: 'running' as const,
  image: 'x',
  imageId: 'x',
  createdAt: NOW,
  startedAt: NOW + 5,
  labels: {},
};
const stats = (files: object): ContainerStats => ({
  read: '2026-01-01T00:00:10.5Z',
  cpu_stats: { cpu_usage: { total_usage: 12_345 } },
  memory_stats: { usage: 1000, stats: files },
});

describe('What Docker measures of a container', () => {
  const cases: { title: string; files: object; memoryBytes: number }[] = [
    {
      title: 'without files that can be dropped, under cgroup v1',
      files: { total_inactive_file: 300 },
      memoryBytes: 700,
    },
    { title: 'without files that can be dropped, under cgroup v2', files: { inactive_file: 300 }, memoryBytes: 700 },
    { title: 'whole where it does not tell', files: {}, memoryBytes: 1000 },
    { title: 'never less than nothing', files: { inactive_file: 3000 }, memoryBytes: 0 },
  ];
  for (const { title, files, memoryBytes } of cases) {
    it(`is its memory, ${title}`, () => {
      const { pod, name, id, startedAt } = RECORD;
      const expected = { pod, name, id, startedAt, at: NOW + 10_500, cpuNanos: 12_345, memoryBytes };
      assert.deepEqual(containerUsage(RECORD, stats(files)), expected);
    });
  }

  it('is nothing once it has ended', () => {
    assert.equal(containerUsage(RECORD, { read: '0001-01-01T00:00:00Z', cpu_stats: {}, memory_stats: {} }), undefined);
  });
});
