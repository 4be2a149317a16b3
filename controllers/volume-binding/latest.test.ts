import assert from 'node:assert/strict';
import { FakeClock, settle } from '../../base/fake-clock.ts';
import { silentLog } from '../../base/log.ts';
import { seededRandom } from '../../base/random.ts';
import { Client } from '../../client/client.ts';
import { FakeApi } from '../../client/fake-api.ts';
import { Informer } from '../../client/informer.ts';
import { PERSISTENT_VOLUMES } from '../../client/resources.ts';
import type { V1PersistentVolume } from '../../openapi/generated/types.ts';
import { Latest } from './latest.ts';
import { volume } from './testing.ts';

describe('Latest', () => {
  const abort = new AbortController();
  const api = new FakeApi({ clock: new FakeClock(), resources: [PERSISTENT_VOLUMES] });
  const client = new Client(api).resource<V1PersistentVolume>(PERSISTENT_VOLUMES);
  const informer = new Informer<V1PersistentVolume>(client, {
    clock: new FakeClock(),
    random: seededRandom(1),
    log: silentLog,
  });
  const latest = new Latest(informer);
  let running: Promise<void>;
  const phase = () => latest.get('v')?.status?.phase;
  /** Writes while nobody is told of it. */
  const write = async (phase: string) => client.updateStatus({ ...(await client.get('v')), status: { phase } });

  before(async () => {
    api.create(PERSISTENT_VOLUMES, undefined, volume('v'));
    running = informer.run(abort.signal);
    await informer.synced();
  });
  after(async () => {
    abort.abort();
    await running;
  });

  it('knows what was written before the watch tells of it, and not after', async () => {
    const written = await write('Bound');
    latest.store(written);
    assert.equal(phase(), 'Bound');
    await settle();
    assert.deepEqual([...latest.written()], []);
    await write('Released');
    await settle();
    assert.equal(phase(), 'Released');
    // An answer that comes late is older than what was seen since.
    latest.store(written);
    assert.equal(phase(), 'Released');
  });

  it('does not hold on to what was deleted meanwhile', async () => {
    const written = await write('Bound');
    api.remove(PERSISTENT_VOLUMES, 'v');
    latest.store(written);
    await settle();
    assert.equal(latest.get('v'), undefined);
    latest.store(written);
    assert.equal(latest.get('v'), undefined);
  });
});
