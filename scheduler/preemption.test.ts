import assert from 'node:assert/strict';
import { settle } from '../base/fake-clock.ts';
import type { V1Pod, V1PodSpec } from '../openapi/generated/types.ts';
import { container, node, pod } from './testing/objects.ts';
import { RunningScheduler } from './testing/running.ts';

describe('preemption', () => {
  let scheduler: RunningScheduler;

  beforeEach(() => {
    scheduler = new RunningScheduler();
  });
  afterEach(() => scheduler.stop());

  const wants = (name: string, priority: number, spec: Partial<V1PodSpec> = {}): V1Pod =>
    pod(name, { priority, containers: [container({ cpu: '3' })], ...spec });
  /** On its node already; it takes its time to leave. */
  const placed = (name: string, priority: number, nodeName = 'n1', spec: Partial<V1PodSpec> = {}): V1Pod => ({
    ...wants(name, priority, { nodeName, terminationGracePeriodSeconds: 30, ...spec }),
    status: { phase: 'Running', startTime: '2026-01-01T00:00:00Z' },
  });

  it('marks and deletes the victim, promises its node, waits for it to leave, and places the pod', async () => {
    const { api, events } = scheduler;
    api.put('nodes', node('n1'));
    const victim = api.put('pods', placed('victim', 1));
    await scheduler.start();
    const preemptor = api.put('pods', wants('new', 10));
    await settle();
    assert.deepEqual(api.writes.filter((write) => write.includes('/victim')).sort(), [
      'DELETE /api/v1/namespaces/default/pods/victim',
      'PATCH /api/v1/namespaces/default/pods/victim/status',
    ]);
    const condition = scheduler.condition('victim', 'DisruptionTarget');
    assert.equal(condition?.status, 'True');
    assert.equal(condition?.reason, 'PreemptionByScheduler');
    assert.equal(condition?.message, 'default-scheduler: preempting to accommodate a higher priority pod');
    assert.equal(scheduler.pod('new')?.status?.nominatedNodeName, 'n1');
    assert.equal(scheduler.condition('new', 'PodScheduled')?.message, '0/1 nodes are available: 1 Insufficient cpu.');
    assert.ok(victim.metadata?.uid);
    assert.ok(
      events.includes(`Normal Preempted Pod victim: Preempted by pod ${preemptor.metadata?.uid} on node n1`),
      events.join('\n'),
    );
    assert.equal(scheduler.nodeOf('new'), undefined);
    api.remove('pods', 'default', 'victim');
    await settle();
    assert.equal(scheduler.nodeOf('new'), 'n1');
  });

  it('evicts nobody else while the victim is leaving', async () => {
    const { api } = scheduler;
    for (const name of ['n1', 'n2']) api.put('nodes', node(name));
    api.put('pods', placed('first', 1, 'n1'));
    api.put('pods', placed('second', 2, 'n2'));
    await scheduler.start();
    api.put('pods', wants('new', 10));
    await settle();
    // Something makes it try again: it is told to wait.
    api.put('nodes', node('n2', { allocatable: { cpu: '5' } }));
    await settle();
    assert.equal(
      scheduler.condition('new', 'PodScheduled')?.message,
      '0/2 nodes are available: 2 Insufficient cpu. ' +
        'preemption: not eligible due to a terminating pod on the nominated node.',
    );
    assert.equal(scheduler.pod('new')?.status?.nominatedNodeName, 'n1');
    assert.ok(!api.writes.some((write) => write.startsWith('DELETE') && write.endsWith('/second')));
  });

  it('keeps the promised room from pods that are less important', async () => {
    const { api } = scheduler;
    api.put('nodes', node('n1'));
    api.put('pods', placed('victim', 1));
    await scheduler.start();
    api.put('pods', wants('new', 10));
    await settle();
    api.put('pods', wants('low', 0));
    api.remove('pods', 'default', 'victim');
    await settle();
    assert.equal(scheduler.nodeOf('new'), 'n1');
    assert.equal(scheduler.nodeOf('low'), undefined);
  });

  it('takes a promise back from a pod when a more important one takes its node', async () => {
    const { api } = scheduler;
    api.put('nodes', node('n1'));
    api.put('pods', placed('victim', 1));
    await scheduler.start();
    api.put('pods', wants('middle', 5));
    await settle();
    assert.equal(scheduler.pod('middle')?.status?.nominatedNodeName, 'n1');
    // Not marked by us, as if another had asked it to leave: so the next may preempt at once.
    api.put('pods', placed('victim', 1));
    api.put('pods', wants('high', 10));
    await settle();
    assert.equal(scheduler.pod('high')?.status?.nominatedNodeName, 'n1');
    assert.equal(scheduler.pod('middle')?.status?.nominatedNodeName, undefined);
  });

  it('spares everybody for a pod with preemptionPolicy Never', async () => {
    const { api } = scheduler;
    api.put('nodes', node('n1'));
    api.put('pods', placed('victim', 1));
    await scheduler.start();
    api.put('pods', wants('new', 10, { preemptionPolicy: 'Never' }));
    await settle();
    assert.ok(!api.writes.some((write) => write.startsWith('DELETE')));
    assert.match(
      scheduler.condition('new', 'PodScheduled')?.message ?? '',
      /not eligible due to preemptionPolicy=Never/,
    );
  });

  it('prefers a node where no budget is broken', async () => {
    const { api } = scheduler;
    for (const name of ['n1', 'n2']) api.put('nodes', node(name));
    api.put('pods', {
      ...placed('guarded', 1, 'n1'),
      metadata: { ...placed('guarded', 1).metadata, labels: { app: 'x' } },
    });
    api.put('pods', placed('free', 5, 'n2'));
    api.put('poddisruptionbudgets', {
      metadata: { name: 'x', namespace: 'default' },
      spec: { selector: { matchLabels: { app: 'x' } } },
      status: { disruptionsAllowed: 0 },
    });
    await scheduler.start();
    api.put('pods', wants('new', 10));
    await settle();
    assert.equal(scheduler.pod('new')?.status?.nominatedNodeName, 'n2');
  });

  it('tries again when a victim could not be told', async () => {
    const { api } = scheduler;
    api.put('nodes', node('n1'));
    api.put('pods', placed('victim', 1));
    await scheduler.start();
    let refusals = 1;
    api.intercept = ({ method }) => {
      if (method === 'DELETE' && refusals-- > 0) throw new Error('not now');
    };
    api.put('pods', wants('new', 10));
    await settle();
    api.remove('pods', 'default', 'victim');
    await settle();
    assert.equal(scheduler.nodeOf('new'), 'n1');
    assert.equal(api.writes.filter((write) => write.startsWith('DELETE')).length, 2);
  });
});
