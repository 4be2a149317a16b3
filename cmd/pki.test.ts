import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { FakeClock } from '../base/fake-clock.ts';
import { systemRandom } from '../base/random.ts';
import { loadPki } from './pki.ts';

describe('loadPki', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubets-pki-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const load = (hosts: string[], clock = systemClock) =>
    loadPki({ folder, hosts, nodeHosts: ['127.0.0.1'], clock, random: systemRandom });

  it('signs what servers and clients show with one CA, for the names given', async () => {
    const pki = await load(['127.0.0.1', 'localhost']);
    const ca = new X509Certificate(pki.ca.cert);
    const server = new X509Certificate(pki.apiserver.cert);
    assert.ok(ca.ca && server.verify(ca.publicKey));
    assert.equal(server.checkIP('127.0.0.1'), '127.0.0.1');
    assert.equal(server.checkHost('localhost'), 'localhost');
    assert.equal(server.checkIP('10.0.0.1'), undefined);
    assert.match(new X509Certificate(pki.apiserverKubeletClient.cert).subject, /CN=kube-apiserver-kubelet-client/);
  });

  it('keeps them, with modes that shut others out', async () => {
    const first = await load(['127.0.0.1']);
    const second = await load(['127.0.0.1']);
    assert.deepEqual(second, first);
    for (const name of await readdir(folder)) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name);
  });

  it('keeps the key that signs the tokens of service accounts', async () => {
    const { serviceAccountKey } = await load(['127.0.0.1']);
    assert.equal(createPrivateKey(serviceAccountKey).asymmetricKeyType, 'ec');
    assert.deepEqual((await load(['127.0.0.1', 'example.test'])).serviceAccountKey, serviceAccountKey);
  });

  it('makes a certificate again for a new name, by the same CA', async () => {
    const first = await load(['127.0.0.1']);
    const second = await load(['127.0.0.1', 'example.test']);
    assert.deepEqual(second.ca, first.ca);
    assert.notDeepEqual(second.apiserver, first.apiserver);
    assert.deepEqual(second.kubelet, first.kubelet);
  });

  it('makes it again when it is about to expire', async () => {
    const first = await load(['127.0.0.1']);
    const later = await load(['127.0.0.1'], new FakeClock(systemClock.now() + 340 * 86_400_000));
    assert.deepEqual(later.ca, first.ca);
    assert.notDeepEqual(later.apiserver, first.apiserver);
  });
});
