import assert from 'node:assert/strict';
import { FakeClock } from '../../../base/fake-clock.ts';
import { silentLog } from '../../../base/log.ts';
import type { V1Service } from '../../../openapi/generated/types.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { MemoryStorage } from '../../storage/memory.ts';
import { encodeStored, WatchCache } from '../../storage/watch-cache.ts';
import { Claims } from './claims.ts';

const service = (name: string, clusterIP: string): V1Service => ({
  kind: 'Service',
  metadata: { name, uid: `uid-of-${name}` },
  spec: { clusterIP },
});
const keyOf = ({ metadata }: KubeObject) => `/registry/services/${metadata?.name}`;
const claimsOf = ({ spec }: V1Service) => (spec?.clusterIP ? [`ips/${spec.clusterIP}`] : []);

describe('Claims', () => {
  const clock = new FakeClock();
  let storage: MemoryStorage & { shared: boolean };
  let cache: WatchCache;
  let claims: Claims;

  beforeEach(async () => {
    storage = Object.assign(new MemoryStorage(), { shared: true });
    cache = await WatchCache.start({ storage, clock, log: silentLog, resources: [] });
    claims = new Claims({ storage, cache, clock, claimsOf, keyOf });
  });
  afterEach(async () => {
    await cache.stop();
    await storage.close();
  });

  const store = (object: V1Service) => storage.create(keyOf(object), encodeStored(object));

  it('are of one object, until it gives them back', async () => {
    const [a, b] = [service('a', '10.0.0.1'), service('b', '10.0.0.1')];
    assert.equal(await claims.take(a, undefined), undefined);
    assert.equal(await claims.take(a, undefined), undefined, 'what it has it may claim again');
    assert.equal(await claims.take(b, undefined), 'ips/10.0.0.1');
    await claims.release(b);
    assert.equal(await claims.take(b, undefined), 'ips/10.0.0.1', 'nobody gives back what another has');
    await claims.release(a);
    assert.equal(await claims.take(b, undefined), undefined);
  });

  it('are taken all or none', async () => {
    const both = new Claims({ storage, cache, clock, keyOf, claimsOf: () => ['ports/1', 'ips/10.0.0.1'] });
    await claims.take(service('a', '10.0.0.1'), undefined);
    assert.equal(await both.take(service('b', ''), undefined), 'ips/10.0.0.1');
    const port = new Claims({ storage, cache, clock, keyOf, claimsOf: () => ['ports/1'] });
    assert.equal(await port.take(service('c', ''), undefined), undefined);
  });

  it('of an object that was never written fall to the next who asks, after a while', async () => {
    const [dead, live] = [service('dead', '10.0.0.1'), service('live', '10.0.0.2')];
    await claims.take(dead, undefined);
    await claims.take(live, undefined);
    await store(live);
    assert.equal(await claims.take(service('b', '10.0.0.1'), undefined), 'ips/10.0.0.1');
    await clock.advance(60_001);
    assert.equal(await claims.take(service('b', '10.0.0.1'), undefined), undefined);
    assert.equal(await claims.take(service('c', '10.0.0.2'), undefined), 'ips/10.0.0.2');
  });

  it('stay with an object that holds them by now, whoever fails to give it the same', async () => {
    const a = service('a', '10.0.0.1');
    await claims.take(a, undefined);
    await store(a);
    await claims.release(a, service('a', ''));
    assert.equal(await claims.take(service('b', '10.0.0.1'), undefined), 'ips/10.0.0.1');
  });
});
