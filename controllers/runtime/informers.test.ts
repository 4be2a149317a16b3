import assert from 'node:assert/strict';
import { FakeClock, settle } from '../../base/fake-clock.ts';
import { silentLog } from '../../base/log.ts';
import { seededRandom } from '../../base/random.ts';
import { Client } from '../../client/client.ts';
import { FakeApi } from '../../client/fake-api.ts';
import { CONFIG_MAPS, PODS } from '../../client/resources.ts';
import { InformerFactory } from './informers.ts';

describe('InformerFactory', () => {
  const factory = () => {
    const clock = new FakeClock();
    const api = new FakeApi({ clock, resources: [PODS, CONFIG_MAPS] });
    const informers = new InformerFactory({ client: new Client(api), clock, random: seededRandom(1), log: silentLog });
    return { api, informers };
  };

  it('follows what is asked for before it runs and after, each resource once', async () => {
    const { api, informers } = factory();
    const stop = new AbortController();
    informers.of(PODS);
    const running = informers.run(stop.signal);
    assert.equal(informers.of(PODS), informers.of(PODS));
    await informers.of(CONFIG_MAPS).synced();
    assert.deepEqual(
      api.calls.filter(({ query }) => !query?.watch).map(({ path }) => path),
      ['/api/v1/pods', '/api/v1/configmaps'],
    );
    stop.abort();
    await running;
  });

  it('starts nothing for who asks when all has ended', async () => {
    const { api, informers } = factory();
    const stop = new AbortController();
    const running = informers.run(stop.signal);
    stop.abort();
    informers.of(PODS);
    await running;
    informers.of(CONFIG_MAPS);
    await settle();
    assert.deepEqual(api.calls, []);
  });
});
