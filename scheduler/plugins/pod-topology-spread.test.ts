import assert from 'node:assert/strict';
import type { V1Pod, V1PodSpec, V1TopologySpreadConstraint } from '../../openapi/generated/types.ts';
import { clusterOf, filtered, passing, scored } from '../testing/cluster.ts';
import { node, pod } from '../testing/objects.ts';
import { podTopologySpread } from './pod-topology-spread.ts';

const ZONE = 'topology.kubernetes.io/zone';
const HOST = 'kubernetes.io/hostname';
const spread = podTopologySpread(() => []);

/** `zone-a` to `zone-c`, two hosts each: a1, a2, b1, … */
const nodes = ['a1', 'a2', 'b1', 'b2', 'c1', 'c2'].map((name) => node(name, { labels: { [ZONE]: name.charAt(0) } }));

const placed = (counts: Record<string, number>, labels: Record<string, string> = { app: 'web' }): V1Pod[] =>
  Object.entries(counts).flatMap(([nodeName, count]) =>
    Array.from({ length: count }, (_, i) => pod(`${nodeName}-${i}`, { nodeName }, { labels })),
  );

const constraint = (fields: Partial<V1TopologySpreadConstraint> = {}): V1TopologySpreadConstraint => ({
  maxSkew: 1,
  topologyKey: ZONE,
  whenUnsatisfiable: 'DoNotSchedule',
  labelSelector: { matchLabels: { app: 'web' } },
  ...fields,
});

const web = (constraints: V1TopologySpreadConstraint[], spec: Partial<V1PodSpec> = {}, labels = {}) =>
  pod('new', { topologySpreadConstraints: constraints, ...spec }, { labels: { app: 'web', ...labels } });

describe('PodTopologySpread filter', () => {
  const cases: { title: string; pod: V1Pod; pods?: V1Pod[]; passes: string }[] = [
    { title: 'has no say in a pod without constraints', pod: pod('new'), passes: 'a1 a2 b1 b2 c1 c2' },
    {
      title: 'lets only the emptiest domains grow at a skew of 1',
      pod: web([constraint()]),
      pods: placed({ a1: 1, a2: 1, b1: 1, c1: 1 }),
      passes: 'b1 b2 c1 c2',
    },
    {
      title: 'lets all grow within a larger skew',
      pod: web([constraint({ maxSkew: 2 })]),
      pods: placed({ a1: 2, b1: 1, c1: 1 }),
      passes: 'a1 a2 b1 b2 c1 c2',
    },
    {
      title: 'does not count the pod itself where its own labels are not selected',
      pod: web([constraint({ labelSelector: { matchLabels: { app: 'db' } } })]),
      pods: placed({ a1: 1 }, { app: 'db' }),
      passes: 'a1 a2 b1 b2 c1 c2',
    },
    {
      title: 'selects nothing without a selector',
      pod: web([{ maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable: 'DoNotSchedule' }]),
      pods: placed({ a1: 5 }),
      passes: 'a1 a2 b1 b2 c1 c2',
    },
    {
      title: 'must meet several constraints at once',
      pod: web([constraint(), constraint({ topologyKey: HOST })]),
      pods: placed({ a1: 1, b1: 1 }),
      passes: 'c1 c2',
    },
    {
      title: 'takes the least as 0 while there are fewer domains than minDomains',
      pod: web([constraint({ minDomains: 4 })]),
      pods: placed({ a1: 1, b1: 1 }),
      passes: 'c1 c2',
    },
    {
      title: 'adds the pod’s own values of matchLabelKeys to the selector',
      pod: web([constraint({ matchLabelKeys: ['hash'] })], {}, { hash: 'new' }),
      pods: placed({ a1: 3 }, { app: 'web', hash: 'old' }),
      passes: 'a1 a2 b1 b2 c1 c2',
    },
    {
      title: 'leaves domains out that the pod’s node selector excludes',
      pod: web([constraint()], { nodeSelector: { [ZONE]: 'a' } }),
      pods: placed({ a1: 1 }),
      passes: 'a1 a2 b1 b2 c1 c2',
    },
    {
      title: 'counts such domains with nodeAffinityPolicy Ignore',
      pod: web([constraint({ nodeAffinityPolicy: 'Ignore' })], { nodeSelector: { [ZONE]: 'a' } }),
      pods: placed({ a1: 1 }),
      passes: 'b1 b2 c1 c2',
    },
    {
      title: 'does not count pods that are going',
      pod: web([constraint()]),
      pods: placed({ a1: 1 }).map((each) => ({
        ...each,
        metadata: { ...each.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
      })),
      passes: 'a1 a2 b1 b2 c1 c2',
    },
  ];
  for (const { title, pod: target, pods = [], passes } of cases) {
    it(title, () => {
      assert.equal(passing(spread, target, clusterOf(nodes, pods)).sort().join(' '), passes);
    });
  }

  it('says that evictions could help against a skew, but not against a missing label', () => {
    const cluster = clusterOf([...nodes, node('bare')], placed({ a1: 1 }));
    const skewed = filtered(spread, web([constraint()]), cluster, 'a1');
    assert.deepEqual(skewed?.reasons, ["node(s) didn't match pod topology spread constraints"]);
    assert.equal(skewed?.resolvable, true);
    const unlabelled = filtered(spread, web([constraint()]), cluster, 'bare');
    assert.deepEqual(unlabelled?.reasons, [
      "node(s) didn't match pod topology spread constraints (missing required label)",
    ]);
    assert.equal(unlabelled?.resolvable, false);
  });

  it('counts domains of tainted nodes unless nodeTaintsPolicy is Honor', () => {
    const taints = [{ key: 'k', effect: 'NoSchedule' }];
    const tainted = ['c1', 'c2'].map((name) => node(name, { labels: { [ZONE]: 'c' }, taints }));
    const cluster = clusterOf([...nodes.slice(0, 4), ...tainted], placed({ a1: 1, b1: 1 }));
    assert.deepEqual(passing(spread, web([constraint()]), cluster).sort(), ['c1', 'c2']);
    const honoring = web([constraint({ nodeTaintsPolicy: 'Honor' })]);
    assert.deepEqual(passing(spread, honoring, cluster).sort(), ['a1', 'a2', 'b1', 'b2', 'c1', 'c2']);
    const tolerant = web([constraint({ nodeTaintsPolicy: 'Honor' })], { tolerations: [{ operator: 'Exists' }] });
    assert.deepEqual(passing(spread, tolerant, cluster).sort(), ['c1', 'c2']);
  });

  it('follows pods and nodes that come and go', () => {
    const cluster = clusterOf(nodes, placed({ a1: 1 }));
    const target = web([constraint()]);
    assert.deepEqual(passing(spread, target, cluster).sort(), ['b1', 'b2', 'c1', 'c2']);
    for (const each of placed({ b1: 1, c1: 1 })) cluster.setPod(each);
    assert.equal(passing(spread, target, cluster).length, 6);
    cluster.setNode(node('d1', { labels: { [ZONE]: 'd' } }));
    assert.deepEqual(passing(spread, target, cluster), ['d1']);
    cluster.setNode(node('d1', { labels: { [ZONE]: 'c' } }));
    assert.equal(passing(spread, target, cluster).length, 7);
    for (const each of placed({ c1: 1 })) cluster.removePod(each);
    assert.deepEqual(passing(spread, target, cluster).sort(), ['c1', 'c2', 'd1']);
    for (const name of ['c1', 'c2', 'd1']) cluster.removeNode(name);
    assert.deepEqual(passing(spread, target, cluster).sort(), ['a1', 'a2', 'b1', 'b2']);
  });
});

describe('PodTopologySpread score of wishes', () => {
  it('gives nothing to nodes that lack a label of the constraints', () => {
    const wish = constraint({ whenUnsatisfiable: 'ScheduleAnyway' });
    const cluster = clusterOf([...nodes, node('bare')], placed({ a1: 2, b1: 1 }));
    const scores = scored(spread, web([wish]), cluster) ?? {};
    assert.equal(scores.bare, 0);
    assert.equal(scores.c1, 100);
    const { a1 = 0, b1 = 0, c1 = 0 } = scores;
    assert.ok(a1 < b1 && b1 < c1, JSON.stringify(scores));
  });

  it('uses the constraints of the profile for pods without their own', () => {
    const listed = podTopologySpread(() => [{ key: 'app', operator: 'in', values: ['web'] }], {
      defaultingType: 'List',
      defaultConstraints: [{ maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable: 'DoNotSchedule' }],
    });
    const target = pod('new', {}, { labels: { app: 'web' } });
    assert.deepEqual(passing(listed, target, clusterOf(nodes, placed({ a1: 1, b1: 1 }))).sort(), ['c1', 'c2']);
  });
});
