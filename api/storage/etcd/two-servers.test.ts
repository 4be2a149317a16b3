/** Two API servers on one etcd are one API. */
import assert from 'node:assert/strict';
import { systemClock } from '../../../base/clock.ts';
import { silentLog } from '../../../base/log.ts';
import { systemRandom } from '../../../base/random.ts';
import type { V1ConfigMap, V1Service } from '../../../openapi/generated/types.ts';
import type { KubeList } from '../../../openapi/object.ts';
import { isStatus } from '../../../openapi/status.ts';
import type { ApiCall, Transport } from '../../../openapi/transport.ts';
import { ADMIN } from '../../server.fixture.ts';
import { ApiServer } from '../../server.ts';
import { TestEtcd } from './etcd.fixture.ts';
import { openEtcd } from './etcd.ts';
import { TestLink } from './link.fixture.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const SERVICES = '/api/v1/namespaces/default/services';

const map = (name: string, data: Record<string, string> = {}) => ({ metadata: { name }, data });
const service = (name: string, spec: object = {}) => ({ metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } });

async function startOn(url: string): Promise<ApiServer> {
  return ApiServer.start({
    storage: await openEtcd({ servers: [url], clock: systemClock }),
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    tokens: new Map(),
    // 14 addresses, of which the server's own service has one.
    serviceClusterIpRange: '10.96.0.0/28',
    serviceNodePortRange: '30000-30009',
    requireServiceAccounts: false,
    freeze: true,
  });
}

describe('Two API servers on one etcd', () => {
  let etcd: TestEtcd;
  /** On the way to the second server's etcd. */
  let link: TestLink;
  let servers: ApiServer[] = [];
  let one: Transport;
  let two: Transport;

  before(async () => {
    etcd = await TestEtcd.start();
    link = await TestLink.open(etcd.servers[0]!);
    servers = await Promise.all([startOn(etcd.servers[0]!), startOn(link.url)]);
    [one, two] = servers.map((server) => server.direct(ADMIN)) as [Transport, Transport];
    for (const server of servers) await server.settled();
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await link.close();
    await etcd.stop();
  });

  const call = (through: Transport, method: ApiCall['method'], path: string, more: Partial<ApiCall> = {}) =>
    through.call({ method, path, ...more });
  const get = async (through: Transport, path: string) => (await call(through, 'GET', path)) as V1ConfigMap;
  const post = (through: Transport, path: string, body: object) => call(through, 'POST', path, { body });
  const merge = (through: Transport, path: string, body: object) =>
    call(through, 'PATCH', path, { body, contentType: 'application/merge-patch+json' });

  it('show through one what was written through the other, at once', async () => {
    for (let i = 0; i < 50; i++) {
      const [writer, reader] = i % 2 ? [one, two] : [two, one];
      const path = `${MAPS}/seen-${i}`;
      await post(writer, MAPS, map(`seen-${i}`));
      assert.equal((await get(reader, path)).metadata?.name, `seen-${i}`);
      await merge(reader, path, { data: { k: `${i}` } });
      assert.equal((await get(writer, path)).data?.k, `${i}`);
      const { items } = (await call(writer, 'GET', MAPS)) as KubeList<V1ConfigMap>;
      assert.equal(items.find(({ metadata }) => metadata?.name === `seen-${i}`)?.data?.k, `${i}`);
      await call(writer, 'DELETE', path);
      await assert.rejects(get(reader, path), (error) => isStatus(error, 'NotFound'));
    }
  });

  it('refuse nothing because of what they have not seen yet', async () => {
    for (let i = 0; i < 20; i++) {
      const [first, second] = i % 2 ? [one, two] : [two, one];
      await post(first, '/api/v1/namespaces', { metadata: { name: `ns-${i}` } });
      const maps = `/api/v1/namespaces/ns-${i}/configmaps`;
      const made = (await post(second, maps, map('a', { k: '1' }))) as V1ConfigMap;
      const changed = (await call(first, 'PUT', `${maps}/a`, { body: { ...made, data: { k: '2' } } })) as V1ConfigMap;
      // The same as before the change: nothing to write, for whoever has not seen the change.
      await merge(second, `${maps}/a`, { data: { k: '1' } });
      const last = await get(first, `${maps}/a`);
      assert.equal(last.data?.k, '1');
      const outdated = call(second, 'PUT', `${maps}/a`, { body: { ...changed, data: { k: '3' } } });
      await assert.rejects(outdated, (error) => isStatus(error, 'Conflict'));
      await call(first, 'PUT', `${maps}/a`, { body: { ...last, data: { k: '4' } } });
      await call(second, 'DELETE', `${maps}/a`);
    }
  });

  it('lose no update when both change one object', async () => {
    await post(one, MAPS, map('counter'));
    const add = async (through: Transport, i: number) =>
      merge(through, `${MAPS}/counter`, { data: { [`k${i}`]: 'v' } });
    await Promise.all(Array.from({ length: 60 }, (_, i) => add(i % 2 ? one : two, i)));
    for (const through of [one, two]) {
      assert.equal(Object.keys((await get(through, `${MAPS}/counter`)).data ?? {}).length, 60);
    }
  });

  it('show watchers the same events in the same order', async () => {
    const { metadata } = (await call(one, 'GET', MAPS)) as KubeList<V1ConfigMap>;
    const query = { watch: 'true', resourceVersion: metadata?.resourceVersion ?? '' };
    const watches = [one, two].map((through) => follow(through.watch({ method: 'GET', path: MAPS, query }), 120));
    const churn = async (through: Transport, i: number) => {
      await post(through, MAPS, map(`w-${i}`));
      await merge(through, `${MAPS}/w-${i}`, { data: { k: 'v' } });
      await call(through, 'DELETE', `${MAPS}/w-${i}`);
    };
    await Promise.all(Array.from({ length: 40 }, (_, i) => churn(i % 2 ? one : two, i)));
    const [first, second] = await Promise.all(watches);
    assert.deepEqual(first, second);
  });

  it('answer reads of the latest only with the latest, and those of any version without asking', async () => {
    await post(one, MAPS, map('latest'));
    await get(two, `${MAPS}/latest`);
    link.dropAnswers = true;
    try {
      const any = await call(two, 'GET', `${MAPS}/latest`, { query: { resourceVersion: '0' } });
      assert.equal((any as V1ConfigMap).data?.k, undefined);
      await merge(one, `${MAPS}/latest`, { data: { k: 'v' } });
      const latest = get(two, `${MAPS}/latest`);
      const stillOld = await call(two, 'GET', `${MAPS}/latest`, { query: { resourceVersion: '0' } });
      assert.equal((stillOld as V1ConfigMap).data?.k, undefined);
      link.cut();
      link.mend();
      assert.equal((await latest).data?.k, 'v');
    } finally {
      link.mend();
    }
  });

  it('never hand out one address or port twice', async () => {
    const made = await Promise.all(
      Array.from({ length: 10 }, (_, i) => post(i % 2 ? one : two, SERVICES, service(`s-${i}`, { type: 'NodePort' }))),
    );
    const specs = made.map((each) => (each as V1Service).spec);
    assert.equal(new Set(specs.map((spec) => spec?.clusterIP)).size, 10);
    assert.equal(new Set(specs.map((spec) => spec?.ports?.[0]?.nodePort)).size, 10);
    const full = post(one, SERVICES, service('late', { type: 'NodePort' }));
    await assert.rejects(full, /range is full/);
    const taken = post(two, SERVICES, service('late', { clusterIP: specs[1]?.clusterIP }));
    await assert.rejects(taken, /provided IP is already allocated/);
    for (let i = 0; i < 10; i++) await call(i % 2 ? two : one, 'DELETE', `${SERVICES}/s-${i}`);
    for (const [i, spec] of specs.entries()) {
      const wanted = { type: 'NodePort', clusterIP: spec?.clusterIP, ports: spec?.ports };
      await post(i % 2 ? two : one, SERVICES, service(`again-${i}`, wanted));
    }
    for (let i = 0; i < 10; i++) await call(one, 'DELETE', `${SERVICES}/again-${i}`);
  });
});

/** `ADDED a@3`, until there are so many. */
async function follow(events: ReturnType<Transport['watch']>, count: number): Promise<string[]> {
  const seen: string[] = [];
  for await (const { type, object } of events) {
    if (type !== 'BOOKMARK') seen.push(`${type} ${object.metadata?.name}@${object.metadata?.resourceVersion}`);
    if (seen.length === count) break;
  }
  return seen;
}
