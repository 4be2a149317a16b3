import assert from 'node:assert/strict';
import { ClusterState } from './cluster-state.ts';
import { podInfoOf } from './node-info.ts';
import { container, node, pod } from './testing/objects.ts';

const onNode = (name: string, nodeName: string, cpu = '1', generation?: number) =>
  pod(name, { nodeName, containers: [container({ cpu })] }, { uid: name, ...(generation ? { generation } : {}) });

describe('ClusterState', () => {
  let state: ClusterState;
  const cpuOn = (name: string) => state.node(name)?.requested.cpu;

  beforeEach(() => {
    state = new ClusterState();
    for (const name of ['n1', 'n2']) state.setNode(node(name));
  });

  it('adds up the pods of a node, and takes them off again', () => {
    state.setPod(onNode('a', 'n1'));
    state.setPod(onNode('b', 'n1', '500m'));
    assert.equal(cpuOn('n1'), 1500);
    state.removePod(onNode('a', 'n1'));
    assert.equal(cpuOn('n1'), 500);
  });

  it('counts a pod once, with its latest requests', () => {
    state.setPod(onNode('a', 'n1', '1', 1));
    state.setPod(onNode('a', 'n1', '1', 1));
    assert.equal(cpuOn('n1'), 1000);
    state.setPod(onNode('a', 'n1', '2', 2));
    assert.equal(cpuOn('n1'), 2000);
  });

  it('keeps labels and deletion of a pod up to date though its spec stays the same', () => {
    state.setPod(onNode('a', 'n1', '1', 1));
    const going = onNode('a', 'n1', '1', 1);
    going.metadata = { ...going.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
    state.setPod(going);
    assert.equal(state.nodes[0]?.pods.get('a')?.pod, going);
  });

  it('takes an assumption back, but not once it is confirmed', () => {
    const info = podInfoOf(onNode('a', 'n1'));
    state.assume(info, 'n1');
    assert.equal(state.isAssumed(info.pod), true);
    state.forget(info.pod);
    assert.equal(cpuOn('n1'), 0);
    state.assume(info, 'n1');
    state.setPod(info.pod);
    state.forget(info.pod);
    assert.equal(cpuOn('n1'), 1000);
    assert.equal(state.isAssumed(info.pod), false);
  });

  it('believes the server when a pod went elsewhere than assumed', () => {
    state.assume(podInfoOf(onNode('a', 'n1')), 'n1');
    state.setPod(onNode('a', 'n2'));
    assert.deepEqual([cpuOn('n1'), cpuOn('n2')], [0, 1000]);
  });

  it('remembers pods of a node that it has not seen yet, or that is gone for a while', () => {
    state.setPod(onNode('a', 'n3'));
    assert.equal(state.nodes.length, 2);
    state.setNode(node('n3'));
    assert.equal(cpuOn('n3'), 1000);
    state.removeNode('n3');
    assert.deepEqual(
      state.nodes.map(({ name }) => name),
      ['n1', 'n2'],
    );
    state.setNode(node('n3'));
    assert.equal(cpuOn('n3'), 1000);
  });
});
