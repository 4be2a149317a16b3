import assert from 'node:assert/strict';
import { LEASES, NODES, PODS } from '../../client/resources.ts';
import type { V1Lease, V1Node, V1Toleration } from '../../openapi/generated/types.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';

const UNREACHABLE = 'node.kubernetes.io/unreachable';

describe('node lifecycle', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0);
  });

  const now = () => `${new Date(cluster.clock.now()).toISOString().slice(0, 19)}Z`;
  const ready = (name: string) => cluster.node(name)!.status!.conditions!.find(({ type }) => type === 'Ready')!;
  const taints = (name: string) =>
    (cluster.node(name)!.spec?.taints ?? []).map(({ key, effect }) => `${key.split('/')[1]}:${effect}`).sort();

  function createNode(name: string, labels: Record<string, string> = {}): void {
    cluster.api.create<V1Node>(NODES, undefined, { metadata: { name, labels }, spec: {}, status: {} });
    post(name);
    cluster.api.create<V1Lease>(LEASES, 'kube-node-lease', { metadata: { name }, spec: { renewTime: now() } });
  }

  /** As a kubelet posts its status. */
  function post(name: string, status = 'True'): void {
    cluster.api.change<V1Node>(NODES, name, undefined, (node) => ({
      ...node,
      status: { conditions: [{ type: 'Ready', status, lastHeartbeatTime: now(), lastTransitionTime: now() }] },
    }));
  }

  function renew(name: string): void {
    cluster.api.change<V1Lease>(LEASES, name, 'kube-node-lease', (lease) => ({ ...lease, spec: { renewTime: now() } }));
  }

  /** Time passes while the given nodes show signs of life. */
  async function pass(seconds: number, ...alive: string[]): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      for (const name of alive) renew(name);
      await cluster.clock.advance(1000);
    }
  }

  function createPod(name: string, node: string, tolerationSeconds?: number): void {
    const toleration: V1Toleration = { key: UNREACHABLE, operator: 'Exists', effect: 'NoExecute' };
    if (tolerationSeconds !== undefined) toleration.tolerationSeconds = tolerationSeconds;
    cluster.api.create(PODS, 'default', {
      metadata: { name },
      spec: { containers: [], nodeName: node, tolerations: [toleration] },
    });
    cluster.run(name, { node });
  }

  const all = ['nodelifecycle', 'taint-eviction'];

  it('takes a node for dead that neither posts its status nor renews its lease for forty seconds', async () => {
    createNode('alive');
    createNode('silent');
    createPod('on-silent', 'silent');
    createPod('on-alive', 'alive');
    await cluster.start(all);
    await pass(40, 'alive');
    assert.equal(ready('silent').status, 'True');
    await pass(6, 'alive');
    assert.deepEqual(
      [ready('silent').status, ready('silent').reason, ready('silent').message],
      ['Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.'],
    );
    assert.equal(ready('alive').status, 'True');
    assert.deepEqual(taints('silent'), ['unreachable:NoExecute', 'unreachable:NoSchedule']);
    assert.deepEqual(taints('alive'), []);
    const readiness = (name: string) => cluster.pod(name)!.status!.conditions![0]!.status;
    assert.deepEqual([readiness('on-silent'), readiness('on-alive')], ['False', 'True']);
    const events = cluster.events();
    assert.ok(events.includes('Normal NodeNotReady Node silent status is now: NodeNotReady'));
    assert.ok(events.includes('Warning NodeNotReady Node is not ready'));
    assert.ok(events.includes('Normal RegisteredNode Node alive event: Registered Node alive in Controller'));
  });

  it('takes the taints off and calls evictions off when the node is back', async () => {
    createNode('alive');
    createNode('silent');
    createPod('p', 'silent', 300);
    await cluster.start(all);
    await pass(46, 'alive');
    assert.equal(taints('silent').length, 2);
    post('silent');
    await pass(6, 'alive', 'silent');
    assert.deepEqual(taints('silent'), []);
    await pass(320, 'alive', 'silent');
    assert.equal(cluster.pod('p')!.metadata!.deletionTimestamp, undefined);
    assert.ok(cluster.events().includes('Normal TaintManagerEviction Cancelling deletion of Pod default/p'));
  });

  it('evicts pods once they have been there for as long as they tolerate', async () => {
    createNode('alive');
    createNode('silent');
    createPod('ten', 'silent', 10);
    createPod('for-ever', 'silent');
    createPod('default', 'silent', 300);
    cluster.api.create(PODS, 'default', {
      metadata: { name: 'intolerant' },
      spec: { containers: [], nodeName: 'silent' },
    });
    await cluster.start(all);
    await pass(46, 'alive');
    const going = () =>
      cluster
        .pods()
        .filter((pod) => pod.metadata?.deletionTimestamp)
        .map((pod) => pod.metadata?.name);
    assert.deepEqual(going(), ['intolerant']);
    await pass(11, 'alive');
    assert.deepEqual(going(), ['ten', 'intolerant']);
    const condition = cluster.pod('ten')!.status!.conditions!.find(({ type }) => type === 'DisruptionTarget')!;
    assert.deepEqual(
      [condition.status, condition.reason, condition.message],
      ['True', 'DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint'],
    );
    assert.ok(cluster.events().includes('Normal TaintManagerEviction Marking for deletion Pod default/ten'));
    await pass(289, 'alive');
    assert.deepEqual(going(), ['ten', 'default', 'intolerant']);
  });

  it('evicts nothing while no node at all is ready: the fault may be its own', async () => {
    createNode('a');
    createNode('b');
    createPod('p', 'a', 0);
    await cluster.start(all);
    await pass(120);
    assert.equal(ready('a').status, 'Unknown');
    assert.deepEqual(taints('a'), ['unreachable:NoSchedule']);
    assert.equal(cluster.pod('p')!.metadata!.deletionTimestamp, undefined);
    post('b');
    await pass(41, 'b');
    assert.deepEqual(taints('a'), ['unreachable:NoExecute', 'unreachable:NoSchedule'], 'b is back, so it is really a');
  });

  it('taints one node of a zone after the other', async () => {
    for (const name of ['alive', 'a', 'b']) createNode(name);
    await cluster.start(all);
    await pass(46, 'alive');
    const tainted = () => ['a', 'b'].filter((name) => taints(name).includes('unreachable:NoExecute')).length;
    assert.equal(tainted(), 1);
    await pass(11, 'alive');
    assert.equal(tainted(), 2);
  });

  it('exchanges the taint of a node that is heard of again but is not ready', async () => {
    createNode('alive');
    createNode('sick');
    await cluster.start(all);
    await pass(46, 'alive');
    post('sick', 'False');
    await pass(6, 'alive', 'sick');
    assert.deepEqual(taints('sick'), ['not-ready:NoExecute', 'not-ready:NoSchedule']);
  });

  it('keeps a cordoned node from being scheduled to', async () => {
    createNode('n', { 'kubernetes.io/os': 'linux' });
    await cluster.start(all);
    cluster.api.change<V1Node>(NODES, 'n', undefined, (node) => ({ ...node, spec: { unschedulable: true } }));
    await cluster.until('taint', () => taints('n').includes('unschedulable:NoSchedule'));
    cluster.api.change<V1Node>(NODES, 'n', undefined, (node) => ({ ...node, spec: { taints: node.spec!.taints! } }));
    await cluster.until('no taint', () => taints('n').length === 0);
    assert.equal(cluster.node('n')!.metadata!.labels!['beta.kubernetes.io/os'], 'linux');
  });

  it('evicts at once a pod that comes to a node that it does not tolerate', async () => {
    createNode('n');
    cluster.api.change<V1Node>(NODES, 'n', undefined, (node) => ({
      ...node,
      spec: { taints: [{ key: 'mine', effect: 'NoExecute' }] },
    }));
    await cluster.start(['taint-eviction']);
    cluster.api.create(PODS, 'default', { metadata: { name: 'p' }, spec: { containers: [] } });
    await cluster.clock.advance(1000);
    cluster.run('p', { node: 'n' });
    await cluster.until('evicted', () => cluster.pod('p')?.metadata?.deletionTimestamp);
  });
});
