import assert from 'node:assert/strict';
import { FakeClock, settle } from '../../base/fake-clock.ts';
import { silentLog } from '../../base/log.ts';
import { seededRandom } from '../../base/random.ts';
import { Client } from '../../client/client.ts';
import { FakeApi } from '../../client/fake-api.ts';
import { LEASES, NODES, PODS } from '../../client/resources.ts';
import type { V1Lease, V1Node, V1Pod, V1PodSpec } from '../../openapi/generated/types.ts';
import { conflict, OBJECT_MODIFIED, serviceUnavailable } from '../../openapi/status.ts';
import { type Simulation, type SimulationOptions, startSimulation } from './simulation.ts';

describe('A simulation', () => {
  let clock: FakeClock;
  let api: FakeApi;
  let stop: AbortController;
  let simulation: Simulation | undefined;

  const start = async (more: Partial<SimulationOptions> = {}): Promise<Simulation> => {
    const common = { client: new Client(api), clock, random: seededRandom(1), log: silentLog };
    simulation = startSimulation({ ...common, signal: stop.signal, count: 2, ...more });
    await simulation.ready;
    await quiet();
    return simulation;
  };
  /** Lets everything happen that needs no time. */
  const quiet = async () => {
    for (let i = 0; i < 20; i++) await settle();
  };
  const node = (name: string) => api.peek<V1Node>(NODES, name) as V1Node;
  const lease = (name: string) => api.peek<V1Lease>(LEASES, name, 'kube-node-lease');
  const pod = (name: string) => api.peek<V1Pod>(PODS, name, 'default');
  const phases = () => api.all<V1Pod>(PODS).map(({ status }) => status?.phase ?? '');
  const bind = async (name: string, spec: Partial<V1PodSpec> = {}, metadata: V1Pod['metadata'] = {}) => {
    const containers = [{ name: 'web', image: 'x' }];
    api.create<V1Pod>(PODS, 'default', {
      metadata: { name, ...metadata },
      spec: { nodeName: 'node-0', containers, ...spec },
      status: { phase: 'Pending' },
    });
    await quiet();
  };
  const annotateNode = async (name: string, annotations: Record<string, string>) => {
    api.change<V1Node>(NODES, name, undefined, (old) => ({ ...old, metadata: { ...old.metadata, annotations } }));
    await quiet();
  };
  const silence = (name: string, silent: boolean) =>
    annotateNode(name, silent ? { 'simulation.kubets.dev/silent': 'true' } : {});
  const podWrites = () => api.writes.filter((write) => write.includes('/pods/')).length;

  beforeEach(() => {
    clock = new FakeClock();
    api = new FakeApi({ clock, resources: [NODES, PODS, LEASES] });
    stop = new AbortController();
    simulation = undefined;
  });

  afterEach(async () => {
    stop.abort();
    await simulation?.stop();
    assert.equal(clock.timers, 0, 'no timer is left');
    assert.equal(api.openWatches, 0, 'no watch is left');
  });

  describe('of nodes', () => {
    it('makes them as it was asked to, in zones in turn, each with networks of its own', async () => {
      await start({
        count: 3,
        prefix: 'sim',
        shape: {
          capacity: { cpu: '4', 'example.com/gpu': '2' },
          labels: { tier: 'x' },
          taints: [{ key: 'k', effect: 'NoSchedule' }],
          zones: [{ zone: 'a', region: 'r' }, { zone: 'b' }],
        },
      });
      const made = node('sim-0');
      assert.deepEqual(
        [0, 1, 2].map((index) => node(`sim-${index}`).metadata?.labels?.['topology.kubernetes.io/zone']),
        ['a', 'b', 'a'],
      );
      const labels = made.metadata?.labels ?? {};
      assert.deepEqual(
        [labels.tier, labels['kubernetes.io/hostname'], labels['topology.kubernetes.io/region']],
        ['x', 'sim-0', 'r'],
      );
      assert.deepEqual(made.spec?.taints, [{ key: 'k', effect: 'NoSchedule' }]);
      const has = { cpu: '4', memory: '256Gi', 'ephemeral-storage': '1Ti', pods: '110', 'example.com/gpu': '2' };
      assert.deepEqual([made.status?.capacity, made.status?.allocatable], [has, has]);
      const networks = [0, 1, 2].map((index) => {
        const { spec, status } = node(`sim-${index}`);
        return `${spec?.podCIDR} ${status?.addresses?.[0]?.address}`;
      });
      assert.deepEqual(networks, ['10.128.0.0/24 100.64.0.1', '10.128.1.0/24 100.64.0.2', '10.128.2.0/24 100.64.0.3']);
      const ready = made.status?.conditions?.find(({ type }) => type === 'Ready');
      assert.equal(ready?.status, 'True');
    });

    it('renews their leases, spread over the period', async () => {
      await start({ count: 20, leaseDurationSeconds: 15, leaseRenewMs: 10_000 });
      const renewals = () => api.writes.filter((write) => write.startsWith('PUT') && write.includes('/leases/')).length;
      assert.deepEqual(lease('node-7')?.spec, {
        holderIdentity: 'node-7',
        leaseDurationSeconds: 15,
        renewTime: '2026-01-01T00:00:00.000000Z',
      });
      assert.equal(lease('node-7')?.metadata?.ownerReferences?.[0]?.uid, node('node-7').metadata?.uid);
      const perSecond: number[] = [];
      for (let second = 0; second < 10; second++) {
        const before = renewals();
        await clock.advance(1000);
        perSecond.push(renewals() - before);
      }
      assert.ok(Math.max(...perSecond) <= 6, `spread: ${perSecond}`);
      assert.ok(renewals() >= 19 && renewals() <= 21, `once each: ${renewals()}`);
      await clock.advance(10_000);
      assert.ok(renewals() >= 38 && renewals() <= 42, `twice each: ${renewals()}`);
    });

    it('writes a status that has not changed as rarely as a kubelet', async () => {
      await start({ statusReportMs: 60_000 });
      const writes = () => api.writes.filter((write) => write.endsWith('/nodes/node-0/status')).length;
      await clock.advance(60_000);
      const before = writes();
      assert.ok(before <= 2, String(before));
      await clock.advance(120_000);
      assert.equal(writes() - before, 2);
    });

    it('lets a node fall silent and come back', async () => {
      await start();
      await silence('node-0', true);
      const silent = lease('node-0')?.spec?.renewTime;
      await bind('web');
      await clock.advance(60_000);
      assert.equal(lease('node-0')?.spec?.renewTime, silent);
      assert.notEqual(lease('node-1')?.spec?.renewTime, silent);
      assert.deepEqual(phases(), ['Pending']);
      api.change<V1Node>(NODES, 'node-0', undefined, (old) => ({
        ...old,
        status: { ...old.status, conditions: [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' }] },
      }));
      await silence('node-0', false);
      assert.equal(lease('node-0')?.spec?.renewTime, '2026-01-01T00:01:00.000000Z');
      assert.equal(node('node-0').status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
      assert.deepEqual(phases(), ['Running']);
    });

    it('plays nodes that somebody else has made, and leaves those alone that are not its own', async () => {
      const labels = { 'simulation.kubets.dev/simulator': 'kubets' };
      api.create<V1Node>(NODES, undefined, {
        metadata: { name: 'theirs', labels },
        status: { capacity: { pods: '1' } },
      });
      api.create<V1Node>(NODES, undefined, { metadata: { name: 'real' } });
      await start({ count: 1 });
      assert.equal(node('theirs').status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
      assert.deepEqual(node('theirs').status?.capacity, { pods: '1' });
      assert.equal(node('real').status, undefined);
      await bind('web', { nodeName: 'theirs' });
      await bind('elsewhere', { nodeName: 'real' });
      assert.deepEqual([pod('web')?.status?.phase, pod('elsewhere')?.status?.phase], ['Running', 'Pending']);
    });

    it('goes on with the nodes there are when it starts anew, without giving an address twice', async () => {
      await start();
      await bind('web');
      const ip = pod('web')?.status?.podIP;
      await simulation?.stop();
      await start({ count: 3 });
      await bind('other');
      assert.notEqual(pod('other')?.status?.podIP, ip);
      assert.equal(new Set(api.all<V1Node>(NODES).map(({ spec }) => spec?.podCIDR)).size, 3);
    });

    it('lets go of a node that is deleted', async () => {
      await start();
      api.remove(NODES, 'node-0');
      await quiet();
      const before = api.writes.filter((write) => write.includes('node-0')).length;
      await clock.advance(30_000);
      assert.equal(api.writes.filter((write) => write.includes('node-0')).length, before);
      assert.equal(simulation?.nodes.size, 1);
    });

    it('says how many nodes there is room for', async () => {
      simulation = startSimulation({
        ...{ client: new Client(api), clock, random: seededRandom(1), log: silentLog, signal: stop.signal },
        count: 3,
        podCidr: '10.0.0.0/23',
      });
      await assert.rejects(simulation.ready, /there is room for 2 simulated nodes/);
    });
  });

  describe('of pods', () => {
    it('runs what is bound to its nodes, each at an address of its own, with one write', async () => {
      await start();
      for (const name of ['a', 'b', 'c']) await bind(name);
      await bind('d', { nodeName: 'node-1' });
      assert.deepEqual(phases(), ['Running', 'Running', 'Running', 'Running']);
      const addresses = api.all<V1Pod>(PODS).map(({ status }) => status?.podIP);
      assert.deepEqual(addresses, ['10.128.0.2', '10.128.0.3', '10.128.0.4', '10.128.1.2']);
      await clock.advance(60_000);
      assert.equal(podWrites(), 4);
    });

    it('follows their stages in time', async () => {
      await start();
      const annotations = { 'simulation.kubets.dev/start-seconds': '2', 'simulation.kubets.dev/run-seconds': '1.5' };
      await bind('job', { restartPolicy: 'Never' }, { annotations });
      const seen = [phases()[0]];
      for (const ms of [1999, 1, 1499, 1]) {
        await clock.advance(ms);
        seen.push(phases()[0]);
      }
      assert.deepEqual(seen, ['Pending', 'Pending', 'Running', 'Running', 'Succeeded']);
      assert.equal(simulation?.pods.size, 0);
    });

    it('heeds what the annotations of their node say of all of them', async () => {
      await start({ shape: { annotations: { 'simulation.kubets.dev/start-seconds': '0.5' } } });
      await bind('web');
      assert.deepEqual(phases(), ['Pending']);
      await clock.advance(500);
      assert.deepEqual(phases(), ['Running']);
    });

    it('makes one ready or not as its annotation changes', async () => {
      await start();
      await bind('web', {}, { annotations: { 'simulation.kubets.dev/ready': 'false' } });
      const ready = () => pod('web')?.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
      assert.equal(ready(), 'False');
      api.change<V1Pod>(PODS, 'web', 'default', (old) => ({ ...old, metadata: { ...old.metadata, annotations: {} } }));
      await quiet();
      assert.equal(ready(), 'True');
    });

    it('ends one that is deleted, and asks for its object to go once', async () => {
      await start();
      await bind('web', {}, { finalizers: ['x/y'] });
      await new Client(api).pods.delete('web', 'default', { gracePeriodSeconds: 30 });
      await quiet();
      await clock.advance(60_000);
      assert.equal(pod('web')?.status?.phase, 'Succeeded');
      assert.equal(api.writes.filter((write) => write.startsWith('DELETE')).length, 2);
    });

    it('refuses what is beyond the node’s capacity, until something ends', async () => {
      await start({ shape: { capacity: { pods: '1' } } });
      await bind('first');
      await bind('second');
      assert.deepEqual([pod('second')?.status?.phase, pod('second')?.status?.reason], ['Failed', 'OutOfpods']);
      assert.match(pod('second')?.status?.message ?? '', /pods, requested: 1, used: 1, capacity: 1$/);
      api.remove(PODS, 'first', 'default');
      await bind('third');
      assert.equal(pod('third')?.status?.phase, 'Running');
    });

    it('tries again what the server could not take', async () => {
      await start();
      let failures = 3;
      api.intercept = (call) => {
        if (call.method === 'PATCH' && call.path.endsWith('/pods/web/status') && failures-- > 0) {
          throw serviceUnavailable('later');
        }
      };
      await bind('web');
      assert.deepEqual(phases(), ['Pending']);
      await clock.advance(1000);
      assert.deepEqual(phases(), ['Running']);
    });

    it('tries each write again that fails, the later ones and those that met a conflict, too', async () => {
      await start();
      let isRefused = true;
      api.intercept = (call) => {
        if (call.method !== 'PATCH' || !call.path.endsWith('/pods/web/status')) return;
        isRefused = !isRefused;
        if (!isRefused) throw conflict(PODS, 'web', OBJECT_MODIFIED);
      };
      await bind('web', { restartPolicy: 'Never' }, { annotations: { 'simulation.kubets.dev/run-seconds': '2' } });
      await clock.advance(1000);
      assert.deepEqual(phases(), ['Running']);
      await clock.advance(2000);
      assert.deepEqual(phases(), ['Succeeded']);
    });

    it('does not write for ever to a server that drops fields', async () => {
      await start();
      api.intercept = (call) => {
        const { status } = (call.body ?? {}) as V1Pod;
        if (call.path.endsWith('/pods/web/status')) delete status?.hostIPs;
      };
      await bind('web');
      for (let change = 0; change < 5; change++) {
        api.change<V1Pod>(PODS, 'web', 'default', (old) => ({
          ...old,
          metadata: { ...old.metadata, labels: { change: String(change) } },
        }));
        await clock.advance(1000);
      }
      assert.equal(pod('web')?.status?.hostIPs, undefined);
      assert.ok(podWrites() <= 7, `${podWrites()} writes`);
    });

    it('takes a pod that comes again under its name for another', async () => {
      await start();
      await bind('web');
      api.remove(PODS, 'web', 'default');
      await bind('web');
      assert.deepEqual([pod('web')?.status?.phase, pod('web')?.status?.podIP], ['Running', '10.128.0.3']);
    });
  });
});
