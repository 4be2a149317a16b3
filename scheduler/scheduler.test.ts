import assert from 'node:assert/strict';
import { FakeClock, settle } from '../base/fake-clock.ts';
import { silentLog } from '../base/log.ts';
import { seededRandom } from '../base/random.ts';
import { Client } from '../client/client.ts';
import type { EventRecorder } from '../client/events.ts';
import type { V1Pod } from '../openapi/generated/types.ts';
import { conflict } from '../openapi/status.ts';
import { startScheduler } from './scheduler.ts';
import { FakeApi } from './testing/fake-api.ts';
import { container, node, pod } from './testing/objects.ts';

describe('the scheduler', () => {
  let api: FakeApi;
  let clock: FakeClock;
  let stopping: AbortController;
  let done: Promise<void>;
  let events: string[];

  beforeEach(async () => {
    api = new FakeApi();
    clock = new FakeClock();
    stopping = new AbortController();
    events = [];
  });

  afterEach(async () => {
    stopping.abort();
    await clock.advance(0);
    await done;
    assert.equal(clock.timers, 0, 'timers are left');
  });

  async function start(): Promise<void> {
    const recorder: EventRecorder = {
      event: (object, type, reason, message) =>
        events.push(`${type} ${reason} ${object.kind} ${object.metadata?.name}: ${message}`),
      flush: async () => undefined,
    };
    const client = new Client(api);
    const options = { client, clock, random: seededRandom(1), log: silentLog, signal: stopping.signal, recorder };
    const started = await startScheduler(options);
    done = started.done;
    await started.synced;
    await settle();
  }

  const nodeOf = (name: string) => api.get<V1Pod>('pods', 'default', name)?.spec?.nodeName;
  const scheduledOf = (name: string) =>
    api.get<V1Pod>('pods', 'default', name)?.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const wantsCpu = (name: string, cpu: string) => pod(name, { containers: [container({ cpu })] });

  it('binds a pod as soon as it is created', async () => {
    api.put('nodes', node('n1'));
    await start();
    api.put('pods', pod('a'));
    await settle();
    assert.equal(nodeOf('a'), 'n1');
    assert.deepEqual(events, ['Normal Scheduled Pod a: Successfully assigned default/a to n1']);
    assert.deepEqual(api.writes, ['POST /api/v1/namespaces/default/pods/a/binding']);
  });

  it('binds pods that were there before it started', async () => {
    api.put('nodes', node('n1'));
    api.put('pods', pod('a'));
    await start();
    assert.equal(nodeOf('a'), 'n1');
  });

  it('leaves pods of other schedulers, with gates, and with a node alone', async () => {
    api.put('nodes', node('n1'));
    await start();
    api.put('pods', pod('other', { schedulerName: 'mine' }));
    api.put('pods', pod('gated', { schedulingGates: [{ name: 'wait' }] }));
    api.put('pods', pod('placed', { nodeName: 'n9' }));
    await settle();
    assert.deepEqual(api.writes, []);
    api.put('pods', pod('gated'));
    await settle();
    assert.equal(nodeOf('gated'), 'n1');
  });

  it('counts pods it has just placed before the watch confirms them', async () => {
    api.put('nodes', node('n1'));
    let release = () => undefined as unknown;
    const held = new Promise<unknown>((resolve) => (release = () => resolve(undefined)));
    api.intercept = async ({ path }) => {
      if (path.endsWith('/binding')) await held;
    };
    await start();
    for (const name of ['a', 'b']) api.put('pods', wantsCpu(name, '3'));
    await settle();
    assert.deepEqual(
      api.writes.filter((write) => write.endsWith('/binding')),
      ['POST /api/v1/namespaces/default/pods/a/binding'],
    );
    assert.equal(scheduledOf('b')?.message?.split('.')[0], '0/1 nodes are available: 1 Insufficient cpu');
    release();
    await settle();
    assert.equal(nodeOf('a'), 'n1');
    assert.equal(nodeOf('b'), undefined);
  });

  it('reports a pod that fits nowhere, once for the same message, and places it when room appears', async () => {
    await start();
    api.put('pods', pod('a'));
    await settle();
    const condition = scheduledOf('a');
    assert.equal(condition?.status, 'False');
    assert.equal(condition?.reason, 'Unschedulable');
    assert.equal(condition?.message, 'no nodes available to schedule pods');
    assert.deepEqual(events, ['Warning FailedScheduling Pod a: no nodes available to schedule pods']);
    await clock.advance(5 * 60_000);
    assert.equal(events.length, 2);
    assert.equal(api.writes.length, 1, 'the condition did not change');
    api.put('nodes', node('n1'));
    await settle();
    assert.equal(nodeOf('a'), 'n1');
    assert.equal(scheduledOf('a')?.status, 'True');
  });

  for (const [title, change] of [
    ['is deleted', (api: FakeApi) => api.remove('pods', 'default', 'first')],
    [
      'has ended',
      (api: FakeApi) =>
        api.put('pods', {
          ...wantsCpu('first', '3'),
          spec: { containers: [], nodeName: 'n1' },
          status: { phase: 'Succeeded' },
        }),
    ],
    ['leaves a node with more room', (api: FakeApi) => api.put('nodes', node('n1', { allocatable: { cpu: '8' } }))],
  ] as const) {
    it(`tries a pod again when another ${title}`, async () => {
      api.put('nodes', node('n1'));
      api.put('pods', wantsCpu('first', '3'));
      await start();
      api.put('pods', wantsCpu('second', '3'));
      await settle();
      assert.equal(nodeOf('second'), undefined);
      change(api);
      await settle();
      assert.equal(nodeOf('second'), 'n1');
    });
  }

  it('tries again after a failed binding, with back-off, and gives the room back meanwhile', async () => {
    api.put('nodes', node('n1'));
    await start();
    api.intercept = ({ path }) => {
      if (path.endsWith('/a/binding')) throw conflict({ group: '', resource: 'pods/binding' }, 'a', 'not now');
    };
    api.put('pods', wantsCpu('a', '3'));
    await settle();
    assert.equal(scheduledOf('a')?.reason, 'SchedulerError');
    api.put('pods', wantsCpu('b', '3'));
    await settle();
    assert.equal(nodeOf('b'), 'n1');
    api.remove('pods', 'default', 'b');
    api.intercept = () => undefined;
    await clock.advance(999);
    assert.equal(nodeOf('a'), undefined);
    await clock.advance(1);
    assert.equal(nodeOf('a'), 'n1');
  });

  it('forgets a pod that was deleted while it was being bound', async () => {
    api.put('nodes', node('n1'));
    await start();
    api.intercept = ({ path }) => {
      if (path.endsWith('/binding')) api.remove('pods', 'default', 'a');
    };
    api.put('pods', wantsCpu('a', '3'));
    await settle();
    api.intercept = () => undefined;
    api.put('pods', wantsCpu('b', '3'));
    await settle();
    assert.equal(nodeOf('b'), 'n1');
    assert.deepEqual(events, ['Normal Scheduled Pod b: Successfully assigned default/b to n1']);
  });

  it('binds only after its last word about a failure has arrived', async () => {
    await start();
    let release = () => undefined as unknown;
    const held = new Promise<unknown>((resolve) => (release = () => resolve(undefined)));
    api.intercept = async ({ method }) => {
      if (method === 'PATCH') await held;
    };
    api.put('pods', pod('a'));
    await settle();
    api.put('nodes', node('n1'));
    await settle();
    assert.deepEqual(api.writes, ['PATCH /api/v1/namespaces/default/pods/a/status']);
    release();
    await settle();
    assert.equal(nodeOf('a'), 'n1');
    assert.equal(scheduledOf('a')?.status, 'True');
  });

  it('binds a pod once, though it changes while it is being bound', async () => {
    api.put('nodes', node('n1'));
    await start();
    let release = () => undefined as unknown;
    const held = new Promise<unknown>((resolve) => (release = () => resolve(undefined)));
    api.intercept = async ({ path }) => {
      if (path.endsWith('/binding')) await held;
    };
    api.put('pods', pod('a'));
    await settle();
    api.put('pods', pod('a', {}, { labels: { changed: 'yes' } }));
    await settle();
    release();
    await settle();
    assert.deepEqual(api.writes, ['POST /api/v1/namespaces/default/pods/a/binding']);
  });

  it('does not place a pod that is being deleted', async () => {
    api.put('nodes', node('n1'));
    await start();
    api.put('pods', pod('a', {}, { deletionTimestamp: '2026-01-01T00:00:00Z' }));
    await settle();
    assert.deepEqual(api.writes, []);
    assert.deepEqual(events, ['Warning FailedScheduling Pod a: skip schedule deleting pod: default/a']);
  });

  it('tries a pod again when another asks for less', async () => {
    api.put('nodes', node('n1'));
    api.put('pods', pod('first', { nodeName: 'n1', containers: [container({ cpu: '3' })] }));
    await start();
    api.put('pods', wantsCpu('second', '3'));
    await settle();
    assert.equal(nodeOf('second'), undefined);
    api.put('pods', pod('first', { nodeName: 'n1', containers: [container({ cpu: '1' })] }));
    await settle();
    assert.equal(nodeOf('second'), 'n1');
  });

  it('places nothing on a node that is gone', async () => {
    api.put('nodes', node('n1'));
    await start();
    api.remove('nodes', undefined, 'n1');
    await settle();
    api.put('pods', pod('a'));
    await settle();
    assert.equal(scheduledOf('a')?.message, 'no nodes available to schedule pods');
  });

  it('places a thousand pods over ten nodes evenly, within their limits', async () => {
    for (let i = 0; i < 10; i++) api.put('nodes', node(`n${i}`));
    await start();
    for (let i = 0; i < 1000; i++) api.put('pods', wantsCpu(`p${i}`, '40m'));
    for (let i = 0; i < 200 && api.writes.length < 1000; i++) await settle();
    const counts = new Map<string, number>();
    for (const { spec } of api.list<V1Pod>('pods')) {
      counts.set(spec?.nodeName ?? '', (counts.get(spec?.nodeName ?? '') ?? 0) + 1);
    }
    assert.deepEqual(
      [...counts.values()],
      Array.from({ length: 10 }, () => 100),
    );
  });
});
