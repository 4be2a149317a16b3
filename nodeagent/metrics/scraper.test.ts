import assert from 'node:assert/strict';
import { FakeClock } from '../../base/fake-clock.ts';
import { silentLog } from '../../base/log.ts';
import { Client } from '../../client/client.ts';
import { FakeApi } from '../../client/fake-api.ts';
import { NODES } from '../../client/resources.ts';
import type { V1Node, V1Pod } from '../../openapi/generated/types.ts';
import { serviceUnavailable } from '../../openapi/status.ts';
import { SIMULATOR_LABEL } from '../simulation/node-object.ts';
import { MetricsScraper } from './scraper.ts';

const PERIOD_MS = 15_000;
const DECLARED = { 'simulation.kubets.dev/cpu': '250m', 'simulation.kubets.dev/memory': '1Mi' };

function podOn(nodeName: string, uid = 'u'): V1Pod {
  return {
    metadata: { name: 'p', namespace: 'default', uid, annotations: DECLARED },
    spec: { nodeName, containers: [] },
    status: {
      containerStatuses: [{ name: 'c', image: 'i', imageID: '', ready: true, restartCount: 0, state: { running: {} } }],
    },
  };
}

describe('the metrics scraper', () => {
  let clock: FakeClock;
  let api: FakeApi;
  let scraper: MetricsScraper;
  let stopping: AbortController;
  let running: Promise<void>;
  /** What kubelets answer, by node; what is not here does not answer. */
  let summaries: Map<string, object>;
  let asked: string[];

  beforeEach(() => {
    clock = new FakeClock();
    api = new FakeApi({ clock, resources: [NODES] });
    summaries = new Map();
    asked = [];
    const rest = api.call.bind(api);
    api.call = async (call) => {
      const [, name] = /^\/api\/v1\/nodes\/([^/]+)\/proxy\/stats\/summary$/.exec(call.path) ?? [];
      if (name === undefined) return rest(call);
      asked.push(name);
      const found = summaries.get(name);
      if (!found) throw serviceUnavailable('nobody there');
      return found;
    };
    scraper = new MetricsScraper({ clock, log: silentLog, periodMs: PERIOD_MS });
    stopping = new AbortController();
    running = scraper.run(new Client(api), stopping.signal);
  });
  afterEach(async () => {
    stopping.abort();
    await running;
    assert.equal(clock.timers, 0, 'no timer is left');
  });

  function node(name: string, labels: Record<string, string> = {}): V1Node {
    return api.create<V1Node>(NODES, undefined, { metadata: { name, labels } });
  }

  function summaryOf(nanos: number): object {
    const cpu = { time: '', usageNanoCores: nanos, usageCoreNanoSeconds: 0 };
    const memory = { time: '', workingSetBytes: 7 };
    const containers = [{ name: 'c', startTime: '2025-01-01T00:00:00Z', cpu, memory }];
    const podRef = { name: 'p', namespace: 'default', uid: 'u' };
    return { node: { cpu, memory }, pods: [{ podRef, containers }] };
  }

  const cpuOf = (of: V1Node) => scraper.node(of, () => [])?.usage.cpuNanos;

  it('asks every kubelet each period', async () => {
    const [a, b] = [node('a'), node('b')];
    summaries.set('a', summaryOf(1)).set('b', summaryOf(2));
    await clock.advance(PERIOD_MS);
    assert.deepEqual([cpuOf(a), cpuOf(b)], [1, 2]);
    assert.deepEqual(asked.sort(), ['a', 'b']);
    summaries.set('a', summaryOf(3));
    await clock.advance(PERIOD_MS);
    assert.deepEqual([cpuOf(a), cpuOf(b)], [3, 2]);
  });

  it('tells what a pod uses, unless it is another by now', async () => {
    const on = node('a');
    summaries.set('a', summaryOf(5));
    await clock.advance(PERIOD_MS);
    assert.deepEqual(scraper.pod(podOn('a'), on)?.containers, [{ name: 'c', usage: { cpuNanos: 5, memoryBytes: 7 } }]);
    assert.equal(scraper.pod(podOn('a', 'other'), on), undefined);
  });

  it('keeps the figures of a kubelet that does not answer for a while', async () => {
    const a = node('a');
    summaries.set('a', summaryOf(1));
    await clock.advance(PERIOD_MS);
    summaries.delete('a');
    await clock.advance(2 * PERIOD_MS);
    assert.equal(cpuOf(a), 1);
    await clock.advance(2 * PERIOD_MS);
    assert.equal(cpuOf(a), undefined);
    summaries.set('a', summaryOf(2));
    await clock.advance(PERIOD_MS);
    assert.equal(cpuOf(a), 2);
  });

  it('reads off simulated pods what they declare, and asks no kubelet', async () => {
    const simulated = node('s', { [SIMULATOR_LABEL]: 'x' });
    await clock.advance(PERIOD_MS);
    const usage = { cpuNanos: 250_000_000, memoryBytes: 2 ** 20 };
    const figures = scraper.pod(podOn('s'), simulated);
    assert.deepEqual(figures?.containers, [{ name: 'c', usage }]);
    assert.equal(figures?.at, clock.now());
    assert.deepEqual(scraper.node(simulated, () => [podOn('s')])?.usage, usage);
    assert.deepEqual(asked, []);
  });
});
