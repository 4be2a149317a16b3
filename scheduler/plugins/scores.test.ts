import assert from 'node:assert/strict';
import type { V1Pod } from '../../openapi/generated/types.ts';
import { requirementsOf } from '../../openapi/selectors.ts';
import { clusterOf, scored } from '../testing/cluster.ts';
import { container, node, pod } from '../testing/objects.ts';
import { imageLocality } from './image-locality.ts';
import { nodeAffinity } from './node-affinity.ts';
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts';
import { nodeResourcesFit } from './node-resources-fit.ts';
import { podTopologySpread } from './pod-topology-spread.ts';
import type { ScoringStrategy } from './resource-strategies.ts';
import { taintToleration } from './taint-toleration.ts';

const asks = (name: string, requests: Record<string, string>) => pod(name, { containers: [container(requests)] });
const on = (nodeName: string, target: V1Pod): V1Pod => ({
  ...target,
  metadata: { ...target.metadata, uid: `${nodeName} ${target.metadata?.name}` },
  spec: { containers: [], ...target.spec, nodeName },
});

describe('NodeResourcesFit score', () => {
  it('is the mean share of cpu and memory left free, counting 100m and 200Mi for silent containers', () => {
    const cluster = clusterOf([node('n1'), node('n2')], [on('n2', asks('b', { cpu: '2', memory: '4Gi' }))]);
    // 3900m of 4000m is 97 in whole numbers, 7992Mi of 8192Mi is 97; half used: 1900m is 47, 3896Mi is 47.
    assert.deepEqual(scored(nodeResourcesFit(), pod('a'), cluster), { n1: 97, n2: 47 });
  });

  const strategies: { title: string; strategy: ScoringStrategy; scores: Record<string, number> }[] = [
    {
      title: 'is the mean share in use with MostAllocated',
      strategy: { type: 'MostAllocated' },
      scores: { empty: 25, half: 75 },
    },
    {
      title: 'weighs resources as told',
      strategy: {
        type: 'MostAllocated',
        resources: [
          { name: 'cpu', weight: 3 },
          { name: 'memory', weight: 1 },
        ],
      },
      scores: { empty: 25, half: 75 },
    },
    {
      title: 'follows the shape of RequestedToCapacityRatio',
      strategy: {
        type: 'RequestedToCapacityRatio',
        requestedToCapacityRatio: {
          shape: [
            { utilization: 0, score: 0 },
            { utilization: 50, score: 10 },
            { utilization: 100, score: 0 },
          ],
        },
      },
      scores: { empty: 50, half: 50 },
    },
    {
      title: 'leaves out an extended resource that the pod does not ask for',
      strategy: { resources: [{ name: 'cpu' }, { name: 'example.com/gpu', weight: 100 }] },
      scores: { empty: 75, half: 25 },
    },
  ];
  for (const { title, strategy, scores } of strategies) {
    it(title, () => {
      const extended = { allocatable: { 'example.com/gpu': '8' } };
      const cluster = clusterOf(
        [node('empty', extended), node('half', extended)],
        [on('half', asks('b', { cpu: '2', memory: '4Gi' }))],
      );
      const plugin = nodeResourcesFit({ scoringStrategy: strategy });
      assert.deepEqual(scored(plugin, asks('a', { cpu: '1', memory: '2Gi' }), cluster), scores);
    });
  }
});

describe('NodeResourcesBalancedAllocation score', () => {
  it('is 100 less half the difference of the used shares', () => {
    const cluster = clusterOf([node('n1')], [on('n1', asks('b', { cpu: '2' }))]);
    const plugin = nodeResourcesBalancedAllocation();
    assert.deepEqual(scored(plugin, asks('a', { cpu: '1', memory: '2Gi' }), cluster), { n1: 75 });
  });

  it('is 100 less the standard deviation of more than two shares', () => {
    const cluster = clusterOf([node('n1', { allocatable: { 'example.com/gpu': '4' } })]);
    const resources = [{ name: 'cpu' }, { name: 'memory' }, { name: 'example.com/gpu' }];
    const target = asks('a', { cpu: '4', memory: '4Gi', 'example.com/gpu': '2' });
    // Shares of 1, a half and a half: a deviation of the square root of 1/18.
    assert.deepEqual(scored(nodeResourcesBalancedAllocation({ resources }), target, cluster), { n1: 76 });
  });

  it('has no opinion on a pod that asks for nothing', () => {
    assert.equal(scored(nodeResourcesBalancedAllocation(), pod('a'), clusterOf([node('n1')])), undefined);
  });
});

describe('TaintToleration score', () => {
  it('falls with the number of untolerated PreferNoSchedule taints', () => {
    const tainted = (name: string, count: number) => {
      const taints = Array.from({ length: count }, (_, i) => ({ key: `k${i}`, effect: 'PreferNoSchedule' }));
      return node(name, { taints });
    };
    const cluster = clusterOf([tainted('n0', 0), tainted('n1', 1), tainted('n2', 2)]);
    assert.deepEqual(scored(taintToleration(), pod('a'), cluster), { n0: 100, n1: 50, n2: 0 });
    const tolerant = pod('a', { tolerations: [{ key: 'k1', operator: 'Exists' }] });
    assert.deepEqual(scored(taintToleration(), tolerant, cluster), { n0: 100, n1: 0, n2: 0 });
  });
});

describe('NodeAffinity score', () => {
  it('adds the weights of preferred terms and scales them', () => {
    const preference = (key: string, weight: number) => ({
      weight,
      preference: { matchExpressions: [{ key, operator: 'Exists' }] },
    });
    const choosy = pod('a', {
      affinity: {
        nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [preference('x', 10), preference('y', 30)] },
      },
    });
    const cluster = clusterOf([
      node('n1'),
      node('n2', { labels: { x: '' } }),
      node('n3', { labels: { x: '', y: '' } }),
    ]);
    assert.deepEqual(scored(nodeAffinity(), choosy, cluster), { n1: 0, n2: 25, n3: 100 });
    assert.equal(scored(nodeAffinity(), pod('a'), cluster), undefined);
  });
});

describe('PodTopologySpread score', () => {
  const web = (name: string, metadata = {}) => pod(name, {}, { labels: { app: 'web' }, ...metadata });
  const spread = podTopologySpread(() => requirementsOf({ app: 'web' }));

  it('prefers the host with the fewest siblings', () => {
    const pods = [on('n1', web('w1')), on('n1', web('w2')), on('n2', web('w3'))];
    const scores = scored(spread, web('a'), clusterOf([node('n1'), node('n2'), node('n3')], pods)) ?? {};
    const { n1 = 0, n2 = 0, n3 = 0 } = scores;
    assert.ok(n1 < n2 && n2 < n3, `${n1} < ${n2} < ${n3}`);
    assert.equal(n3, 100);
  });

  it('does not count other namespaces, other labels and pods that are going', () => {
    const strangers = [
      on('n1', web('w1', { namespace: 'other' })),
      on('n1', pod('w2', {}, { labels: { app: 'db' } })),
      on('n1', web('w3', { deletionTimestamp: '2026-01-01T00:00:00Z' })),
    ];
    const cluster = clusterOf([node('n1'), node('n2')], strangers);
    assert.deepEqual(scored(spread, web('a'), cluster), { n1: 100, n2: 100 });
  });

  it('counts the siblings in the whole zone', () => {
    const zone = (name: string) => ({ labels: { 'topology.kubernetes.io/zone': name } });
    const nodes = [node('n1', zone('a')), node('n2', zone('a')), node('n3', zone('b'))];
    const { n2 = 0, n3 = 0 } = scored(spread, web('a'), clusterOf(nodes, [on('n1', web('w1'))])) ?? {};
    assert.ok(n2 < n3, `${n2} < ${n3}`);
  });

  it('has no opinion on a pod of no service or controller', () => {
    const cluster = clusterOf([node('n1')]);
    assert.equal(
      scored(
        podTopologySpread(() => []),
        web('a'),
        cluster,
      ),
      undefined,
    );
  });
});

describe('ImageLocality score', () => {
  const withImages = (name: string, ...images: { names: string[]; sizeBytes: number }[]) => {
    const made = node(name);
    return { ...made, status: { ...made.status, images } };
  };
  const runs = (image: string) => pod('a', { containers: [container({}, { image })] });
  const MB = 1024 * 1024;

  it('grows with the size of images that are there, scaled by how many nodes have them', () => {
    const large = { names: ['big:latest', 'big@sha256:1'], sizeBytes: 1000 * MB };
    const cluster = clusterOf([withImages('n1', large), withImages('n2', large), withImages('n3'), withImages('n4')]);
    // Half the nodes have it, so it counts for 500 MB: (500 - 23) of (1000 - 23).
    assert.deepEqual(scored(imageLocality(), runs('big'), cluster), { n1: 48, n2: 48, n3: 0, n4: 0 });
  });

  it('has no opinion when no node has the image, also after the last one lost it', () => {
    const cluster = clusterOf([withImages('n1', { names: ['big:1'], sizeBytes: 1000 * MB })]);
    assert.equal(scored(imageLocality(), runs('big:2'), cluster), undefined);
    cluster.setNode(withImages('n1'));
    assert.equal(scored(imageLocality(), runs('big:1'), cluster), undefined);
  });
});
