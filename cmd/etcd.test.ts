import assert from 'node:assert/strict';
import { Command } from 'commander';
import { type EtcdFlags, etcdSettings, withEtcdFlags } from './etcd.ts';

const parsed = (...flags: string[]) =>
  withEtcdFlags(new Command().exitOverride()).parse(flags, { from: 'user' }).opts<EtcdFlags>();

describe('the flags for etcd', () => {
  it('name servers, with a port and a user each, and upstream defaults for the rest', async () => {
    assert.equal(await etcdSettings(parsed()), undefined);
    assert.deepEqual(await etcdSettings(parsed('--etcd-servers', 'http://10.0.0.1:2379,http://10.0.0.2:2380')), {
      servers: ['http://10.0.0.1:2379', 'http://10.0.0.2:2380'],
      prefix: '/registry',
      compactionMs: 300_000,
    });
    const flags = ['--etcd-servers=https://me:a%20b@etcd', '--etcd-prefix=/k', '--etcd-compaction-interval=90s'];
    assert.deepEqual(await etcdSettings(parsed(...flags)), {
      servers: ['https://etcd:443'],
      prefix: '/k',
      auth: { username: 'me', password: 'a b' },
      compactionMs: 90_000,
    });
  });

  it('are refused when they name no address, no file and no time', async () => {
    for (const server of ['127.0.0.1:2379', 'ftp://host:1', 'http://a:1,']) {
      await assert.rejects(etcdSettings(parsed('--etcd-servers', server)), /an address is written as/);
    }
    const file = ['--etcd-servers', 'https://a:1', '--etcd-cafile', '/none/ca.crt'];
    await assert.rejects(etcdSettings(parsed(...file)), { code: 'ENOENT' });
    assert.throws(() => parsed('--etcd-compaction-interval', 'soon'), /write it as 5m or 90s/);
  });
});
