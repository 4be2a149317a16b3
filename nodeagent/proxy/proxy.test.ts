import assert from 'node:assert/strict';
import { FakeClock, settle } from '../../base/fake-clock.ts';
import { silentLog } from '../../base/log.ts';
import { seededRandom } from '../../base/random.ts';
import { Client } from '../../client/client.ts';
import { FakeApi } from '../../client/fake-api.ts';
import { ENDPOINTS, SERVICES } from '../../client/resources.ts';
import type { V1Endpoints } from '../../openapi/generated/types.ts';
import type { RuleApplier } from './apply.ts';
import { type RunningProxy, startProxy } from './proxy.ts';
import type { ProxyRules } from './rules.ts';
import { endpoints, NODE, service } from './testing/objects.ts';

class FakeApplier implements RuleApplier {
  readonly applied: ProxyRules[] = [];
  readonly full: boolean[] = [];
  readonly forgotten: (readonly string[])[] = [];
  filtered = true;
  intact = true;
  verified = 0;
  failures = 0;
  released = false;
  async prepare(): Promise<void> {
    this.released = false;
  }
  async bridgeTrafficIsFiltered(): Promise<boolean> {
    return this.filtered;
  }
  async apply(rules: ProxyRules, full: boolean): Promise<void> {
    this.full.push(full);
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('the kernel said no');
    }
    this.applied.push(rules);
  }
  async verify(): Promise<boolean> {
    this.verified += 1;
    return this.intact;
  }
  async forgetFlows(flows: readonly (readonly string[])[]): Promise<void> {
    this.forgotten.push(...flows);
  }
  async remove(): Promise<void> {
    this.applied.length = 0;
  }
  release(): void {
    this.released = true;
  }
  /** Endpoints in the rules applied last. */
  get targets(): string[] {
    return (this.applied.at(-1)?.nat.rules ?? []).flatMap((rule) => /--to-destination (\S+)/.exec(rule)?.[1] ?? []);
  }
}

describe('the proxy', () => {
  let clock: FakeClock;
  let api: FakeApi;
  let applier: FakeApplier;
  let proxy: RunningProxy;

  beforeEach(() => {
    clock = new FakeClock();
    api = new FakeApi({ clock, resources: [SERVICES, ENDPOINTS] });
    applier = new FakeApplier();
  });

  afterEach(async () => {
    await proxy.stop();
    assert.equal(applier.released, true);
    assert.equal(clock.timers, 0, 'timers are left');
  });

  async function start(): Promise<void> {
    const client = new Client(api);
    const { signal } = new AbortController();
    proxy = await startProxy({
      client,
      clock,
      random: seededRandom(1),
      log: silentLog,
      signal,
      nodeName: NODE,
      applier,
    });
    await clock.advance(0);
  }

  const setEndpoints = (...addresses: string[]) =>
    api.change<V1Endpoints>(ENDPOINTS, 'b', 'a', (old) => ({ ...old, ...endpointsOf(addresses) }));
  const endpointsOf = (addresses: string[]) => ({ subsets: endpoints('a/b', addresses).subsets ?? [] });

  function createService(): void {
    api.create(SERVICES, 'a', service('a/b', '172.30.0.1'));
    api.create(ENDPOINTS, 'a', endpoints('a/b', ['10.0.0.1']));
  }

  it('writes the first rules once it has seen everything', async () => {
    createService();
    await start();
    await proxy.synced;
    assert.equal(applier.applied.length, 1);
    assert.deepEqual(applier.targets, ['10.0.0.1:80']);
  });

  it('writes rules for a cluster without services, too', async () => {
    await start();
    await proxy.synced;
    assert.equal(applier.applied.length, 1);
  });

  it('applies the first change of a burst at once, and the rest together after 100 ms', async () => {
    createService();
    await start();
    await clock.advance(1000);
    setEndpoints('10.0.0.1', '10.0.0.2');
    await clock.advance(0);
    assert.deepEqual(applier.targets, ['10.0.0.1:80', '10.0.0.2:80']);
    for (let i = 3; i < 10; i++) setEndpoints(`10.0.0.${i}`);
    await clock.advance(99);
    assert.equal(applier.applied.length, 2);
    await clock.advance(1);
    assert.equal(applier.applied.length, 3);
    assert.deepEqual(applier.full, [true, false, false]);
    assert.deepEqual(applier.targets, ['10.0.0.9:80']);
  });

  it('does nothing for a change that alters no rule', async () => {
    createService();
    await start();
    api.change<V1Endpoints>(ENDPOINTS, 'b', 'a', (old) => ({
      ...old,
      metadata: { ...old.metadata, labels: { x: 'y' } },
    }));
    await clock.advance(1000);
    assert.equal(applier.applied.length, 1);
  });

  it('tries again when the kernel refuses', async () => {
    applier.failures = 2;
    createService();
    await start();
    assert.equal(applier.applied.length, 0);
    await clock.advance(1500);
    assert.deepEqual(applier.targets, ['10.0.0.1:80']);
  });

  it('writes everything again when somebody removed it', async () => {
    await start();
    await clock.advance(60_000);
    assert.equal(applier.verified, 1);
    assert.equal(applier.applied.length, 1);
    applier.intact = false;
    await clock.advance(60_000);
    assert.equal(applier.applied.length, 2);
  });

  it('writes everything anew each hour', async () => {
    await start();
    await clock.advance(59 * 60_000);
    assert.equal(applier.applied.length, 1);
    await clock.advance(2 * 60_000);
    assert.deepEqual(applier.full, [true, true]);
  });

  it('masquerades everything where answers would bypass iptables, and notices when that ends', async () => {
    applier.filtered = false;
    createService();
    await start();
    const everything = () =>
      applier.applied.at(-1)?.nat.rules.some((rule) => /--dport 80 -j KUBE-MARK-MASQ$/.test(rule));
    assert.equal(everything(), true);
    applier.filtered = true;
    await clock.advance(60_000);
    assert.equal(everything(), false);
  });

  it('forgets UDP flows of endpoints that are gone', async () => {
    const ports = [{ name: 'dns', port: 53, protocol: 'UDP' }];
    api.create(SERVICES, 'a', service('a/b', '172.30.0.1', { ports }));
    api.create(ENDPOINTS, 'a', endpoints('a/b', ['10.0.0.1'], ports));
    await start();
    applier.forgotten.length = 0;
    api.remove(ENDPOINTS, 'b', 'a');
    await clock.advance(100);
    assert.deepEqual(applier.forgotten, [['-p', 'udp', '--orig-dst', '172.30.0.1', '--dst-nat', '10.0.0.1']]);
  });

  it('stops when its signal aborts', async () => {
    const stopping = new AbortController();
    const client = new Client(api);
    proxy = await startProxy({ client, clock, log: silentLog, signal: stopping.signal, nodeName: NODE, applier });
    stopping.abort();
    await settle();
    await settle();
    assert.equal(applier.released, true);
    assert.equal(api.openWatches, 0);
  });
});
