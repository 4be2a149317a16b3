import assert from 'node:assert/strict';
import { requirementsOf } from '../../openapi/selectors.ts';
import type { ScorePlugin } from '../framework.ts';
import { NodeInfo, podInfoOf } from '../node-info.ts';
import { container, node, pod } from '../testing/objects.ts';
import { nodeAffinityScore } from './node-affinity.ts';
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts';
import { nodeResourcesFitScore } from './node-resources-fit.ts';
import { podTopologySpread } from './pod-topology-spread.ts';
import { taintTolerationScore } from './taint-toleration.ts';

function scores(plugin: ScorePlugin, target: ReturnType<typeof pod>, nodes: NodeInfo[]): number[] | undefined {
  const score = plugin.prepare(podInfoOf(target), nodes, nodes);
  if (!score) return undefined;
  const raw = nodes.map(score);
  return plugin.normalize?.(raw) ?? raw;
}

function withPods(name: string, labels: Record<string, string>, ...pods: ReturnType<typeof pod>[]): NodeInfo {
  const info = new NodeInfo(name, node(name, { labels }));
  for (const each of pods) info.addPod(podInfoOf(each));
  return info;
}

const asks = (name: string, requests: Record<string, string>) => pod(name, { containers: [container(requests)] });

describe('NodeResourcesFit score', () => {
  it('is the mean share of cpu and memory left free, counting 100m and 200Mi for silent containers', () => {
    const empty = withPods('n1', {});
    const used = withPods('n2', {}, asks('b', { cpu: '2', memory: '4Gi' }));
    // 3900m of 4000m is 97 in whole numbers, 7992Mi of 8192Mi is 97; half used: 1900m is 47, 3896Mi is 47.
    assert.deepEqual(scores(nodeResourcesFitScore, pod('a'), [empty, used]), [97, 47]);
  });
});

describe('NodeResourcesBalancedAllocation score', () => {
  it('is 100 less half the difference of the used shares', () => {
    const lopsided = withPods('n1', {}, asks('b', { cpu: '2' }));
    assert.deepEqual(scores(nodeResourcesBalancedAllocation, asks('a', { cpu: '1', memory: '2Gi' }), [lopsided]), [75]);
  });

  it('has no opinion on a pod that asks for nothing', () => {
    assert.equal(scores(nodeResourcesBalancedAllocation, pod('a'), [withPods('n1', {})]), undefined);
  });
});

describe('TaintToleration score', () => {
  it('falls with the number of untolerated PreferNoSchedule taints', () => {
    const tainted = (name: string, count: number) => {
      const taints = Array.from({ length: count }, (_, i) => ({ key: `k${i}`, effect: 'PreferNoSchedule' }));
      return new NodeInfo(name, node(name, { taints }));
    };
    const nodes = [tainted('n0', 0), tainted('n1', 1), tainted('n2', 2)];
    assert.deepEqual(scores(taintTolerationScore, pod('a'), nodes), [100, 50, 0]);
    const tolerant = pod('a', { tolerations: [{ key: 'k1', operator: 'Exists' }] });
    assert.deepEqual(scores(taintTolerationScore, tolerant, nodes), [100, 0, 0]);
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
    const nodes = [withPods('n1', {}), withPods('n2', { x: '' }), withPods('n3', { x: '', y: '' })];
    assert.deepEqual(scores(nodeAffinityScore, choosy, nodes), [0, 25, 100]);
    assert.equal(scores(nodeAffinityScore, pod('a'), nodes), undefined);
  });
});

describe('PodTopologySpread score', () => {
  const web = (name: string, metadata = {}) => pod(name, {}, { labels: { app: 'web' }, ...metadata });
  const spread = podTopologySpread(() => requirementsOf({ app: 'web' }));

  it('prefers the host with the fewest siblings', () => {
    const nodes = [withPods('n1', {}, web('w1'), web('w2')), withPods('n2', {}, web('w3')), withPods('n3', {})];
    const [first = 0, second = 0, third = 0] = scores(spread, web('a'), nodes) ?? [];
    assert.ok(first < second && second < third, `${first} < ${second} < ${third}`);
    assert.equal(third, 100);
  });

  it('does not count other namespaces, other labels and pods that are going', () => {
    const strangers = [
      web('w1', { namespace: 'other' }),
      pod('w2', {}, { labels: { app: 'db' } }),
      web('w3', { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    ];
    assert.deepEqual(scores(spread, web('a'), [withPods('n1', {}, ...strangers), withPods('n2', {})]), [100, 100]);
  });

  it('counts the siblings in the whole zone', () => {
    const zone = (name: string) => ({ 'topology.kubernetes.io/zone': name });
    const nodes = [withPods('n1', zone('a'), web('w1')), withPods('n2', zone('a')), withPods('n3', zone('b'))];
    const [, sameZone = 0, otherZone = 0] = scores(spread, web('a'), nodes) ?? [];
    assert.ok(sameZone < otherZone, `${sameZone} < ${otherZone}`);
  });

  it('has no opinion on a pod of no service or controller', () => {
    assert.equal(
      scores(
        podTopologySpread(() => []),
        web('a'),
        [withPods('n1', {})],
      ),
      undefined,
    );
  });
});
