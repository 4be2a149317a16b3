import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../base/clock.ts';
import { encodeProtobuf } from '../../../openapi/protobuf-codec.ts';
import { makeCertificates } from '../../http/wire.fixture.ts';
import { bytes, collectUntil, failsWith } from '../suite-support.ts';
import { TestEtcd } from './etcd.fixture.ts';
import { type EtcdOptions, openEtcd } from './etcd.ts';
import { jsonOfProtobuf } from './protobuf.ts';

describe('etcd and how it is used', () => {
  let etcd: TestEtcd;
  before(async () => {
    etcd = await TestEtcd.start();
  });
  after(() => etcd.stop());

  const open = (options: Partial<EtcdOptions> = {}) =>
    openEtcd({ servers: etcd.servers, clock: systemClock, ...options });

  it('has the keys of a cluster under its prefix, and shows it those only', async () => {
    const [mine, other, whole] = [await open({ prefix: '/a/mine/' }), await open({ prefix: '/a' }), await open()];
    try {
      const key = '/registry/pods/default/web';
      const first = await mine.create(key, bytes('mine'));
      const events = collectUntil(mine, '/registry/', first - 1, first + 2);
      await other.create(key, bytes('other'));
      await mine.update(key, bytes('mine too'), first);
      assert.deepEqual(
        (await whole.list('/a/')).items.map((item) => `${item.key}=${item.value}`),
        ['/a/mine/pods/default/web=mine too', '/a/pods/default/web=other'],
      );
      assert.deepEqual(
        (await mine.list('/registry/')).items.map((item) => `${item.key}=${item.value}`),
        [`${key}=mine too`],
      );
      assert.deepEqual(
        (await events).map((event) => `${event.key}=${event.value}`),
        [`${key}=mine`, `${key}=mine too`],
      );
      await assert.rejects(mine.create('/elsewhere', bytes('')), RangeError);
      await assert.rejects(open({ prefix: 'registry' }), /a prefix begins with/);
    } finally {
      for (const storage of [mine, other, whole]) await storage.close();
    }
  });

  it('shows as JSON what a real server wrote as protobuf', async () => {
    const storage = await open({ decode: jsonOfProtobuf });
    try {
      const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a', namespace: 'b' }, data: { k: 'v' } };
      const revision = await storage.create('/registry/configmaps/b/a', encodeProtobuf(object));
      const { item } = await storage.get('/registry/configmaps/b/a');
      assert.deepEqual(JSON.parse(String(item?.value)), object);
      const [event] = await collectUntil(storage, '/registry/configmaps/', revision - 1, revision);
      assert.deepEqual(JSON.parse(String(event?.value)), object);
      const unknown = Buffer.from('k8s\0 of another time');
      await storage.create('/registry/unknown', unknown);
      assert.deepEqual((await storage.get('/registry/unknown')).item?.value, unknown);
    } finally {
      await storage.close();
    }
  });

  it('is compacted by one of several servers at a time, up to where it was a turn ago', async () => {
    const compactionMs = 150;
    const servers = await Promise.all([open({ compactionMs }), open({ compactionMs }), open()]);
    const [first, , reader] = servers;
    try {
      const started = await first.create('/turns/0', bytes(''));
      const turns = async () => Number((await reader.get('compact_rev_key')).item?.value ?? 0);
      const compactedFrom = async () => {
        const failed = await reader.list('/', { revision: 2 }).then(
          () => undefined,
          (error: Error) => error,
        );
        return failed && 'revision' in failed ? Number(failed.revision) : 0;
      };
      while ((await compactedFrom()) < started) await systemClock.sleep(20);
      const [compacted, named] = [await compactedFrom(), await turns()];
      assert.ok(compacted <= named, `compacted up to ${compacted}, where ${named} was named`);
      // Nothing else writes: every revision since is a turn, and servers that both took each would have made twice as many.
      const [before, at] = [await reader.revision(), systemClock.monotonic()];
      while ((await reader.revision()) < before + 4) await systemClock.sleep(20);
      assert.ok(systemClock.monotonic() - at > 2.5 * compactionMs, 'one turn an interval');
    } finally {
      for (const storage of servers) await storage.close();
    }
  });

  it('refuses what is too large for it, and goes on', async () => {
    const storage = await open();
    try {
      await failsWith('TooLarge', storage.create('/registry/large', Buffer.alloc(2_500_000, 'x')));
      assert.ok((await storage.create('/registry/small', bytes('x'))) > 0);
    } finally {
      await storage.close();
    }
  });
});

describe('etcd over TLS', () => {
  it('lets in who shows a certificate of its CA, and is let down by nobody else', async () => {
    const { ca, server, client, stranger } = await makeCertificates();
    const directory = await mkdtemp(join(tmpdir(), 'kubets-etcd-tls-'));
    const files = { 'ca.crt': ca, 'server.crt': server.cert, 'server.key': server.key };
    for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
    const flags = [
      `--trusted-ca-file=${join(directory, 'ca.crt')}`,
      `--cert-file=${join(directory, 'server.crt')}`,
      `--key-file=${join(directory, 'server.key')}`,
      '--client-cert-auth',
    ];
    const etcd = await TestEtcd.start({ scheme: 'https', flags });
    const open = (tls: EtcdOptions['tls']) =>
      openEtcd({ servers: etcd.servers, clock: systemClock, patienceMs: 500, ...(tls ? { tls } : {}) });
    try {
      const storage = await open({ ca, ...client });
      assert.ok((await storage.create('/registry/a', bytes('1'))) > 0);
      await storage.close();
      await failsWith('Unavailable', open({ ca, ...stranger }));
      await failsWith('Unavailable', open({ ca }));
      await failsWith('Unavailable', open(client));
    } finally {
      await etcd.stop();
      await rm(directory, { recursive: true });
    }
  });
});

describe('etcd with authentication', () => {
  it('lets in who has a password, and shows what its role may read', async () => {
    const etcd = await TestEtcd.start();
    const { Etcd3 } = await import('etcd3');
    const root = new Etcd3({ hosts: etcd.servers });
    const open = (auth: EtcdOptions['auth']) =>
      openEtcd({ servers: etcd.servers, clock: systemClock, patienceMs: 500, ...(auth ? { auth } : {}) });
    try {
      await root.user('root').create('secret');
      await root.user('root').addRole('root');
      await root.auth.authEnable();
      const storage = await open({ username: 'root', password: 'secret' });
      const revision = await storage.create('/registry/a', bytes('1'));
      assert.equal((await collectUntil(storage, '/registry/', revision - 1, revision)).length, 1);
      await storage.close();
      await failsWith('Unavailable', open({ username: 'root', password: 'wrong' }));
      await failsWith('Unavailable', open(undefined));
    } finally {
      root.close();
      await etcd.stop();
    }
  });
});
