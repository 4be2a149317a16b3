import assert from 'node:assert/strict';
import { Command } from 'commander';
import { type SimulationFlags, simulationSettings, withSimulationFlags } from './simulation.ts';

function settingsOf(...args: string[]) {
  const command = withSimulationFlags(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  command.parse(args, { from: 'user' });
  return simulationSettings(command.opts<SimulationFlags>(), 3);
}

describe('the flags of simulated nodes', () => {
  it('say nothing special by default', () => {
    assert.deepEqual(settingsOf(), {
      count: 3,
      prefix: 'node',
      shape: {
        capacity: { cpu: '32', memory: '256Gi', pods: '110' },
        labels: {},
        annotations: {},
        taints: [],
        zones: [],
      },
      podCidr: '10.128.0.0/9',
      nodeCidr: '100.64.0.0/10',
      leaseDurationSeconds: 40,
    });
  });

  it('say what the nodes are like', () => {
    const settings = settingsOf(
      ...['--node-prefix', 'sim', '--node-cpu', '500m', '--node-memory', '1Gi', '--node-pods', '5'],
      ...['--node-resources', 'example.com/gpu=8', '--node-labels', 'a=b, c=', '--node-zones', 'r/a, b'],
      ...['--node-taints', 'k=v:NoSchedule,only:NoExecute', '--node-annotations', 'simulation.kubets.dev/ready=false'],
      ...['--node-lease-duration', '1m', '--node-lease-renew', '15s'],
    );
    assert.deepEqual(settings, {
      count: 3,
      prefix: 'sim',
      shape: {
        capacity: { cpu: '500m', memory: '1Gi', pods: '5', 'example.com/gpu': '8' },
        labels: { a: 'b', c: '' },
        annotations: { 'simulation.kubets.dev/ready': 'false' },
        taints: [
          { key: 'k', value: 'v', effect: 'NoSchedule' },
          { key: 'only', effect: 'NoExecute' },
        ],
        zones: [{ zone: 'a', region: 'r' }, { zone: 'b' }],
      },
      podCidr: '10.128.0.0/9',
      nodeCidr: '100.64.0.0/10',
      leaseDurationSeconds: 60,
      leaseRenewMs: 15_000,
    });
  });

  const refused: { args: string[]; message: RegExp }[] = [
    { args: ['--node-cpu', 'lots'], message: /Write it as 8, 500m or 64Gi/ },
    { args: ['--node-resources', 'gpu=many'], message: /Write it as 8, 500m or 64Gi/ },
    { args: ['--node-labels', 'alone'], message: /alone is no key=value/ },
    { args: ['--node-taints', 'k=v:Never'], message: /effects are NoSchedule, PreferNoSchedule, NoExecute/ },
    { args: ['--node-lease-renew', '0s'], message: /Write it as 1m30s or 40s/ },
  ];
  for (const { args, message } of refused) {
    it(`refuse ${args.join(' ')}`, () => assert.throws(() => settingsOf(...args), message));
  }
});
