import assert from 'node:assert/strict';
import { seededRandom } from '../base/random.ts';
import type { V1Pod } from '../openapi/generated/types.ts';
import type { ClusterState } from './cluster-state.ts';
import { type CounterSpec, PodCounters } from './pod-counters.ts';
import { clusterOf } from './testing/cluster.ts';
import { node, pod } from './testing/objects.ts';

const ZONE = 'topology.kubernetes.io/zone';
const random = seededRandom(11);
const below = (limit: number) => Math.floor(random.next() * limit);

/** Web pods by zone, on nodes that are not tainted. */
const specFor = (cluster: ClusterState): CounterSpec => ({
  signature: 'web',
  key: cluster.topology.key(ZONE),
  anchor: { key: 'app', value: 'web' },
  matches: ({ labels, terminating }) => labels?.app === 'web' && !terminating,
  includes: ({ hardTaints }) => hardTaints.length === 0,
});

function change(cluster: ClusterState): void {
  const name = `n${below(8)}`;
  const taints = below(4) === 0 ? [{ key: 'k', effect: 'NoSchedule' }] : [];
  const going = below(5) === 0 ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {};
  const labels = { app: below(3) === 0 ? 'db' : 'web' };
  const target: V1Pod = pod(`p${below(30)}`, { nodeName: name }, { labels, ...going, generation: below(2) });
  const steps = [
    () => cluster.setNode(node(name, { labels: below(5) === 0 ? {} : { [ZONE]: `z${below(3)}` }, taints })),
    () => cluster.setPod(target),
    () => cluster.setPod(target),
    () => cluster.removePod(target),
    () => cluster.removeNode(name),
  ];
  steps[below(steps.length)]?.();
}

describe('counts of pods by domain', () => {
  it('are always what counting anew would give', () => {
    const cluster = clusterOf([]);
    const counter = cluster.counters.counter(specFor(cluster), cluster.nodes);
    for (let i = 0; i < 3000; i++) {
      change(cluster);
      const anew = new PodCounters().counter(specFor(cluster), cluster.nodes);
      const key = cluster.topology.key(ZONE);
      const state = (each: typeof counter) => ({
        total: each.total,
        domains: each.domains,
        least: each.least,
        counts: ['z0', 'z1', 'z2'].map((zone) => each.count(key.domain(zone))),
      });
      assert.deepEqual(state(counter), state(anew), `after ${i + 1} changes`);
    }
  });

  it('are dropped when they have gone unused longest', () => {
    const cluster = clusterOf([]);
    const counters = new PodCounters(2);
    const named = (signature: string) => counters.counter({ ...specFor(cluster), signature }, []);
    const first = named('a');
    const second = named('b');
    assert.equal(named('a'), first);
    named('c');
    assert.equal(counters.size, 2);
    assert.equal(named('a'), first);
    assert.notEqual(named('b'), second);
  });
});
