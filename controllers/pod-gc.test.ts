import assert from 'node:assert/strict';
import { NODES, PODS } from '../client/resources.ts';
import type { V1Pod } from '../openapi/generated/types.ts';
import { FakeCluster } from './runtime/fake-cluster.ts';

describe('pod garbage collector', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0);
  });

  const create = (name: string, spec: object, more: Partial<V1Pod> = {}) =>
    cluster.api.create<V1Pod>(PODS, 'default', { metadata: { name }, spec: { containers: [], ...spec }, ...more });
  const createNode = (name: string) => cluster.api.create(NODES, undefined, { metadata: { name } });

  it('deletes the pods of a node that has been gone for forty seconds, without grace', async () => {
    createNode('n1');
    createNode('n2');
    create('a', { nodeName: 'n1' });
    create('b', { nodeName: 'n2' });
    await cluster.start(['podgc']);
    cluster.api.remove(NODES, 'n1');
    await cluster.clock.advance(39_999);
    assert.ok(cluster.pod('a'));
    await cluster.clock.advance(1);
    await cluster.until('a is gone', () => !cluster.pod('a'));
    assert.ok(cluster.pod('b'));
    const patch = cluster.api.calls.find((call) => call.method === 'PATCH')!;
    assert.equal(patch.path, '/api/v1/namespaces/default/pods/a/status');
    const { status } = patch.body as V1Pod;
    assert.equal(status!.phase, 'Failed');
    assert.deepEqual(
      status!.conditions!.map(({ type, reason, message }) => [type, reason, message]),
      [['DisruptionTarget', 'DeletionByPodGC', 'PodGC: node no longer exists']],
    );
  });

  it('spares them when the node comes back, or when only the copy lacks it', async () => {
    createNode('n1');
    create('a', { nodeName: 'n1' });
    await cluster.start(['podgc']);
    cluster.api.remove(NODES, 'n1');
    await cluster.clock.advance(20_000);
    createNode('n1');
    await cluster.clock.advance(60_000);
    assert.ok(cluster.pod('a'));
    cluster.api.remove(NODES, 'n1');
    cluster.api.intercept = async (call) => {
      if (call.path === '/api/v1/nodes/n1' && !cluster.node('n1')) createNode('n1');
    };
    await cluster.clock.advance(60_000);
    assert.ok(cluster.pod('a'));
  });

  it('deletes pods of a node that it never saw', async () => {
    create('a', { nodeName: 'ghost' });
    await cluster.start(['podgc']);
    await cluster.clock.advance(40_000);
    await cluster.until('gone', () => !cluster.pod('a'));
  });

  it('deletes a pod that is being deleted and was never on a node', async () => {
    create('a', {}, { metadata: { name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z' } });
    create('b', {});
    await cluster.start(['podgc']);
    await cluster.clock.advance(2000);
    await cluster.until('gone', () => !cluster.pod('a'));
    assert.ok(cluster.pod('b'));
  });

  it('deletes the oldest finished pods beyond the threshold', async () => {
    createNode('n1');
    for (const [name, phase, second] of [
      ['first', 'Succeeded', 1],
      ['third', 'Failed', 3],
      ['second', 'Failed', 2],
      ['running', 'Running', 0],
    ] as const) {
      const metadata = { name, creationTimestamp: `2026-01-01T00:00:0${second}Z` };
      create(name, { nodeName: 'n1' }, { metadata, status: { phase } });
    }
    await cluster.start(['podgc'], { podGc: { terminatedPodThreshold: 1 } });
    await cluster.clock.advance(20_000);
    await cluster.until('two are gone', () => cluster.pods().length === 2);
    assert.deepEqual(
      cluster.pods().map((pod) => pod.metadata?.name),
      ['third', 'running'],
    );
  });
});
