import assert from 'node:assert/strict';
import { seededRandom } from '../base/random.ts';
import type { V1Node, V1Pod } from '../openapi/generated/types.ts';
import { requirementsOf } from '../openapi/selectors.ts';
import { feasibleEnough, schedule } from './algorithm.ts';
import { unschedulableMessage } from './fit-error.ts';
import { podInfoOf } from './node-info.ts';
import { clusterOf } from './testing/cluster.ts';
import { container, node, pod } from './testing/objects.ts';
import { profileFor } from './testing/profile.ts';

const profile = profileFor({ siblings: () => requirementsOf({ app: 'web' }) });

/** What the user is told; a node that is `full` has no cpu left. */
function message(target: V1Pod, nodes: V1Node[], full: string[] = []): string {
  const pods = full.map((name) => pod(`on-${name}`, { nodeName: name, containers: [container({ cpu: '4' })] }));
  const decision = schedule(podInfoOf(target), clusterOf(nodes, pods), profile, seededRandom(1));
  assert.ok(!('node' in decision), 'no node should fit');
  if ('message' in decision) return decision.message;
  const [preemption] = profile.postFilter;
  const postFilterMessage = preemption?.postFilter?.(decision.failure)?.message ?? '';
  return unschedulableMessage({ ...decision.failure.diagnosis, postFilterMessage });
}

const large = pod('large', { containers: [container({ cpu: '8', memory: '1Gi' })] });
const tainted = (name: string) => node(name, { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] });

describe('the message for a pod that fits nowhere', () => {
  it('says so when there are no nodes', () => {
    assert.equal(message(pod('a'), []), 'no nodes available to schedule pods');
  });

  it('counts reasons over nodes, sorted, and what preemption could do', () => {
    const nodes = [tainted('n1'), tainted('n2'), node('n3')];
    assert.equal(
      message(pod('a', { containers: [container({ cpu: '1' })] }), nodes, ['n3']),
      '0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). preemption: 0/3 nodes are ' +
        'available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.',
    );
  });

  it('does not hope for preemption on nodes that are too small', () => {
    assert.equal(
      message(large, [node('n1'), node('n2', { unschedulable: true })]),
      '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable. preemption: 0/2 nodes are available: ' +
        '2 Preemption is not helpful for scheduling.',
    );
  });

  it('respects preemptionPolicy Never', () => {
    assert.equal(
      message(
        { ...large, spec: { ...large.spec, containers: large.spec?.containers ?? [], preemptionPolicy: 'Never' } },
        [node('n1')],
      ),
      '0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.',
    );
  });

  it('speaks of the plugin for nodes that the affinity does not name', () => {
    const matchFields = [{ key: 'metadata.name', operator: 'In', values: ['n1'] }];
    const required = { nodeSelectorTerms: [{ matchFields }] };
    const named = pod('a', {
      containers: [container({ cpu: '1' })],
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } },
    });
    assert.equal(
      message(named, [node('n1'), node('n2'), node('n3')], ['n1']),
      "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. preemption: 0/3 " +
        'nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.',
    );
  });
});

describe('the choice of a node', () => {
  it('spreads pods of one service evenly', () => {
    const cluster = clusterOf([node('n1'), node('n2'), node('n3')]);
    const random = seededRandom(7);
    for (let i = 0; i < 9; i++) {
      const info = podInfoOf(pod(`w${i}`, {}, { labels: { app: 'web' } }));
      const decision = schedule(info, cluster, profile, random);
      assert.ok('node' in decision);
      cluster.assume(info, decision.node.name);
    }
    assert.deepEqual(
      cluster.nodes.map(({ pods }) => pods.size),
      [3, 3, 3],
    );
  });

  it('breaks ties at random', () => {
    const cluster = clusterOf([node('n1'), node('n2'), node('n3')]);
    const random = seededRandom(3);
    const chosen = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const decision = schedule(podInfoOf(pod('a')), cluster, profile, random);
      if ('node' in decision) chosen.add(decision.node.name);
    }
    assert.equal(chosen.size, 3);
  });

  it('looks at all of a small cluster and at a share of a large one', () => {
    assert.deepEqual(
      [3, 99, 100, 500, 1000, 6000].map((count) => feasibleEnough(count)),
      [3, 99, 100, 230, 420, 300],
    );
    assert.deepEqual(
      [50, 200, 2000].map((count) => feasibleEnough(count, 10)),
      [50, 100, 200],
    );
  });

  it('goes on where the last search ended', () => {
    const cluster = clusterOf(Array.from({ length: 300 }, (_, i) => node(`n${i}`)));
    const first = schedule(podInfoOf(pod('a')), cluster, profile, seededRandom(1), 0);
    assert.equal(first.next, feasibleEnough(300));
    const second = schedule(podInfoOf(pod('a')), cluster, profile, seededRandom(1), 250);
    assert.ok('node' in second);
    const index = Number(second.node.name.slice(1));
    assert.ok(index >= 250 || index < 94, second.node.name);
  });

  it('takes zones in turn, so that a share of the nodes is of all zones', () => {
    const inZone = (name: string, zone: string) => node(name, { labels: { 'topology.kubernetes.io/zone': zone } });
    const nodes = [inZone('a1', 'a'), inZone('a2', 'a'), inZone('b1', 'b'), inZone('b2', 'b'), inZone('a3', 'a')];
    assert.deepEqual(
      clusterOf(nodes).nodes.map(({ name }) => name),
      ['a1', 'b1', 'a2', 'b2', 'a3'],
    );
  });

  it('tries the node first that the pod was promised', () => {
    const cluster = clusterOf([node('n1'), node('n2'), node('n3')]);
    const promised = { ...pod('a'), status: { phase: 'Pending', nominatedNodeName: 'n2' } };
    for (let seed = 0; seed < 10; seed++) {
      const decision = schedule(podInfoOf(promised), cluster, profile, seededRandom(seed));
      assert.ok('node' in decision && decision.node.name === 'n2');
    }
  });

  it('leaves room for a more important pod that was promised the node, and only for such', () => {
    const cluster = clusterOf([node('n1')]);
    const wants = (name: string, priority: number) =>
      podInfoOf(pod(name, { priority, containers: [container({ cpu: '3' })] }));
    cluster.nominator.set(wants('promised', 10), 'n1');
    assert.ok('failure' in schedule(wants('less', 9), cluster, profile, seededRandom(1)));
    assert.ok('node' in schedule(wants('more', 11), cluster, profile, seededRandom(1)));
    assert.equal(cluster.node('n1')?.pods.size, 0, 'the promised pod was there only in thought');
  });
});
