import assert from 'node:assert/strict';
import { seededRandom } from '../base/random.ts';
import type { V1Pod } from '../openapi/generated/types.ts';
import { selects } from './affinity-terms.ts';
import { podInfoOf } from './pod-info.ts';
import { clusterOf } from './testing/cluster.ts';
import { node, pod } from './testing/objects.ts';

const HOST = 'kubernetes.io/hostname';
const carrier = (name: string, nodeName: string, app: string): V1Pod => {
  const terms = [{ labelSelector: { matchLabels: { app } }, topologyKey: HOST }];
  const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } };
  return pod(name, { nodeName, affinity });
};

describe('groups of equal terms', () => {
  it('say what asking every pod would say', () => {
    const random = seededRandom(5);
    const below = (limit: number) => Math.floor(random.next() * limit);
    const names = ['n1', 'n2', 'n3'];
    const cluster = clusterOf(names.map((name) => node(name)));
    const incoming = podInfoOf(pod('new', {}, { labels: { app: 'web' } }));
    for (let i = 0; i < 500; i++) {
      const target = carrier(`p${below(10)}`, names[below(3)] ?? '', ['web', 'db'][below(2)] ?? '');
      if (below(3) === 0) cluster.removePod(target);
      else cluster.setPod(target);
      const groups = cluster.terms.selecting(incoming, () => undefined);
      for (const { name, pods } of cluster.nodes.map((each) => each)) {
        const info = cluster.node(name);
        assert.ok(info);
        const domain = info.domainOf(cluster.topology.key(HOST));
        const counted = groups.reduce((sum, { counts }) => sum + counts.get(domain), 0);
        const unwelcome = [...pods.values()].filter((each) =>
          each.affinity?.requiredAnti.some((term) => selects(term, incoming, () => undefined)),
        );
        assert.equal(counted, unwelcome.length, `after ${i + 1} changes`);
      }
    }
  });

  it('are forgotten when nobody carries them any more', () => {
    const cluster = clusterOf([node('n1')], [carrier('a', 'n1', 'web')]);
    assert.equal(cluster.terms.size, 1);
    cluster.removePod(carrier('a', 'n1', 'web'));
    cluster.terms.selecting(podInfoOf(pod('new')), () => undefined);
    assert.equal(cluster.terms.size, 0);
  });
});
