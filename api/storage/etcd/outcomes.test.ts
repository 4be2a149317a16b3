import assert from 'node:assert/strict';
import { systemClock } from '../../../base/clock.ts';
import { bytes, collectUntil, describeEvent, failsWith } from '../suite-support.ts';
import { TestEtcd } from './etcd.fixture.ts';
import { type EtcdStorage, openEtcd } from './etcd.ts';
import { TestLink } from './link.fixture.ts';

describe('A write to etcd whose answer is lost', () => {
  let etcd: TestEtcd;
  let link: TestLink;
  /** Goes over the link. */
  let storage: EtcdStorage;
  /** Another server, with a connection of its own. */
  let other: EtcdStorage;
  let prefix = '';
  let tests = 0;

  before(async () => {
    etcd = await TestEtcd.start();
  });
  after(() => etcd.stop());

  beforeEach(async () => {
    link = await TestLink.open(etcd.servers[0]!);
    storage = await openEtcd({ servers: [link.url], clock: systemClock, patienceMs: 1_500 });
    other = await openEtcd({ servers: etcd.servers, clock: systemClock });
    prefix = `/registry/t${tests++}`;
  });
  afterEach(async () => {
    link.mend();
    await storage.close();
    await other.close();
    await link.close();
  });

  /** Resolves when the other server sees the key as `wanted` says. */
  async function seen(key: string, wanted: (value: string | undefined) => boolean): Promise<void> {
    while (!wanted((await other.get(key)).item?.value.toString())) await systemClock.sleep(5);
  }

  function reconnect(): void {
    link.cut();
    link.mend();
  }

  it('is answered with its revision when it was made', async () => {
    const key = `${prefix}/a`;
    link.dropAnswers = true;
    const created = storage.create(key, bytes('1'));
    await seen(key, (value) => value === '1');
    reconnect();
    const first = await created;
    assert.equal((await other.get(key)).item?.modRevision, first);

    link.dropAnswers = true;
    const updated = storage.update(key, bytes('2'), first);
    await seen(key, (value) => value === '2');
    reconnect();
    const second = await updated;
    assert.equal((await other.get(key)).item?.modRevision, second);

    link.dropAnswers = true;
    const deleted = storage.delete(key, second);
    await seen(key, (value) => value === undefined);
    reconnect();
    const third = await deleted;
    assert.deepEqual((await collectUntil(other, prefix, first - 1, third)).map(describeEvent), [
      `put ${key}@${first}=1`,
      `put ${key}@${second}=2<1@${first}`,
      `delete ${key}@${third}<2@${second}`,
    ]);
  });

  it('is made, once, when it had not arrived', async () => {
    const key = `${prefix}/a`;
    const before = await other.revision();
    link.dropRequests = true;
    const created = storage.create(key, bytes('1'));
    await systemClock.sleep(50);
    reconnect();
    const revision = await created;
    link.dropRequests = true;
    const updated = storage.update(key, bytes('2'), revision);
    await systemClock.sleep(50);
    reconnect();
    const events = await collectUntil(other, prefix, before, await updated);
    assert.deepEqual(
      events.map(({ value }) => value.toString()),
      ['1', '2'],
    );
  });

  it('does not bring back what somebody has deleted meanwhile', async () => {
    const key = `${prefix}/a`;
    link.dropAnswers = true;
    const created = storage.create(key, bytes('1'));
    await seen(key, (value) => value === '1');
    const { item } = await other.get(key);
    await other.delete(key, item?.modRevision ?? 0);
    reconnect();
    assert.equal(await created, item?.modRevision);
    assert.equal((await other.get(key)).item, undefined);
  });

  it('counts as made when others have written over it', async () => {
    const key = `${prefix}/a`;
    const first = await other.create(key, bytes('1'));
    link.dropAnswers = true;
    const updated = storage.update(key, bytes('2'), first);
    await seen(key, (value) => value === '2');
    const second = (await other.get(key)).item?.modRevision ?? 0;
    await other.update(key, bytes('3'), second);
    reconnect();
    assert.equal(await updated, second);
    assert.equal((await other.get(key)).item?.value.toString(), '3');
  });

  it('is a conflict when it had not arrived and another came first', async () => {
    const [updating, creating] = [`${prefix}/a`, `${prefix}/b`];
    const first = await other.create(updating, bytes('1'));
    link.dropRequests = true;
    const writes = [storage.update(updating, bytes('2'), first), storage.create(creating, bytes('2'))] as const;
    const refused = Promise.all([failsWith('Conflict', writes[0]), failsWith('Exists', writes[1])]);
    await systemClock.sleep(50);
    const second = await other.update(updating, bytes('3'), first);
    await other.create(creating, bytes('3'));
    reconnect();
    assert.equal((await refused)[0].revision, second);
  });

  it('is not taken for the like of another server, which did the same first', async () => {
    const [updating, deleting, creating] = [`${prefix}/a`, `${prefix}/b`, `${prefix}/c`];
    const revisions = [await other.create(updating, bytes('1')), await other.create(deleting, bytes('1'))] as const;
    link.dropRequests = true;
    const refused = Promise.all([
      failsWith('Conflict', storage.update(updating, bytes('2'), revisions[0])),
      failsWith('NotFound', storage.delete(deleting, revisions[1])),
      failsWith('Exists', storage.create(creating, bytes('2'))),
    ]);
    await systemClock.sleep(50);
    await other.update(updating, bytes('2'), revisions[0]);
    await other.delete(deleting, revisions[1]);
    await other.create(creating, bytes('2'));
    reconnect();
    await refused;
  });

  it('is not taken for the like of a server that leaves no receipts', async () => {
    const key = `${prefix}/a`;
    const first = await storage.create(key, bytes('1'));
    const { Etcd3 } = await import('etcd3');
    const real = new Etcd3({ hosts: etcd.servers });
    try {
      link.dropRequests = true;
      const refused = failsWith('NotFound', storage.delete(key, first));
      await systemClock.sleep(50);
      await real.delete().key(key);
      reconnect();
      await refused;
    } finally {
      real.close();
    }
  });

  it('leaves two keys behind, outside of what anybody looks at', async () => {
    const { Etcd3 } = await import('etcd3');
    const real = new Etcd3({ hosts: etcd.servers });
    try {
      link.dropAnswers = true;
      const created = storage.create(`${prefix}/a`, bytes('1'));
      await seen(`${prefix}/a`, (value) => value === '1');
      reconnect();
      await other.delete(`${prefix}/a`, await created);
      const keys = (await real.getAll().keys()).filter((key) => !key.startsWith('/registry/'));
      assert.deepEqual(keys, ['\0kubets/receipt', 'kubets/fence']);
      const { items } = await other.list('');
      assert.ok(items.every(({ key }) => !key.includes('receipt')));
    } finally {
      real.close();
    }
  });

  it('is of unknown outcome when nobody can tell in time, and of none when nothing was sent', async () => {
    link.dropAnswers = true;
    const created = storage.create(`${prefix}/a`, bytes('1'));
    await seen(`${prefix}/a`, (value) => value === '1');
    link.cut();
    await failsWith('Timeout', created);
    await failsWith('Unavailable', storage.create(`${prefix}/b`, bytes('1')));
    assert.equal((await other.get(`${prefix}/b`)).item, undefined);
  });
});
