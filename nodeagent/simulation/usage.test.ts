import assert from 'node:assert/strict';
import type { V1Pod } from '../../openapi/generated/types.ts';
import { declaredNodeUsage, declaredUsage } from './usage.ts';

const MIB = 2 ** 20;

function podWith(states: Record<string, 'running' | 'waiting'>, annotations: Record<string, string> = {}): V1Pod {
  const containerStatuses = Object.entries(states).map(([name, state]) => ({
    name,
    state: { [state]: {} },
    image: '',
    imageID: '',
    ready: true,
    restartCount: 0,
  }));
  return { metadata: { annotations }, status: { containerStatuses } };
}

const DECLARED = { 'simulation.kubets.dev/cpu': '250m', 'simulation.kubets.dev/memory': '64Mi' };

describe('What a simulated pod uses', () => {
  const cases: { title: string; pod: V1Pod; usage: [string, object][] }[] = [
    {
      title: 'is what it declares',
      pod: podWith({ web: 'running' }, DECLARED),
      usage: [['web', { cpuMillis: 250, memoryBytes: 64 * MIB }]],
    },
    {
      title: 'is shared by the containers that run',
      pod: podWith({ web: 'running', side: 'running', late: 'waiting' }, DECLARED),
      usage: [
        ['web', { cpuMillis: 125, memoryBytes: 32 * MIB }],
        ['side', { cpuMillis: 125, memoryBytes: 32 * MIB }],
      ],
    },
    {
      title: 'is nothing where it declares nothing',
      pod: podWith({ web: 'running' }),
      usage: [['web', { cpuMillis: 0, memoryBytes: 0 }]],
    },
    { title: 'is told of no container before any runs', pod: podWith({ web: 'waiting' }, DECLARED), usage: [] },
  ];
  for (const { title, pod, usage } of cases) {
    it(title, () => assert.deepEqual([...declaredUsage(pod)], usage));
  }

  it('is what its node uses, all pods together', () => {
    const pods = [podWith({ web: 'running' }, DECLARED), podWith({ web: 'running' }, DECLARED), podWith({})];
    assert.deepEqual(declaredNodeUsage(pods), { cpuMillis: 500, memoryBytes: 128 * MIB });
  });
});
