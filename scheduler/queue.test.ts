import assert from 'node:assert/strict';
import { FakeClock } from '../base/fake-clock.ts';
import type { EventHints } from './events.ts';
import { schedulingGates } from './plugins/scheduling-gates.ts';
import { podInfoOf } from './pod-info.ts';
import { SchedulingQueue } from './queue.ts';
import { node, pod } from './testing/objects.ts';

function setUp() {
  const clock = new FakeClock();
  let ready = 0;
  const fit: EventHints = {
    AssignedPodDelete: (_pod, gone) => gone.metadata?.name !== 'small',
    PodToleration: () => true,
  };
  const gates = schedulingGates();
  const queue = new SchedulingQueue({
    clock,
    hints: new Map([['Fit', fit]]),
    compare: (a, b) => b.priority - a.priority,
    preEnqueue: (info) => gates.preEnqueue?.(info),
    onReady: () => ready++,
  });
  const popName = () => queue.pop()?.info.pod.metadata?.name;
  const gone = (name = 'gone') => queue.moveOn('AssignedPodDelete', pod(name));
  /** Lets a pod fail `times` times for want of room. */
  const fail = (name: string, times = 1, by = new Set(['Fit'])) => {
    for (let i = 0; i < times; i++) {
      const queued = queue.pop() ?? { info: podInfoOf(pod(name)), failures: i, rejectedBy: new Set<string>() };
      queue.giveBackUnschedulable(queued, by);
      if (i < times - 1) gone();
    }
  };
  return { clock, queue, popName, fail, gone, readyCount: () => ready };
}

describe('SchedulingQueue', () => {
  it('gives the highest priority first, then the longest waiting', () => {
    const { queue, popName } = setUp();
    queue.set(pod('a'));
    queue.set(pod('b', { priority: 10 }));
    queue.set(pod('c'));
    assert.deepEqual([popName(), popName(), popName(), popName()], ['b', 'a', 'c', undefined]);
  });

  it('keeps one entry a pod and its latest state', () => {
    const { queue } = setUp();
    queue.set(pod('a'));
    queue.set(pod('a', {}, { labels: { new: 'yes' } }));
    assert.equal(queue.pop()?.info.pod.metadata?.labels?.new, 'yes');
    assert.equal(queue.pop(), undefined);
  });

  it('forgets a pod that was deleted', () => {
    const { queue, popName } = setUp();
    queue.set(pod('a'));
    queue.delete('default/a');
    assert.equal(popName(), undefined);
  });

  it('holds a pod with gates until the last one is gone', () => {
    const { queue, popName } = setUp();
    queue.set(pod('a', { schedulingGates: [{ name: 'x' }, { name: 'y' }] }));
    queue.set(pod('a', { schedulingGates: [{ name: 'y' }] }));
    assert.equal(popName(), undefined);
    queue.set(pod('a', { schedulingGates: [] }));
    assert.equal(popName(), 'a');
  });

  it('leaves an unschedulable pod alone until something relevant changes', () => {
    const { queue, popName, fail, gone } = setUp();
    queue.set(pod('a'));
    fail('a');
    queue.moveOn('NodeTaint', node('n1'));
    gone('small');
    assert.equal(queue.placeOf('default/a'), 'unschedulable');
    assert.equal(popName(), undefined);
    gone();
    assert.equal(popName(), 'a');
  });

  it('takes any change as relevant when no plugin is to blame', () => {
    const { queue, fail } = setUp();
    queue.set(pod('a'));
    fail('a', 1, new Set());
    queue.moveOn('NodeLabel', node('n1'));
    assert.equal(queue.placeOf('default/a'), 'backoff');
  });

  it('prefers active pods to those in back-off', () => {
    const { queue, popName, fail, gone } = setUp();
    queue.set(pod('a'));
    fail('a');
    gone();
    queue.set(pod('b'));
    assert.deepEqual([popName(), popName()], ['b', 'a']);
  });

  it('tries a pod again after a relevant change of its spec, but not of its status', () => {
    const { queue, fail } = setUp();
    queue.set(pod('a'));
    fail('a');
    queue.set({ ...pod('a'), status: { phase: 'Pending', message: 'x' } });
    assert.equal(queue.placeOf('default/a'), 'unschedulable');
    queue.set(pod('a', {}, { labels: { irrelevant: 'yes' } }));
    assert.equal(queue.placeOf('default/a'), 'unschedulable');
    queue.set(pod('a', { tolerations: [{ operator: 'Exists' }] }));
    assert.equal(queue.placeOf('default/a'), 'backoff');
  });

  it('tries an unschedulable pod again after five minutes', async () => {
    const { clock, queue, popName, fail } = setUp();
    queue.set(pod('a'));
    fail('a');
    await clock.advance(5 * 60_000 - 1);
    assert.equal(popName(), undefined);
    await clock.advance(1);
    assert.equal(popName(), 'a');
  });

  it('spaces attempts after errors from 1 s to 10 s', async () => {
    const { clock, queue } = setUp();
    queue.set(pod('a'));
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      const queued = queue.pop();
      assert.ok(queued);
      queue.giveBackFailed(queued);
      const start = clock.now();
      while (queue.placeOf('default/a') === 'backoff') await clock.advance(500);
      waits.push(clock.now() - start);
    }
    assert.deepEqual(waits, [1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  it('says when there is something to take', async () => {
    const { clock, queue, readyCount } = setUp();
    queue.set(pod('a'));
    assert.equal(readyCount(), 1);
    const queued = queue.pop();
    assert.ok(queued);
    queue.giveBackFailed(queued);
    assert.equal(readyCount(), 1);
    await clock.advance(1000);
    assert.equal(readyCount(), 2);
  });

  it('leaves no timer when it is closed', () => {
    const { clock, queue, fail } = setUp();
    queue.set(pod('a'));
    fail('a');
    assert.equal(clock.timers, 1);
    queue.close();
    assert.equal(clock.timers, 0);
    queue.set(pod('b'));
    assert.equal(queue.pop(), undefined);
  });
});
