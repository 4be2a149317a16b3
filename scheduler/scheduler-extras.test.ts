import assert from 'node:assert/strict';
import { settle } from '../base/fake-clock.ts';
import type { Plugin } from './framework.ts';
import { container, node, pod } from './testing/objects.ts';
import { RunningScheduler } from './testing/running.ts';

describe('the scheduler, told more', () => {
  let scheduler: RunningScheduler;

  beforeEach(() => {
    scheduler = new RunningScheduler();
  });
  afterEach(() => scheduler.stop());

  it('gives each pod the profile it asks for', async () => {
    const { api } = scheduler;
    for (const name of ['full', 'empty']) api.put('nodes', node(name));
    api.put('pods', pod('there', { nodeName: 'full', containers: [container({ cpu: '1', memory: '1Gi' })] }));
    const packing = {
      schedulerName: 'packing',
      plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: 'NodeResourcesFit' }] } },
      pluginConfig: [{ name: 'NodeResourcesFit', args: { scoringStrategy: { type: 'MostAllocated' } } }],
    };
    await scheduler.start({ configuration: { profiles: [{}, packing] } });
    const wants = (name: string, schedulerName: string) =>
      pod(name, { schedulerName, containers: [container({ cpu: '1', memory: '1Gi' })] });
    api.put('pods', wants('spread', 'default-scheduler'));
    await settle();
    api.put('pods', wants('packed', 'packing'));
    api.put('pods', wants('nobody', 'somebody-else'));
    await settle();
    assert.equal(scheduler.nodeOf('spread'), 'empty');
    assert.equal(scheduler.nodeOf('nobody'), undefined);
    assert.ok(scheduler.nodeOf('packed'));
  });

  it('tries the most important pods first', async () => {
    const { api } = scheduler;
    for (const priority of [1, 3, 2]) {
      api.put('pods', pod(`p${priority}`, { priority, containers: [container({ cpu: '3' })] }));
    }
    await scheduler.start();
    api.put('nodes', node('n1'));
    await settle();
    assert.equal(scheduler.nodeOf('p3'), 'n1');
    assert.equal(scheduler.nodeOf('p1'), undefined);
  });

  it('decides no faster than the server takes bindings', async () => {
    const { api } = scheduler;
    api.put('nodes', node('n1', { allocatable: { pods: '1000' } }));
    const held: (() => void)[] = [];
    api.intercept = ({ path }) =>
      path.endsWith('/binding') ? new Promise((resolve) => held.push(resolve)) : undefined;
    await scheduler.start();
    for (let i = 0; i < 300; i++) api.put('pods', pod(`p${i}`));
    for (let i = 0; i < 50; i++) await settle();
    assert.equal(held.length, 200);
    api.intercept = () => undefined;
    for (const release of held) release();
    for (let i = 0; i < 50; i++) await settle();
    assert.equal(api.writes.filter((write) => write.endsWith('/binding')).length, 300);
  });

  it('lets a Permit plugin hold a pod, and refuse it', async () => {
    const { api } = scheduler;
    api.put('nodes', node('n1'));
    let release: (refused: boolean) => void = () => undefined;
    const gate: Plugin = {
      name: 'Gate',
      events: { NodeLabel: () => true },
      permit: () => ({
        wait: new Promise((resolve) => {
          release = (refused) =>
            resolve(refused ? { plugin: 'Gate', reasons: ['closed for today'], resolvable: false } : undefined);
        }),
      }),
    };
    const profiles = [{ plugins: { permit: { enabled: [{ name: 'Gate' }] } } }];
    await scheduler.start({ configuration: { profiles }, plugins: { Gate: () => gate } });
    api.put('pods', pod('a'));
    await settle();
    assert.deepEqual(api.writes, []);
    release(true);
    await settle();
    assert.equal(scheduler.condition('a', 'PodScheduled')?.message, '0/1 nodes are available: 1 closed for today.');
    api.put('nodes', node('n1', { labels: { now: 'open' } }));
    await settle();
    release(false);
    await settle();
    assert.equal(scheduler.nodeOf('a'), 'n1');
  });

  it('ends though a Permit plugin has not decided, and writes no more', async () => {
    const { api } = scheduler;
    api.put('nodes', node('n1'));
    const gate: Plugin = { name: 'Gate', permit: () => ({ wait: new Promise(() => undefined) }) };
    const profiles = [{ plugins: { permit: { enabled: [{ name: 'Gate' }] } } }];
    await scheduler.start({ configuration: { profiles }, plugins: { Gate: () => gate } });
    api.put('pods', pod('a'));
    await settle();
    await scheduler.stop();
    assert.deepEqual(api.writes, []);
  });

  it('reports a plugin that fails as an error, and tries again after a while', async () => {
    const { api, clock } = scheduler;
    api.put('nodes', node('n1'));
    let broken = true;
    const odd: Plugin = {
      name: 'Odd',
      preFilter() {
        if (broken) throw new Error('out of order');
        return undefined;
      },
    };
    const profiles = [{ plugins: { preFilter: { enabled: [{ name: 'Odd' }] } } }];
    await scheduler.start({ configuration: { profiles }, plugins: { Odd: () => odd } });
    api.put('pods', pod('a'));
    await settle();
    const condition = scheduler.condition('a', 'PodScheduled');
    assert.equal(condition?.reason, 'SchedulerError');
    assert.equal(condition?.message, 'running PreFilter plugin "Odd": out of order');
    broken = false;
    await clock.advance(1000);
    assert.equal(scheduler.nodeOf('a'), 'n1');
  });

  it('places a pod near another as soon as that is placed', async () => {
    const { api } = scheduler;
    for (const name of ['n1', 'n2']) api.put('nodes', node(name));
    await scheduler.start();
    const podAffinityTerm = { labelSelector: { matchLabels: { app: 'db' } }, topologyKey: 'kubernetes.io/hostname' };
    api.put(
      'pods',
      pod('web', { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [podAffinityTerm] } } }),
    );
    await settle();
    assert.match(
      scheduler.condition('web', 'PodScheduled')?.message ?? '',
      /^0\/2 nodes are available: 2 node\(s\) didn't match pod affinity rules\. preemption:/,
    );
    api.put('pods', pod('other', {}, { labels: { app: 'cache' } }));
    await settle();
    assert.equal(scheduler.nodeOf('web'), undefined);
    api.put('pods', pod('db', {}, { labels: { app: 'db' } }));
    await settle();
    assert.ok(scheduler.nodeOf('db'));
    assert.equal(scheduler.nodeOf('web'), scheduler.nodeOf('db'));
  });
});
