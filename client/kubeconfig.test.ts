import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { optionsFromKubeconfig, transportFromKubeconfig } from './kubeconfig.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

function kubeconfig(cluster: object, user: object): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
  });
}

describe('kubeconfig', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
    // Loading client-node takes its time, and is not what the tests are about.
    await import('@kubernetes/client-node');
  });
  after(() => rm(folder, { recursive: true }));

  async function optionsOf(text: string) {
    const path = join(folder, 'config');
    await writeFile(path, text);
    return optionsFromKubeconfig(path, 'agent');
  }

  it('reads the server, its authority and a token', async () => {
    const server = 'https://127.0.0.1:1';
    const options = await optionsOf(kubeconfig({ server, 'certificate-authority-data': base64('CA') }, { token: 't' }));
    assert.equal(options.server, server);
    assert.equal(String(options.ca), 'CA');
    assert.deepEqual(options.headers, { authorization: 'Bearer t' });
    assert.equal(options.userAgent, 'agent');
    assert.equal(options.insecureSkipTlsVerify, undefined);
  });

  it('reads a client certificate, a server name and the wish not to verify', async () => {
    const cluster = { server: 'https://h', 'insecure-skip-tls-verify': true, 'tls-server-name': 'other' };
    const user = { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') };
    const options = await optionsOf(kubeconfig(cluster, user));
    assert.deepEqual([String(options.cert), String(options.key)], ['CERT', 'KEY']);
    assert.equal(options.insecureSkipTlsVerify, true);
    assert.equal(options.tlsServerName, 'other');
  });

  it('reads a name and a password', async () => {
    const options = await optionsOf(kubeconfig({ server: 'https://h' }, { username: 'me', password: 'pw' }));
    assert.deepEqual(options.headers, { authorization: `Basic ${base64('me:pw')}` });
  });

  it('refuses a kubeconfig without a cluster, and a file that is not there', async () => {
    const text = JSON.stringify({ apiVersion: 'v1', kind: 'Config', 'current-context': 'nowhere' });
    await assert.rejects(optionsOf(text), /"nowhere" names no cluster/);
    await assert.rejects(transportFromKubeconfig(join(folder, 'absent')), /ENOENT/);
  });
});
