import assert from 'node:assert/strict';
import { systemClock } from '../../../base/clock.ts';
import type { StorageEvent } from '../interface.ts';
import { bytes, collect, failsWith } from '../suite-support.ts';
import { TestEtcd } from './etcd.fixture.ts';
import { openEtcd } from './etcd.ts';
import { TestLink } from './link.fixture.ts';
import { Load } from './load.fixture.ts';

const open = (servers: string[]) => openEtcd({ servers, clock: systemClock });

describe('etcd that fails', () => {
  it('loses nothing when it is killed and started again under a mixed load', async () => {
    const etcd = await TestEtcd.start();
    const storage = await open(etcd.servers);
    try {
      const load = await Load.on(storage);
      for (let round = 1; round <= 4; round++) {
        await load.grown(150 * round);
        await etcd.kill();
        await etcd.restart();
      }
      await load.grown(750);
      await load.check();
    } finally {
      await storage.close();
      await etcd.stop();
    }
  });

  it('loses nothing when members of three are killed, one after the other', async () => {
    const etcd = await TestEtcd.start({ members: 3 });
    const storage = await open(etcd.servers);
    try {
      const load = await Load.on(storage);
      for (const member of [0, 1, 2]) {
        await load.grown(100 * (member + 1));
        await etcd.kill(member);
        await load.grown(100 * (member + 1) + 50);
        await etcd.restart(member);
      }
      await load.grown(400);
      await load.check();
    } finally {
      await storage.close();
      await etcd.stop();
    }
  });

  it('goes on at another member when one says nothing any more', async () => {
    const etcd = await TestEtcd.start({ members: 3 });
    const links = await Promise.all(etcd.servers.map((url) => TestLink.open(url)));
    const storage = await open(links.map(({ url }) => url));
    try {
      const load = await Load.on(storage);
      await load.grown(50);
      // The first is the one that is used.
      links[0]!.dropRequests = true;
      links[0]!.dropAnswers = true;
      await load.grown(150);
      await load.check();
    } finally {
      await storage.close();
      for (const link of links) await link.close();
      await etcd.stop();
    }
  });

  it('goes on with a watch where its connection broke off, and says so when history has gone', async () => {
    const etcd = await TestEtcd.start();
    const link = await TestLink.open(etcd.servers[0]!);
    const [storage, other] = [await open([link.url]), await open(etcd.servers)];
    try {
      const after = await other.create('/a', bytes('0'));
      let last = after;
      const events: StorageEvent[] = [];
      const watching = collect(storage, '/', after, (all, { revision }) => {
        events.push(...all.slice(events.length));
        return revision < 0;
      });
      const broken = failsWith('Compacted', watching);
      for (let i = 1; i <= 5; i++) {
        last = await other.update('/a', bytes(`${i}`), last);
        while (i % 2 === 1 && events.length < i) await systemClock.sleep(5);
        link.cut();
        link.mend();
      }
      while (events.length < 5) await systemClock.sleep(5);
      assert.deepEqual(
        events.map(({ value }) => value.toString()),
        ['1', '2', '3', '4', '5'],
      );
      link.cut();
      for (let i = 6; i <= 9; i++) last = await other.update('/a', bytes(`${i}`), last);
      await other.compact(last);
      link.mend();
      assert.equal((await broken).revision, last);
      assert.equal(events.length, 5);
    } finally {
      link.mend();
      await storage.close();
      await other.close();
      await link.close();
      await etcd.stop();
    }
  });

  it('is not waited for when it is not there', async () => {
    const opening = openEtcd({ servers: ['http://127.0.0.1:1'], clock: systemClock, patienceMs: 300 });
    await failsWith('Unavailable', opening);
  });
});
