import assert from 'node:assert/strict';
import { seededRandom } from '../base/random.ts';
import type { V1Node, V1Pod } from '../openapi/generated/types.ts';
import { requirementsOf } from '../openapi/selectors.ts';
import { feasibleEnough, schedule } from './algorithm.ts';
import { unschedulableMessage } from './fit-error.ts';
import { NodeInfo, podInfoOf } from './node-info.ts';
import { DEFAULT_FILTERS, defaultScores } from './plugins/registry.ts';
import { container, node, pod } from './testing/objects.ts';

const profile = { filters: DEFAULT_FILTERS, scores: defaultScores(() => requirementsOf({ app: 'web' })) };

function infosOf(nodes: V1Node[]): NodeInfo[] {
  return nodes.map((each) => new NodeInfo(each.metadata?.name ?? '', each));
}

function message(target: V1Pod, nodes: NodeInfo[]): string {
  const decision = schedule(podInfoOf(target), nodes, profile, seededRandom(1));
  assert.ok('diagnosis' in decision, 'no node should fit');
  return unschedulableMessage(decision.diagnosis);
}

const large = pod('large', { containers: [container({ cpu: '8', memory: '1Gi' })] });
const tainted = (name: string) => node(name, { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] });
const full = (name: string) => {
  const info = new NodeInfo(name, node(name));
  info.addPod(podInfoOf(pod(`on-${name}`, { containers: [container({ cpu: '4' })] })));
  return info;
};

describe('the message for a pod that fits nowhere', () => {
  it('says so when there are no nodes', () => {
    assert.equal(message(pod('a'), []), 'no nodes available to schedule pods');
  });

  it('counts reasons over nodes, sorted, and what preemption could do', () => {
    const nodes = [...infosOf([tainted('n1'), tainted('n2')]), full('n3')];
    assert.equal(
      message(pod('a', { containers: [container({ cpu: '1' })] }), nodes),
      '0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). preemption: 0/3 nodes are ' +
        'available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.',
    );
  });

  it('does not hope for preemption on nodes that are too small', () => {
    assert.equal(
      message(large, infosOf([node('n1'), node('n2', { unschedulable: true })])),
      '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable. preemption: 0/2 nodes are available: ' +
        '2 Preemption is not helpful for scheduling.',
    );
  });

  it('respects preemptionPolicy Never', () => {
    assert.equal(
      message(
        { ...large, spec: { ...large.spec, containers: large.spec?.containers ?? [], preemptionPolicy: 'Never' } },
        [full('n1')],
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
      message(named, [full('n1'), ...infosOf([node('n2'), node('n3')])]),
      "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. preemption: 0/3 " +
        'nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.',
    );
  });
});

describe('the choice of a node', () => {
  it('spreads pods of one service evenly', () => {
    const nodes = infosOf([node('n1'), node('n2'), node('n3')]);
    const random = seededRandom(7);
    for (let i = 0; i < 9; i++) {
      const info = podInfoOf(pod(`w${i}`, {}, { labels: { app: 'web' } }));
      const decision = schedule(info, nodes, profile, random);
      assert.ok('nodeName' in decision);
      nodes.find(({ name }) => name === decision.nodeName)?.addPod(info);
    }
    assert.deepEqual(
      nodes.map(({ pods }) => pods.size),
      [3, 3, 3],
    );
  });

  it('breaks ties at random', () => {
    const nodes = infosOf([node('n1'), node('n2'), node('n3')]);
    const random = seededRandom(3);
    const chosen = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const decision = schedule(podInfoOf(pod('a')), nodes, profile, random);
      if ('nodeName' in decision) chosen.add(decision.nodeName);
    }
    assert.equal(chosen.size, 3);
  });

  it('looks at all of a small cluster and at a share of a large one', () => {
    assert.deepEqual([3, 99, 100, 500, 1000, 6000].map(feasibleEnough), [3, 99, 100, 230, 420, 300]);
  });

  it('goes on where the last search ended', () => {
    const nodes = infosOf(Array.from({ length: 300 }, (_, i) => node(`n${i}`)));
    const first = schedule(podInfoOf(pod('a')), nodes, profile, seededRandom(1), 0);
    assert.equal(first.next, feasibleEnough(300));
    const second = schedule(podInfoOf(pod('a')), nodes, profile, seededRandom(1), 250);
    assert.ok('nodeName' in second);
    assert.ok(Number(second.nodeName.slice(1)) >= 250 || Number(second.nodeName.slice(1)) < 94, second.nodeName);
  });
});
