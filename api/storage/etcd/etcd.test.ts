import { systemClock } from '../../../base/clock.ts';
import { runStorageSuite } from '../suite.ts';
import { FromNow, TestEtcd } from './etcd.fixture.ts';
import { type EtcdStorage, openEtcd } from './etcd.ts';

for (const members of [1, 3]) {
  describe(`etcd with ${members === 1 ? 'one member' : `${members} members`}`, () => {
    let etcd: TestEtcd;
    before(async () => {
      etcd = await TestEtcd.start({ members });
    });
    after(() => etcd.stop());

    runStorageSuite(`etcd (${members})`, async () => {
      const opened: EtcdStorage[] = [];
      const open = async () => {
        const storage = await openEtcd({ servers: etcd.servers, clock: systemClock });
        opened.push(storage);
        return storage;
      };
      const storage = await open();
      await empty(storage);
      const base = await storage.revision();
      const reopen = async () => new FromNow(await open(), base);
      const cleanup = async () => {
        for (const each of opened) await each.close();
      };
      return { storage: new FromNow(storage, base), reopen, cleanup };
    });
  });
}

async function empty(storage: EtcdStorage): Promise<void> {
  const { items } = await storage.list('');
  await Promise.all(items.map(({ key, modRevision }) => storage.delete(key, modRevision)));
}
