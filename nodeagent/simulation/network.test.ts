import assert from 'node:assert/strict';
import { NetworkPlan } from './network.ts';

const plan = (more: Partial<ConstructorParameters<typeof NetworkPlan>[0]> = {}) =>
  new NetworkPlan({ podCidr: '10.128.0.0/9', nodeCidr: '100.64.0.0/10', podsPerNode: 110, ...more });

describe('The networks of a simulation', () => {
  const sizes: { podsPerNode: number; podCidr: string; second: string; size: number }[] = [
    { podsPerNode: 110, podCidr: '10.128.0.0/9', second: '10.128.1.0/24', size: 32_768 },
    { podsPerNode: 253, podCidr: '10.128.0.0/9', second: '10.128.1.0/24', size: 32_768 },
    { podsPerNode: 254, podCidr: '10.128.0.0/9', second: '10.128.2.0/23', size: 16_384 },
    { podsPerNode: 1000, podCidr: '10.0.0.0/16', second: '10.0.4.0/22', size: 64 },
  ];
  for (const { podsPerNode, podCidr, second, size } of sizes) {
    it(`hold ${podsPerNode} pods a node in ${podCidr}: ${size} nodes, the second with ${second}`, () => {
      const network = plan({ podsPerNode, podCidr });
      network.take();
      assert.deepEqual([network.take().podCidr, network.size], [second, size]);
    });
  }

  it('are never given twice, and again once they are free', () => {
    const network = plan({ podCidr: '10.0.0.0/22' });
    assert.deepEqual(network.claim('10.0.1.0/24'), { podCidr: '10.0.1.0/24', address: '100.64.0.2' });
    const given = [network.take(), network.take(), network.take()].map(({ podCidr }) => podCidr);
    assert.deepEqual(given, ['10.0.0.0/24', '10.0.2.0/24', '10.0.3.0/24']);
    assert.throws(() => network.take(), /there is room for 4 simulated nodes/);
    network.release('10.0.2.0/24');
    assert.deepEqual(network.take(), { podCidr: '10.0.2.0/24', address: '100.64.0.3' });
  });

  it('leave those of others alone', () => {
    const network = plan();
    assert.deepEqual(network.claim('192.168.0.0/24'), { podCidr: '192.168.0.0/24' });
    network.release('192.168.0.0/24');
    assert.equal(network.take().podCidr, '10.128.0.0/24');
  });
});
